"""What goes wrong, as the operator's log has it."""

import pytest

from bnviz.store import Problem
from bnviz.ui.errors import explain


def test_the_log_gets_no_terminal_codes(caplog: pytest.LogCaptureFixture) -> None:
    """An address names a run by anything at all."""
    explain(Problem("run_gone", {"run": "\x1b]0;mine\x07"}))
    assert "\ufffd]0;mine\ufffd" in caplog.text and "\x1b" not in caplog.text
