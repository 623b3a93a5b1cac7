"""Links to pages, and what one asks for beside controls' values: points, what is refused."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from bnviz.texts.markdown import literal
from bnviz.ui.control import Control, in_address
from bnviz.ui.controls import CONTROLS, ELSEWHERE, LANG, PRESENT
from bnviz.ui.language import say
from bnviz.ui.navigation import PageEntry


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
        if row in range(1, rows + 1) and low[0] <= x <= high[0] and low[1] <= y <= high[1]:
            return int(row) - 1, x, y
    except ValueError:
        pass
    refuse(label, wish, untouched)
    st.query_params.pop(name)
    return None


def open_with(rows: Mapping[str, Control], **values: Any) -> None:
    """Set these controls, by key, for a visitor who asks for nothing: the first time they come.

    An address that names any of `rows` is left alone, so that the others have their defaults.
    """
    asked = {*ELSEWHERE, *(row.name for row in rows.values() if row not in (LANG, PRESENT))}
    if asked & set(st.query_params) or set(values) & set(st.session_state):
        return
    for key, value in values.items():
        st.query_params[rows[key].name] = in_address(value)
        if rows[key].kind != "choice":
            st.session_state[key] = value


def drop_unknown(page: str) -> None:
    """Take out of the address what no control of the page is called, and say so."""
    known = {*ELSEWHERE, *(control.name for control in CONTROLS[page].values())}
    unknown = [name for name in st.query_params if name not in known]
    for name in unknown:
        del st.query_params[name]
    if unknown:
        _notice(say("link.unknown", names=tuple(map(_quoted, unknown))))


def offer_page(page: PageEntry, label: str, query: Mapping[str, str] | None = None) -> None:
    """A link to a page, whose address there holds the `query`."""
    st.page_link(page.path, label=label, icon=page.icon, query_params=query)


def refuse(label: str, wish: str, given: str) -> None:
    """Say that the link asked for `wish` and got `given`."""
    _notice(say("link.changed", label=label, wish=_quoted(wish), given=literal(given)))


def _notice(text: str) -> None:
    st.toast(text, icon=":material/link_off:", duration="infinite")


def _quoted(text: str) -> str:
    """What stands in an address, as code of 40 letters at most."""
    text = " ".join(text.replace("`", " ").split())
    return "`" + (text if len(text) <= 40 else text[:40] + "…") + "`"
