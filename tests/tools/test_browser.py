import os
from pathlib import Path

import pytest

from tools import browser

pytestmark = pytest.mark.skipif(os.name != "posix", reason="stands shell scripts in for browsers")


@pytest.fixture(autouse=True)
def nothing_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "MEMORY", tmp_path / "memory")


def program(path: Path, prints: str) -> str:
    path.write_text(f"#!/bin/sh\necho '{prints}'\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_the_named_one_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = program(tmp_path / "named", "<html></html>")
    monkeypatch.setenv("BNVIZ_BROWSER", named)
    assert browser.find() == named
    assert browser.get() == named
    assert browser.MEMORY.read_text(encoding="utf-8") == named


def test_a_stub_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Ubuntu, where chromium-browser only says how to install it."""
    monkeypatch.delenv("BNVIZ_BROWSER", raising=False)
    program(tmp_path / "chromium", "install me with snap")
    good = program(tmp_path / "microsoft-edge", "<html></html>")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(browser, "COMMANDS", ("chromium", "microsoft-edge"))
    assert browser.find() == good


def test_a_remembered_one_that_is_gone_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BNVIZ_BROWSER", raising=False)
    browser.MEMORY.write_text(str(tmp_path / "gone"), encoding="utf-8")
    good = program(tmp_path / "chromium", "<html></html>")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(browser, "COMMANDS", ("chromium",))
    assert browser.find() == good


def test_none_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BNVIZ_BROWSER", str(tmp_path / "nothing"))
    assert browser.find() is None
    with pytest.raises(SystemExit, match="No browser to test with"):
        browser.get()
