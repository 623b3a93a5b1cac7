"""How a page shows things: its question, its figures, each with data and code."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

import streamlit as st

from bnviz.core.configs import Source
from bnviz.core.pitfalls.configs import CONFIGS
from bnviz.export.tables import csv
from bnviz.plots.theme import Figure, Look
from bnviz.texts.catalogue import sentence
from bnviz.ui.chart.chart import Live, chart
from bnviz.ui.controls import PRESENT
from bnviz.ui.language import language, say
from bnviz.ui.links import offer_page
from bnviz.ui.navigation import PAGES

if TYPE_CHECKING:
    import pandas as pd

    Frame = Callable[[], pd.DataFrame]


TOOLS = ("png", "svg", "link", "fullscreen")
#: What Plotly's own tools are called in its dictionary.
WORDS = {
    "zoom": "Zoom",
    "pan": "Pan",
    "zoom_in": "Zoom in",
    "zoom_out": "Zoom out",
    "reset": "Reset axes",
    "orbit": "Orbital rotation",
    "turntable": "Turntable rotation",
    "camera": "Reset camera to default",
    "last_camera": "Reset camera to last save",
}


def look() -> Look:
    """The theme the reader sees."""
    return Look(dark=st.context.theme.type == "dark")


def show(
    figure: Figure,
    key: str,
    *,
    alt: str,
    caption: str = "",
    data: "Frame | None" = None,
    code: str = "",
    live: Live | None = None,
) -> None:
    """A figure with its caption, its data to download and the code that computes it."""
    draw(figure, key, alt, live)
    explain(key, caption, data, code)


def show_pair(
    figures: Mapping[str, Figure],
    alt: str,
    title: str,
    live: Mapping[str, Live | None] | None = None,
    **events: Any,
) -> None:
    """Figures by key beside each other, below each other on a phone.

    `title` is the text key of what each shows, with the last part of the figure's key put in.
    """
    for column, (key, figure) in zip(st.columns(len(figures)), figures.items(), strict=True):
        with column:
            name = say(title.format(key.rpartition("-")[2]))
            draw(figure, key, f"{name}: {alt}", (live or {}).get(key), **events)


def draw(
    figure: Figure, key: str, alt: str, live: Live | None = None, picks: str = "", **events: Any
) -> None:
    """A figure alone, drawn by our own chart; `live` says what in it follows the hand.

    The custom data of a point that is clicked come as the event that `picks` names.
    """
    message = {
        "alt": alt,
        "figure": figure,
        "live": live and vars(live),
        "words": _words(language()),
        "picks": picks,
    }
    chart(key, message | {"larger": bool(st.session_state.get(PRESENT.key))}, **events)


@cache
def _words(lang: str) -> Mapping[str, Any]:
    """What a chart's tools are called: looked up once, for every rerun sends it again."""
    plotly = {word: sentence(lang, f"chart.plotly.{name}") for name, word in WORDS.items()}
    return {
        "plotly": plotly,
        **{name: sentence(lang, f"chart.{name}") for name in ("tools", *TOOLS)},
    }


def explain(key: str, caption: str = "", data: "Frame | None" = None, code: str = "") -> None:
    """What stands below the figure or figures at `key`."""
    if caption:
        st.caption(caption)
    if data is None and not code:
        return
    more = st.popover(say("figure.more"), key=f"{key}-more", on_change="rerun", type="tertiary")
    if more.open:
        with more:
            if code:
                st.code(code, language="python")
            if data is not None:
                download(data, key)


def download(data: "Frame", key: str) -> None:
    """A download of `data`, made only when asked for."""
    st.download_button(
        say("figure.download"),
        lambda: csv(data()),
        f"bnviz-{key}.csv",
        "text/csv",
        key=f"{key}-data",
        icon=":material/download:",
        on_click="ignore",
    )


def card(name: str) -> None:
    """A page's question, a word about it and the way there."""
    entry = next(entry for entry in PAGES if entry.name == name)
    with st.container(border=True, height="stretch"):
        st.markdown(f"#### {say(f'{name}.title')}")
        # The reader's own table is no source to count.
        counts = {"sources": len(get_args(Source)) - 1, "pitfalls": len(CONFIGS)}
        st.markdown(say(f"home.card_{name}_text", **counts))
        offer_page(entry, say(f"pages.{name}"))
