"""A row of the table of controls as a widget whose value travels in the address.

Numbers and switches are bound by Streamlit itself. Options cannot be: Streamlit
would write their translated label. They travel here as stable ids instead.
A wish in the address that cannot be granted is named in a notice, never dropped
in silence, and the address is mended.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.errors import StreamlitAPIException

from bnviz.ui import address
from bnviz.ui.control import Control, in_address
from bnviz.ui.language import say, say_if_there
from bnviz.ui.links import refuse

#: Before each option of a list that takes what is typed, unseen: none begins with what is typed,
#: so that Enter takes this. Else Enter after "5" would take the first option offered, 5e-12.
_UNTYPED = "\N{WORD JOINER}"

#: The tab that holds those that do not come first.
_DEEPER = "deeper"


def ask(
    control: Control,
    *,
    at: DeltaGenerator | None = None,
    default: Any = None,
    label: str = "",
    **more: Any,
) -> Any:
    """The value of a control; `default` may be another than the row's, as a preset has it.

    A control that matters most stands in the place `at` if there is one, any other where it is
    asked for. Of a choice that the page alone knows, `options` are its ids and `shown` gives
    their labels.
    """
    label = label or say(control.label)
    more.setdefault("help", say_if_there(f"{control.label}_help"))
    default = control.default if default is None else default
    with at if at is not None and control.main else nullcontext():
        if control.kind == "choice":
            return _choose(control, label, default, **more)
        return _number_or_switch(control, label, default, **more)


def aside(control: Control) -> AbstractContextManager[Any]:
    """Where to ask for a control within a page; unless it matters most, a wall does not show it."""
    return nullcontext() if control.main else st.container(key=f"aside-{control.key}")


def _number_or_switch(control: Control, label: str, default: Any, **more: Any) -> Any:
    wishes = st.query_params.get_all(control.name)
    wish, known = _read(control, wishes), control.key in st.session_state
    # Streamlit reads what it has written itself, and fails at some of the rest.
    bound = not wishes or (wish is not None and wishes == [in_address(wish)])
    if wish is not None and not bound:
        st.session_state[control.key] = wish
    bind = "query-params" if bound else None
    value = _widget(control, label, default, wish, key=control.key, bind=bind, **more)
    if not bound:
        if wish is None and not known:  # a link asks; else the limits have moved
            refuse(label, ", ".join(wishes), in_address(value))
        # What is bound to a widget with other limits, Streamlit takes out of the address itself.
        with suppress(StreamlitAPIException):
            if wish is None:
                st.query_params.pop(control.name, None)
            else:
                st.query_params[control.name] = in_address(value)
    return value


def _read(control: Control, wishes: Sequence[str]) -> Any:
    """What the address asks for; None where that is nothing, impossible or two things at once."""
    try:
        (wish,) = wishes
        return control.read(wish)
    except ValueError:
        return None


def _widget(control: Control, label: str, default: Any, wish: Any, **more: Any) -> Any:
    match control.kind:
        case "switch":
            return st.toggle(label, default, **more)
        case "whole":
            ends = int(control.least or 0), int(control.most or 0)
            return st.number_input(label, *ends, default, step=1, **more)
        case "steps":
            stops = _stops(control, default, wish)
            return st.select_slider(label, stops, default, format_func=in_address, **more)
    kind, step = type(default), control.step or 1
    set_now = st.session_state.get(control.key, default if wish is None else wish)
    form = None if kind is int else f"%.{max(_decimals(step), _decimals(set_now))}f"
    ends = kind(control.least), kind(control.most)
    return st.slider(label, *ends, default, step=kind(step), format=form, **more)


def _decimals(number: float) -> int:
    """How many digits a number has after its point, up to what rounding makes of it."""
    return len(f"{number:.12f}".rstrip("0").partition(".")[2])


def _stops(control: Control, default: float, wish: float | None) -> list[float]:
    """What is offered; a number between the stops joins them for the rest of the session."""
    extra: set[float] = st.session_state.setdefault(f"{control.key}.extra", set())
    set_now = st.session_state.get(control.key)
    extra.update(each for each in (wish, set_now) if each is not None)
    return sorted({*control.stops, default, *extra})


def _choose(
    control: Control,
    label: str,
    default: str | None,
    *,
    options: Sequence[str] = (),
    shown: Callable[[str], str] | None = None,
    **more: Any,
) -> str:
    options, shown = options or control.options, shown or _labels(control)
    default = default or options[0]
    wish = address.wish(control, label, options, shown, default)
    if wish is not None:
        st.session_state[control.key] = wish
    if st.session_state.get(control.key) not in options:  # it may be a label of the language before
        last = address.last(control)
        st.session_state[control.key] = last if last in options else default
    picker: Any = st.selectbox if control.menu else st.segmented_control
    if not control.menu:
        more |= {"required": True, "wrap": True}
    elif default in options:  # of a menu of two pages Streamlit knows no value on the second
        more["index"] = options.index(default)
    more |= {"key": control.key, "persist_state": "session"}
    value: str = picker(label, options, format_func=_worded(options, shown), **more)
    address.write(control, None if value == default and not control.pinned else value)
    return value


def ask_several(
    control: Control,
    *,
    options: Sequence[str],
    default: Sequence[str],
    shown: Callable[[str], str],
    read: Callable[[str], object],
    free: bool,
    help: str | None,
) -> list[str]:
    """Some of the `options`, where it is `free` also what is typed; with commas in an address.

    Of an address, only what can be `read` is taken: for all else that raises ValueError.
    """
    wish = st.query_params.get(control.name)
    if not wish and address.went_back(control):
        st.session_state[control.key] = [*default]
    elif wish and wish != address.last(control):
        granted = [each for each in wish.split(",") if _can(read, each)]
        if granted != wish.split(","):
            given = ", ".join(map(shown, granted or default))
            refuse(say(control.label), wish, given)
        st.session_state[control.key] = granted or [*default]
    chosen = st.session_state.setdefault(control.key, [*default])
    more: dict[str, Any] = {"key": control.key, "persist_state": "session"}
    entries = list(dict.fromkeys([*options, *default, *chosen]))
    chosen = st.multiselect(
        say(control.label),
        entries,
        format_func=_worded(entries, lambda each: _UNTYPED + shown(each) if free else shown(each)),
        help=help,
        accept_new_options=free,
        select_all=not free,
        filter_mode="prefix" if free else "fuzzy",
        **more,
    )
    address.write(control, None if chosen == [*default] else ",".join(chosen))
    return chosen


def _can(read: Callable[[str], object], entry: str) -> bool:
    try:
        read(entry)
    except ValueError:
        return False
    return True


def tabs(control: Control, options: Sequence[str]) -> Iterator[str]:
    """Tabs by stable ids: yields the id to fill, within its tab; the others stay empty.

    Where the row says which come `first`, the others are a row of their own, under one more tab.
    """
    key, shown = control.key, _labels(control)
    labels = {option: shown(option) for option in options}
    few = {option: labels[option] for option in options if option in (control.first or options)}
    deeper = {option: label for option, label in labels.items() if option not in few}
    wish = address.wish(control, say(control.label), options, shown, options[0])
    if deeper:
        few[_DEEPER] = say("link.deeper")
    for option in _row(key, few, _DEEPER if wish in deeper else wish):
        inner = _row(key + address.DEEPER, deeper, wish) if option == _DEEPER else iter((option,))
        for opened in inner:
            first = opened == options[0]
            address.write(control, None if first and not control.pinned else opened)
            yield opened


def _row(key: str, labels: Mapping[str, str], wish: str | None) -> Iterator[str]:
    """One row of tabs, labels by ids: yields the open one's id, within its tab."""
    here = key + address.OPEN
    if wish is not None and wish in labels:
        st.session_state[key] = labels[wish]
    if st.session_state.get(key) not in labels.values():
        first = next(iter(labels.values()))
        st.session_state[key] = labels.get(st.session_state.get(here, ""), first)
    opened = st.tabs(list(labels.values()), key=key, on_change="rerun")
    for option, tab in zip(labels, opened, strict=True):
        if tab.open:
            st.session_state[here] = option
            with tab:
                yield option


def _worded(options: Sequence[str], shown: Callable[[str], str]) -> Callable[[str], str]:
    """What the options are called in this run: outside of it nobody knows the language.

    Streamlit knows an option by its label alone, so of those that are called alike all but the
    last, which of runs and tables is the oldest, have a number too.
    """
    labels, alike = dict[str, str](), Counter[str]()
    for option in reversed(options):
        label = shown(option)
        alike[label] += 1
        labels[option] = label if alike[label] == 1 else f"{label} ({alike[label]})"
    return lambda each: labels.get(each, each)


def _labels(control: Control) -> Callable[[str], str]:
    return str if control.option == "{}" else lambda name: say(control.option.format(name))
