"""What a reader has changed on a page, to undo it."""

from collections.abc import Iterator
from typing import Any

import streamlit as st

from bnviz.ui.controls import CONTROLS, LANG, PRESENT, VALUES_OF

MOST = 100
#: Controls that are no widgets: they stand in the address alone, as text.
_PLACES = ("wine",)

State = dict[str, Any]
_ABSENT = object()


def _keys(page: str) -> Iterator[str]:
    """The controls of a page that change what is shown; which tab is open is no change."""
    for row in CONTROLS[page].values():
        if row not in (LANG, PRESENT) and row.name != "section":
            yield from (row.key, row.key + VALUES_OF)


def _states(page: str) -> list[State]:
    """What stood in the page's controls, oldest first, by key."""
    states: list[State] = st.session_state.setdefault(f"{page}.states", [{}])
    return states


def remember(page: str, ran: bool = False) -> None:
    """Note how the controls stand, before and after a page runs, if one differs from the last note.

    A control that was not there before has not changed. What the page changes when it has `ran`
    on a change belongs to that.
    """
    states = _states(page)
    asked = ((key, st.session_state.get(key, _ABSENT)) for key in _keys(page))
    now = {key: value for key, value in asked if value is not _ABSENT}
    if now:  # else the page has not run yet: its address only asks
        now |= {key: st.query_params.get(key, "") for key in _PLACES if key in CONTROLS[page]}
    last = states[-1]
    changed = any(last.get(key, value) != value for key, value in now.items())
    if changed and not (ran and st.session_state[f"{page}.changed"]):
        states.append(last | now)
        del states[:-MOST]
    else:
        last |= now
    if not ran:
        st.session_state[f"{page}.changed"] = changed


def can_undo(page: str) -> bool:
    """Whether there is a change to undo."""
    return len(_states(page)) > 1


def undo(page: str) -> None:
    """Every control as it stood before the last change."""
    states = _states(page)
    if can_undo(page):
        states.pop()
        for key, value in states[-1].items():
            if key not in _PLACES:
                st.session_state[key] = value
            elif value:
                st.query_params[key] = value
            else:
                st.query_params.pop(key, None)
