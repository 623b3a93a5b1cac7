"""Two small nets in training: each drawn layer by layer with what flows through it, and errors."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bnviz.core.types import NETS, Floats
from bnviz.plots.axes import decades
from bnviz.plots.nets import named_at_ends, room_for, stroke
from bnviz.plots.theme import BN, Figure, Look, Say, fade, figure, heading, titled

Net = Literal["bn", "plain"]

LAYERS = 3
#: Where a layer's parts stand: its linear layer, BN with a distribution to each side, tanh.
_LINEAR, _BN, _TANH, _WIDTH = 0.5, 2.5, 4.5, 5
#: How far a distribution reaches to each side at its peak.
REACH = 0.6
#: The largest value that is drawn, and the largest to which tanh still answers.
_MOST, _ANSWERS = 8.0, 2.0
_BAND = "#009E73"


def places(net: Net) -> tuple[float, ...]:
    """Where each distribution stands: before and after BN, or where BN would be."""
    beside = (-1.0, 1.0) if net == "bn" else (0.0,)
    return tuple(layer * _WIDTH + _BN + off for layer in range(LAYERS) for off in beside)


def outline(
    place: float, height: NDArray[np.uint8], ends: NDArray[np.float32]
) -> dict[str, Floats]:
    """A distribution as a closed curve around its place: `height` (G,), `ends` (2,)."""
    reach = REACH * height / 255
    low, high = ends.astype(np.float64)
    y = low + (high - low) * np.arange(len(height)) / (len(height) - 1)
    return {
        "x": np.concatenate([place + reach, (place - reach)[::-1]]),
        "y": np.concatenate([y, y[::-1]]),
    }


def label(deviation: float, say: Say) -> str:
    """A distribution's width, below it."""
    return say("home.flow.width", width=float(deviation)) if np.isfinite(deviation) else "–"


def layers(
    net: Net,
    height: NDArray[np.uint8],
    ends: NDArray[np.float32],
    labels: list[str],
    look: Look,
    say: Say,
) -> Figure:
    """One net at one moment: distributions `height` (P, G) between `ends` (P, 2), and their widths.

    Before there is any, P is 0 and the net alone is drawn.
    """
    shown = zip(places(net), height, ends, strict=False)
    color = look.net(net)
    style: dict[str, Any] = {
        "mode": "lines",
        "fill": "toself",
        "fillcolor": fade(color, 0.45),
        "hoverinfo": "skip",
    }
    style |= {"line": {"color": color, "width": 1.5}, "showlegend": False}
    shapes, words = _parts(net, look, say)
    return figure(
        look,
        [outline(*each) | style for each in shown],
        158,
        xaxis=_along(net, labels),
        yaxis={"range": [-_MOST, _MOST], "tickvals": [-5, 0, 5], "fixedrange": True},
        margin={"l": 30, "r": 4, "t": 22, "b": 24},
        shapes=shapes,
        annotations=[
            heading(say(f"net.{net}")) | {"font": {"color": color}},
            _key(net, look, say),
            *words,
        ],
        dragmode=False,
    )


def _along(net: Net, labels: list[str]) -> dict[str, Any]:
    """The axis along the net, the widths below their distributions."""
    return {
        "range": [-1.2, LAYERS * _WIDTH + 2.2],
        "tickvals": places(net),
        "ticktext": labels or [""] * len(places(net)),
        "tickangle": 0,
        "tickfont": {"size": 12},
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
    }


def _parts(net: Net, look: Look, say: Say) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The boxes of a net from left to right with the words in them, and where tanh answers."""
    boxes = [(layer * _WIDTH + _LINEAR, "linear") for layer in range(LAYERS + 1)]
    boxes += [(layer * _WIDTH + _TANH, "tanh") for layer in range(LAYERS)]
    if net == "bn":
        boxes += [(layer * _WIDTH + _BN, "bn") for layer in range(LAYERS)]
    wide = {"xref": "paper", "x0": 0, "x1": 1, "layer": "below", "type": "rect"}
    answers = wide | {"y0": -_ANSWERS, "y1": _ANSWERS, "fillcolor": fade(_BAND, 0.16)}
    shapes = [answers | {"line": {"width": 0}}]
    words = [
        _word(-0.7, say("home.flow.inputs")),
        _word(LAYERS * _WIDTH + 1.6, say("home.flow.out")),
        _beside_numbers(say("home.flow.deviation")),
    ]
    for x, part in boxes:
        line = {"color": look.net("bn") if part == "bn" else look.ink, "width": 1.2}
        fill = fade(look.color(BN), 0.25) if part == "bn" else look.paper
        place = {"x0": x - 0.4, "x1": x + 0.4, "y0": -0.8 * _MOST, "y1": 0.8 * _MOST}
        shapes.append({"type": "rect", "line": line, "fillcolor": fill, **place})
        words.append(_word(x, say(f"home.flow.{part}")))
    return shapes, words


def _key(net: Net, look: Look, say: Say) -> dict[str, Any]:
    """What is drawn, in line with a net's heading: the shapes with BN, the band without."""
    text, color = ("home.flow.shape", look.ink) if net == "bn" else ("home.flow.band", _BAND)
    font = {"color": color, "size": 12}
    return heading("") | {"text": say(text), "x": 1, "xanchor": "right", "font": font}


def _beside_numbers(text: str) -> dict[str, Any]:
    """What the numbers below the distributions are, to the left of them."""
    place = {"x": -0.7, "xref": "x", "y": 0, "yref": "paper", "yanchor": "top"}
    return place | {"text": text, "showarrow": False, "font": {"size": 12}}


def _word(x: float, text: str) -> dict[str, Any]:
    """A word along its box, which is narrow; Chinese ones are written one sign below the other."""
    upright = not text.isascii()
    place = {"x": x, "y": 0, "xref": "x", "yref": "y", "textangle": 0 if upright else -90}
    words = "<br>".join(text) if upright else text
    return {"text": words, "showarrow": False, "font": {"size": 12}} | place


def errors(step: int, error: Floats, look: Look, say: Say) -> Figure:
    """Both nets' errors (T, 2) up to one step, on axes that hold all of them; NaN is not drawn.

    The names stand at the right as high as the errors are by that step: no step tells of a later.
    """
    last = len(error) - 1
    lines = [
        {"name": say(f"net.{net}"), "mode": "lines", "line": stroke(net, look)}
        | {"x": np.arange(step + 1), "y": error[: step + 1, side]}
        for side, net in enumerate(NETS)
    ]
    yaxis = titled(say("home.flow.error"), **decades(np.minimum(error, 1e4).ravel()))
    names = [name | {"x": last} for name in named_at_ends(lines, yaxis)]
    return figure(
        look,
        lines,
        316,
        xaxis=titled(say("home.flow.step"), range=[0, last]),
        yaxis=yaxis,
        annotations=names,
        margin={"l": 66, "t": 36, "b": 46} | room_for(names),
        dragmode=False,
    )
