"""The last release's links open the same pages with the same settings, and without a notice."""

import shutil
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.pages.conftest import OpenApp
from tests.pages.test_pages import widgets

KEPT = Path(__file__).parents[1] / "fixtures" / "last_release"

#: These are no widget's key: the open tab, and a run that the page looks up.
ELSEWHERE = {"section", "run"}


@pytest.fixture
def old_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(KEPT / "history.sqlite", tmp_path)
    monkeypatch.setenv("BNVIZ_HOME", str(tmp_path))


@pytest.mark.usefixtures("old_history")
@pytest.mark.parametrize("link", (KEPT / "links.txt").read_text().splitlines())
def test_an_old_link_opens_as_it_was(link: str, open_app: OpenApp) -> None:
    parts = urlsplit(link)
    query = dict(parse_qsl(parts.query))
    app = open_app(parts.path or "home", **query)
    assert not app.exception and not app.error and not app.toast
    shown = {widget.key: str(widget.value) for widget in widgets(app)}
    for key in query.keys() - ELSEWHERE:
        assert asked(shown[key]) == asked(query[key]), key


def asked(text: str) -> object:
    """A value as the address or a widget writes it: 2 and 2.0 are one number, True and true one."""
    try:
        return float(text)
    except ValueError:
        return text.lower()
