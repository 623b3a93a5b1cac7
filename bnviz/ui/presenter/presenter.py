"""Presenter mode: the page for a wall. ``?present=true``, a switch, or the key P."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from bnviz.ui.controls import PRESENT
from bnviz.ui.widgets import ask

FOLDER = Path(__file__).parent


def presenting() -> bool:
    """Whether the page is shown on a wall."""
    return bool(st.session_state.get(PRESENT.key))


@cache
def _component() -> Any:
    js = (FOLDER / "presenter.js").read_text(encoding="utf-8")
    return st.components.v2.component("bnviz_presenter", js=js, isolate_styles=False)


def marks(query: Mapping[str, str]) -> list[str]:
    """The attributes by which presenter.css knows what the address of a document asks for."""
    asked = {
        "data-bnviz-presenting": query.get(PRESENT.name) in ("true", "1"),
        "data-bnviz-lesson": "lesson" in query,
    }
    return [mark for mark, wanted in asked.items() if wanted]


def offer() -> None:
    """The switch. On a wall type is larger; there, and beside a lesson, is no sidebar."""
    if presenting() and PRESENT.name not in st.query_params:  # of another page, or a step before
        st.session_state[PRESENT.key] = True
    data = {"on": ask(PRESENT), "switch": PRESENT.key, "lesson": "lesson" in st.query_params}
    _component()(key="presenter", data=data, height=1)
