"""What a person is told when something fails: what was foreseen by its sentence, else its kind."""

import logging

import pytest
from pydantic import ValidationError

from bnviz.core.configs import NetworkConfig, TrainConfig
from bnviz.store.errors import Problem
from bnviz.texts.catalogue import sentence
from bnviz.ui import errors


def impossible() -> ValidationError:
    """Groups that do not divide a width, by core's own rule."""
    with pytest.raises(ValidationError) as refused:
        TrainConfig(network=NetworkConfig(norm="group", width=8, groups=3))
    return refused.value


def of_no_rule() -> ValidationError:
    with pytest.raises(ValidationError) as refused:
        NetworkConfig(width=-1)
    return refused.value


GONE = Problem("table_gone", {"digest": "a*b"})
UNFORESEEN = {"name": "ValidationError"}


@pytest.mark.parametrize(
    ("error", "told", "level"),
    [
        (GONE, sentence("en", "problem.table_gone", digest="a\\*b"), logging.WARNING),
        (of_no_rule(), sentence("en", "problem.unforeseen", **UNFORESEEN), logging.ERROR),
        (KeyError("x"), sentence("en", "problem.unforeseen", name="KeyError"), logging.ERROR),
        (impossible(), sentence("en", "problem.unequal_groups", groups=3, width=8), None),
    ],
    ids=["problem", "no rule", "unforeseen", "rule"],
)
def test_explain(
    error: Exception,
    told: str,
    level: int | None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    said: list[str] = []
    monkeypatch.setattr("bnviz.ui.errors.st.error", lambda text, icon: said.append(text))
    assert errors.explain(error) is True
    assert said == [told]
    ours = [each for each in caplog.records if each.name == errors.__name__]
    assert [each.levelno for each in ours] == ([level] if level else [])
    assert bool(ours and ours[0].exc_info) == (level == logging.ERROR)


def test_the_log_gets_no_terminal_codes(caplog: pytest.LogCaptureFixture) -> None:
    """An address names a run by anything at all."""
    errors.explain(Problem("run_gone", {"run": "\x1b]0;mine\x07"}))
    assert "\ufffd]0;mine\ufffd" in caplog.text and "\x1b" not in caplog.text
