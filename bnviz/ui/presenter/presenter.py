"""Presenter mode: the page for a wall. ``?present=true``, a switch, or the key P."""

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from bnviz.ui.controls import CONTROLS, LANG, PRESENT
from bnviz.ui.widgets import ask

FOLDER = Path(__file__).parent


def presenting() -> bool:
    """Whether the page is shown on a wall."""
    return bool(st.session_state.get(PRESENT.key))


@cache
def _component() -> Any:
    css, js = ((FOLDER / f"presenter.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    return st.components.v2.component("bnviz_presenter", css=css, js=js, isolate_styles=False)


def offer(page: str) -> None:
    """The switch; while it is on, larger type, and of the sidebar only what matters most."""
    on = ask(PRESENT)
    main = [row.key for row in CONTROLS[page].values() if row.main or row in (LANG, PRESENT)]
    _component()(key="presenter", data={"on": on, "switch": PRESENT.key, "main": main}, height=1)
