"""One look: the house's two colours, readable in light and dark."""

import tomllib
from pathlib import Path

import plotly.graph_objects as go
import pytest

from bnviz.plots.theme import BN, DASH, PLAIN, SYMBOL, Look, Say, fade, figure, heading, titled
from tools.server import ROOT


def luminance(color: str) -> float:
    """Relative luminance: WCAG 2.2, section 1.4.3."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_house_colours() -> None:
    assert (BN, PLAIN) == ("#0072B2", "#D55E00")
    assert Look().net("bn") == BN and Look().net("plain") == PLAIN


def test_both_nets_differ_by_more_than_colour() -> None:
    assert DASH["bn"] != DASH["plain"] and SYMBOL["bn"] != SYMBOL["plain"]


def test_contrast_with_the_page(look: Look) -> None:
    assert contrast(look.ink, look.paper) >= 7, "text (WCAG 1.4.6)"
    for net in ("bn", "plain"):
        assert contrast(look.net(net), look.paper) >= 3, "graphics (WCAG 1.4.11)"
    assert contrast(look.net("bn"), look.net("plain")) > 1


@pytest.mark.parametrize("color", [BN, PLAIN, "#E69F00", "#882255"])
def test_words_in_the_colour_of_a_mark_are_read(look: Look, color: str) -> None:
    written = look.words(color)
    assert contrast(written, look.paper) >= 4.5, "text (WCAG 1.4.3)"
    assert written == color or contrast(color, look.paper) < 4.5


def test_figures_stand_on_the_page_that_streamlit_paints(look: Look) -> None:
    config = tomllib.loads(Path(ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))
    theme = config["theme"]["dark" if look.dark else "light"]
    assert (theme["backgroundColor"], theme["textColor"]) == (look.paper, look.ink)


def test_fade() -> None:
    assert fade("#0072B2", 0.25) == "rgba(0,114,178,0.25)"


def test_every_axis_takes_the_look(look: Look) -> None:
    axes = {name: titled(name) for name in ("xaxis", "yaxis", "xaxis2")}
    drawn = go.Figure(figure(look, [], 400, **axes))
    for axis in (drawn.layout.xaxis, drawn.layout.yaxis, drawn.layout.xaxis2):
        assert axis.gridcolor == look.faint
        assert axis.title.text
    assert drawn.layout.font.color == look.ink
    assert drawn.layout.height == 400


def test_layout_given_wins_over_the_house() -> None:
    assert figure(Look(), [], 400, margin={"l": 1})["layout"]["margin"] == {"l": 1}


def test_heading_is_bold() -> None:
    assert heading("Before")["text"] == "<b>Before</b>"


@pytest.mark.parametrize("key", ["one_batch.before", "net.bn"])
def test_say_gives_words(say: Say, key: str) -> None:
    assert say(key)
