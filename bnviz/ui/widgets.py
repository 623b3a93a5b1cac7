"""Widgets whose values travel in the address, so that a link shows what its sender saw.

Numbers and switches are bound by Streamlit itself. Options cannot be: Streamlit
would write their translated label. They travel here as stable ids instead.
A wish in the address that cannot be granted is named in a notice, never dropped
in silence.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar, cast

import streamlit as st

from bnviz.texts.catalogue import sentence
from bnviz.texts.numbers import plain

N = TypeVar("N", int, float)

#: What the open tab of a page is called in its address.
SECTION = "section"


def _wish(key: str) -> str | None:
    """What the address asks of a widget that has no value yet."""
    return None if key in st.session_state else st.query_params.get(key)


def _number(wish: str | None) -> float | None:
    try:
        return None if wish is None else float(wish)
    except ValueError:
        return None


def _notice(label: str, wish: str, given: str) -> None:
    """Say that the link asked for `wish` and got `given`."""
    language = st.session_state.get("lang") or "en"
    quoted = "`" + (wish if len(wish) <= 40 else wish[:40] + "…").replace("`", " ") + "`"
    text = sentence(language, "link.changed", label=label, wish=quoted, given=given)
    st.toast(text, icon=":material/link_off:", duration="infinite")


def _check(label: str, wish: str | None, given: float) -> None:
    if wish is not None and _number(wish) != float(given):
        _notice(label, wish, plain(given))


def whole(key: str, label: str, default: int, least: int, most: int, **options: Any) -> int:
    """A whole number, typed."""
    wish = _wish(key)
    value = st.number_input(
        label, least, most, default, step=1, key=key, bind="query-params", **options
    )
    _check(label, wish, value)
    return int(value)


def slider(key: str, label: str, default: N, least: N, most: N, **options: Any) -> N:
    """A number on a linear scale, of the type of its limits."""
    wish = _wish(key)
    value = st.slider(label, least, most, default, key=key, bind="query-params", **options)
    _check(label, wish, value)
    return cast(N, value)


def steps(key: str, label: str, default: N, grid: Sequence[N], **options: Any) -> N:
    """A number on an uneven grid, as for logarithmic scales.

    A link may ask for any number between the grid's ends: it joins the grid
    for the rest of the session.
    """
    wish = _wish(key)
    asked = _number(wish)
    extra = f"{key}.extra"
    if asked is not None and grid[0] <= asked <= grid[-1]:
        st.session_state[extra] = type(grid[0])(asked)
    stops = sorted({*grid, default, st.session_state.get(extra, default)})
    value = st.select_slider(
        label, stops, default, format_func=plain, key=key, bind="query-params", **options
    )
    _check(label, wish, value)
    return cast(N, value)


def switch(key: str, label: str, default: bool = False, **options: Any) -> bool:
    """On or off."""
    wish = _wish(key)
    value = st.toggle(label, default, key=key, bind="query-params", **options)
    if wish is not None and wish.lower() != str(value).lower():
        _notice(label, wish, str(value).lower())
    return value


def choice(
    key: str,
    options: Sequence[str],
    *,
    label: str,
    shown: Callable[[str], str],
    default: str | None = None,
    menu: bool = False,
    pinned: bool = False,
    address: str | None = None,
    **more: Any,
) -> str:
    """One of `options`, which are stable ids; `shown` gives their label in the reader's language.

    The default stays out of the address unless `pinned`: then what comes first may change.
    The name in the address is the key, or `address` where another page's state has that key.
    """
    default, name = default or options[0], address or key
    written = st.session_state.setdefault("address", {})
    wish = st.query_params.get(name)
    if wish is not None and wish != written.get(key):
        if wish in options:
            st.session_state[key] = wish
        else:
            _notice(label, wish, shown(default))
    if st.session_state.get(key) not in options:
        st.session_state[key] = default
    ask: Any = st.selectbox if menu else st.segmented_control
    if not menu:
        more["required"] = True
    value = ask(label, options, format_func=shown, key=key, persist_state="session", **more)
    written[key] = None if value == default and not pinned else value
    if written[key] is None:
        st.query_params.pop(name, None)
    elif wish != value:
        st.query_params[name] = value
    return cast(str, value)


def point(
    name: str, label: str, rows: int, low: Sequence[float], high: Sequence[float], untouched: str
) -> tuple[int, float, float] | None:
    """The row (from 0) and the place that the address gives as ROW,X,Y; None if it gives none.

    `untouched` says what is shown when it asks for a place that is not between `low` and `high`.
    """
    wish = st.query_params.get(name)
    if wish is None:
        return None
    try:
        row, x, y = (float(part) for part in wish.split(","))
        if 1 <= row <= rows and low[0] <= x <= high[0] and low[1] <= y <= high[1]:
            return int(row) - 1, x, y
    except ValueError:
        pass
    _notice(label, wish, untouched)
    st.query_params.pop(name)
    return None


def tabs(key: str, options: Sequence[str], shown: Callable[[str], str]) -> Iterator[str]:
    """Tabs by stable ids: yields the id to fill, within its tab; the others stay empty.

    Every page has one row of them at most; which tab is open is in the address as ``section``.
    """
    language = st.session_state.get("lang") or "en"
    labels = {option: shown(option) for option in options}
    written = st.session_state.setdefault("address", {})
    wish = st.query_params.get(SECTION)
    here = f"{key}.open"  # the id: the label changes with the language
    if wish is not None and wish != written.get(key):
        if wish in labels:
            st.session_state[key] = labels[wish]
        else:
            _notice(sentence(language, "link.section"), wish, labels[options[0]])
    if st.session_state.get(key) not in labels.values():
        st.session_state[key] = labels.get(st.session_state.get(here, ""), labels[options[0]])
    opened = st.tabs(list(labels.values()), key=key, on_change="rerun")
    for option, tab in zip(options, opened, strict=True):
        if tab.open:
            st.session_state[here] = option
            written[key] = None if option == options[0] else option
            if written[key] is None:
                st.query_params.pop(SECTION, None)
            elif wish != option:
                st.query_params[SECTION] = option
            with tab:
                yield option
