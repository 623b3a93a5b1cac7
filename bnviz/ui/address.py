"""What choices have written into the page's address, and what it asks for beside that."""

from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from bnviz.ui.control import Control
from bnviz.ui.links import refuse


def wish(
    control: Control,
    label: str,
    options: Sequence[str],
    shown: Callable[[str], str],
    default: str,
) -> str | None:
    """The option that the address newly asks for; one that is none of `options` is refused.

    The default, where the reader went back to an address that names none.
    """
    asked = ", ".join(st.query_params.get_all(control.name))
    if not asked:
        return default if went_back(control) else None
    if asked == last(control):
        return None
    if asked in options:
        return asked
    refuse(label, asked, shown(default))
    return None


def write(control: Control, value: str | None) -> None:
    """Put an option into the address, or take it out."""
    _written()[control.key] = value
    if value is None:
        st.query_params.pop(control.name, None)
    elif st.query_params.get_all(control.name) != [value]:
        st.query_params[control.name] = value


def last(control: Control) -> str | None:
    """What the choice has last written; None too where that was nothing."""
    return _written().get(control.key)


def forget(key: str) -> None:
    """Forget that the choice of this key has ever written anything."""
    _written().pop(key, None)


def went_back(control: Control) -> bool:
    """Whether Back or Forward has brought this run: its address then names all but defaults.

    But for a choice that is always named: an address without it was not left here.
    """
    run = get_script_run_ctx()
    return run is not None and run.is_history_navigation and not control.pinned


def _written() -> dict[str, str | None]:
    """What each choice has last written, on any page, by key."""
    written: dict[str, str | None] = st.session_state.setdefault("address", {})
    return written
