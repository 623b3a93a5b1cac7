"""What stands on every page in many states, as text that a reviewer reads: `tests/approved/pages`.

Popovers are open and downloads made. The last release's history has the trainings and measures,
so that hardly a number depends on this processor.
"""

import re
import shutil
import sqlite3
import time
from collections.abc import Callable
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pandas as pd
import pytest
import streamlit as st
import torch  # noqa: F401  # which the first page waits for

from bnviz.core.smoothness.measure import to_bytes
from bnviz.core.sweep.atlas import outcomes
from bnviz.core.sweep.outcome import Finished
from bnviz.core.sweep.presets import PRESETS
from bnviz.jobs.bounds import limits
from bnviz.ui import figures
from tests.approval import APPROVED, approve
from tests.pages.conftest import OpenApp
from tests.pages.reading import read
from tests.pages.test_pages import widgets

KEPT = Path(__file__).parents[1] / "fixtures" / "last_release"

#: States of pages by links: those of the last release, which open as they were, and others.
OLD = (KEPT / "links.txt").read_text().splitlines()
NEW = Path(__file__).with_name("states.txt").read_text().splitlines()
#: What stands in the session before: a guess that was made.
SESSION = {
    "one_batch?lesson=bn_in_ten_minutes&step=4": {"guesses": {"bn_in_ten_minutes.3": 0.0}},
}
#: Where nets are trained, measured or timed for the page, and where they are evaluated: another
#: processor rounds otherwise, so numbers have no digits, or two.
TRAINED = ("net=here", "pitfalls?pitfall", "section=implementations", "progress=", "smoothness")
TRAINED += ("kind=sweep status=running",)
EVALUATED = ("fitness?run", "section=recalibrate", "section=split")

#: Tables with a decimal in doubt, gaps, many remarks, another separator; and a workbook.
TABLES = KEPT.with_name("tables")
UPLOADS = (
    "comma_in_doubt.csv",
    "missing_words.csv",
    "excel_errors.csv",
    "excel_german.csv",
    "book.xlsx",
)

#: Of an old link, what is no widget's key: the open tab, and a run that the page looks up.
ELSEWHERE = {"section", "run"}


def _files() -> dict[str, str]:
    """A file's name for each state: its page, its open tab, and how the address begins."""
    names = dict[str, str]()
    for link in [*OLD, *NEW]:
        address, _, happened = link.partition(" ")
        parts = urlsplit(address)
        section = dict(parse_qsl(parts.query)).get("section", "")
        rest = parts.query.replace(f"section={section}", "").strip("&")[:40]
        told = re.sub(r"[^\w.=]+", "-", f"{section} {rest} {happened}").strip("-") or "plain"
        name = f"{parts.path or 'home'}/{told}"
        again = sum(each.startswith(name) for each in names.values())
        names[link] = f"{name}-{again + 1}" if again else name
    return names


FILES = _files()


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The last release's, on a machine of a certain speed, far from everywhere."""
    monkeypatch.setenv("BNVIZ_HOME", str(tmp_path))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    for module in ("jobs.bounds.refusals", "ui.runs.current", "ui.sweep.controls"):
        monkeypatch.setattr(f"bnviz.{module}.slowness", lambda: 1.0)
    monkeypatch.setattr(limits, "at_once", lambda: 2)
    return Path(shutil.copy(KEPT / "history.sqlite", tmp_path))


@pytest.fixture
def wide_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every popover but one is open, and of a download the page shows what is in it."""

    closed = st.popover

    def popover(label: str, **more: Any) -> Any:
        place = closed(label, **more)
        place.open = more.get("key") != "terms"  # which are those of the glossary
        return place

    def download(data: Callable[[], Any], key: str) -> None:
        st.dataframe(data(), key=f"{key}-downloaded")

    monkeypatch.setattr(st, "popover", popover)
    monkeypatch.setattr(figures, "download", download)


def recast(file: Path, run_id: str, **happened: str) -> None:
    """A run of the history as it never was: at work just now, failed, or even a sweep."""
    happened = {"heartbeat": str(time.time())} | happened
    with sqlite3.connect(file) as history:
        if happened.get("kind") == "sweep":
            cells = list(outcomes("depth_rate").items())[: int(happened["done"])]
            happened["config"] = PRESETS["depth_rate"].model_dump_json()
            history.execute("DELETE FROM bnviz_snapshots WHERE run_id = ?", [run_id])
            kept = [(run_id, cell, to_bytes(Finished(cell, outcome))) for cell, outcome in cells]
            history.executemany("INSERT INTO bnviz_snapshots VALUES (?, ?, ?)", kept)
        columns = ", ".join(f"{name} = nullif(?, '')" for name in happened)
        history.execute(
            f"UPDATE bnviz_runs SET {columns} WHERE id = ?", [*happened.values(), run_id]
        )


@pytest.mark.usefixtures("wide_open")
@pytest.mark.parametrize("link", FILES, ids=FILES.get)
def test_page(link: str, history: Path, open_app: OpenApp) -> None:
    address, *happened = link.split()
    parts = urlsplit(address)
    query = dict(parse_qsl(parts.query))
    if happened:
        recast(history, query["run"], **dict(each.split("=") for each in happened))
    app = open_app(parts.path or "home", session=SESSION.get(link), **query)
    assert not app.exception, app.exception[0].message
    if link in OLD:
        assert not app.error, app.error[0].value
        assert not app.toast
        shown = {widget.key: str(widget.value) for widget in widgets(app)}
        for key in query.keys() - ELSEWHERE:
            assert asked(shown[key]) == asked(query[key]), key
    digits = 0 if any(part in link for part in TRAINED) else 4
    digits = min(digits, 2 if any(part in link for part in EVALUATED) else 4)
    approve(f"pages/{FILES[link]}", chain([link], read(app, digits)))


def workbook() -> bytes:
    """Two sheets."""
    file = BytesIO()
    with pd.ExcelWriter(file) as writer:
        for sheet in ("first", "second"):
            pd.DataFrame({"size": [1.5, 2, 3], sheet: [4, 5, 6]}).to_excel(writer, sheet_name=sheet)
    return file.getvalue()


@pytest.mark.usefixtures("history", "wide_open")
@pytest.mark.parametrize("name", UPLOADS)
def test_upload(name: str, open_app: OpenApp) -> None:
    """A file, the line that says how it was read, what can be corrected, and the question."""
    app = open_app("one_batch", source="table")
    content = workbook() if name == "book.xlsx" else (TABLES / name).read_bytes()
    app.file_uploader[0].upload(name, content).run()
    assert not app.exception, app.exception[0].message
    approve(f"uploads/{name}", read(app, 4))


def asked(text: str) -> object:
    """A value as the address or a widget writes it: 2 and 2.0 are one number, True and true one."""
    try:
        return float(text)
    except ValueError:
        return text.lower()


def test_no_page_is_forgotten() -> None:
    kept = (path.relative_to(APPROVED / "pages") for path in APPROVED.glob("pages/*/*"))
    assert {str(path).removesuffix(".txt") for path in kept} == {*FILES.values()}
