"""What choices have written into the page's address, and what it asks for beside that."""

from collections.abc import Callable, Collection, Sequence

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from bnviz.jobs.kinds import SWEEPS, TRAININGS
from bnviz.ui.control import Control
from bnviz.ui.controls import CONTROLS, LANG, PRESENT
from bnviz.ui.links import refuse

#: After the key of a row of tabs: that of the row one step deeper.
DEEPER = ".deeper"
#: After the key of a row of tabs: the open one's id, for its label changes with the language.
OPEN = ".open"
#: Where the session notes which page it was on.
PAGE = "page"
#: Under what the session notes the run that a page showed last.
_RUNS = {"fitness": TRAININGS.name, "sweep": SWEEPS.name}


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


def arrive(page: str) -> None:
    """Forget what was chosen on the page, where an address that names any of it leads here.

    Without a name it is as the reader left it.
    """
    before = st.session_state.get(PAGE, page)
    st.session_state[PAGE] = page
    named = {row.name for row in CONTROLS[page].values() if row not in (LANG, PRESENT)}
    if before != page and named & set(st.query_params):
        forget(page)
        if page in _RUNS:
            st.session_state.pop(_RUNS[page], None)


def forget(page: str) -> None:
    """Make the page's controls stand, when they are asked for next, as for a new visitor."""
    for row in CONTROLS[page].values():
        if row not in (LANG, PRESENT):
            for part in ("", OPEN, DEEPER, DEEPER + OPEN):
                st.session_state.pop(row.key + part, None)
            _written().pop(row.key, None)


def release(names: Collection[str]) -> None:
    """Let a whole address be set that has these names, though widgets of this run write them."""
    run = get_script_run_ctx()
    if run is None:
        return
    with run.session_state.query_params() as written:
        for binding in filter(None, map(written.get_binding_for_param, names)):
            written.unbind_widget(binding.widget_id)


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
