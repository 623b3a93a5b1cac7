"""What figures of both nets share: names that count what is missing or stand at ends, marks."""

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bnviz.core.types import Floats
from bnviz.plots.theme import DASH, SYMBOL, Look, Say, fade

#: Names closer than this share of the axis would touch; in letters, the longest line of one;
#: so much of a line may be beyond the axis.
APART = 0.12
LONGEST = 17
BEYOND = 0.2
#: A legend below the plot, where a phone has room for it.
LEGEND = {"y": -0.17, "yanchor": "top", "font": {"size": 12}, "itemwidth": 30}
#: Height and margins of a figure, in pixels.
HEIGHT = 360
MARGIN = {"l": 72, "r": 12, "t": 12, "b": 100}


def counted(net: str, shown: int, total: int, say: Say) -> str:
    """The net's name, with how many are shown where some are missing."""
    name = say(f"net.{net}")
    return name if shown == total else say("plots.smooth.part", net=name, shown=shown, total=total)


def loss_title(unit: str, say: Say) -> str:
    """The title of an axis of losses; `unit` is the target's, squared, "" where that has none."""
    return say("fitness.axis.loss", unit=unit) if unit else say("fitness.axis.loss_unitless")


def marker(net: str, look: Look, size: float, hollow: bool = False) -> dict[str, Any]:
    """The net's colour and symbol."""
    color = look.net(net)
    symbol = SYMBOL[net] + ("-open" if hollow else "")
    return {"color": color, "symbol": symbol, "size": size, "line": {"color": color, "width": 1.3}}


def stroke(net: str, look: Look, width: float = 2.5) -> dict[str, Any]:
    """The net's colour and dash."""
    return {"color": look.net(net), "width": width, "dash": DASH[net]}


def curve(
    net: str, x: ArrayLike, y: ArrayLike, look: Look, hover: str = "%{y:.4g}", **more: Any
) -> dict[str, Any]:
    """A line of the net's through the points (T,)."""
    drawn = {"x": x, "y": y, "mode": "lines", "line": stroke(net, look), "hovertemplate": hover}
    return drawn | more


def marks(
    net: str,
    x: ArrayLike,
    y: ArrayLike,
    look: Look,
    size: float,
    hover: str = "%{x:.4g}",
    hollow: bool = False,
    **more: Any,
) -> dict[str, Any]:
    """The net's symbol at each of the points (T,)."""
    style = {"mode": "markers", "marker": marker(net, look, size, hollow)}
    return {"x": x, "y": y} | style | {"hovertemplate": hover} | more


def whiskers(down: ArrayLike, up: ArrayLike, color: str, **more: Any) -> dict[str, Any]:
    """How far each point's interval reaches `down` and `up` (T,)."""
    reach = {"type": "data", "symmetric": False, "array": up, "arrayminus": down}
    return reach | {"color": color, "thickness": 1.5} | more


def finite(values: ArrayLike) -> Floats:
    """What is infinite is as good as not there."""
    values = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def positive(values: ArrayLike) -> Floats:
    """What a logarithmic axis can show; the rest is NaN."""
    values = finite(values)
    return np.where(values > 0, values, np.nan)


def ribbon(x: ArrayLike, low: ArrayLike, high: ArrayLike, color: str) -> dict[str, Any]:
    """The area between two curves, (T,) each, where both are finite."""
    x, low, high = (np.asarray(values, dtype=np.float64) for values in (x, low, high))
    there = np.isfinite(low) & np.isfinite(high)
    x, low, high = x[there], low[there], high[there]
    return {
        "x": np.concatenate([x, x[::-1]]),
        "y": np.concatenate([high, low[::-1]]),
        "fill": "toself",
        "fillcolor": fade(color, 0.2),
        "line": {"width": 0},
        "mode": "lines",
        "showlegend": False,
        "hoverinfo": "skip",
    }


def bands(x: ArrayLike, levels: Floats, color: str, say: Say) -> list[dict[str, Any]]:
    """Two nested ribbons, from 5 to 95 % and from 25 to 75 %, of `levels` (T, 5), low to high."""
    return [
        ribbon(x, levels[:, i], levels[:, -1 - i], color)
        | {"name": say("plots.band", low=low, high=high), "line": {"width": 0, "color": color}}
        for i, (low, high) in enumerate(((5, 95), (25, 75)))
    ]


def named_at_ends(
    traces: Sequence[dict[str, Any]],
    yaxis: Mapping[str, Any],
    *,
    log_x: bool = False,
    apart: float = APART,
    longest: int = LONGEST,
) -> list[dict[str, Any]]:
    """Each trace's name where it ends, in its colour; the traces leave the legend.

    Dots are named beside the last of them, and an area three quarters of the way up its end.
    Names that would touch move away from each other: a line of text takes the share `apart` of
    the figure, and has at most `longest` letters. `yaxis` is the layout of their axis, which has
    its range, and its domain where it is one of several.
    """
    low, high = yaxis["range"]
    bottom, top = yaxis.get("domain", (0.0, 1.0))
    log = yaxis.get("type") == "log"
    ends: list[tuple[float, float, str, str]] = []
    for trace in traces:
        trace["showlegend"] = False
        for x, y in _end(trace, log):
            share = ((np.log10(y) if log else y) - low) / (high - low)
            at = float(np.log10(x)) if log_x and x > 0 else x
            color = trace["line" if "line" in trace else "marker"]["color"]
            name = "<br>".join(wrap(trace["name"], longest))
            ends.append((min(max(share, 0.0), 1.0), at, name, color))
    ends.sort(key=lambda end: -end[0])
    line = apart / (top - bottom)
    lines = [name.count("<br>") + 1 for *_, name, _ in ends]
    places = bottom + (top - bottom) * _spaced([end[0] for end in ends], lines, line)
    return [_name(name, x, y, color) for y, (_, x, name, color) in zip(places, ends, strict=True)]


def _name(text: str, x: float, y: float, color: str) -> dict[str, Any]:
    """A curve's name beside (x, y): a place on the axis, and a share of the figure's height."""
    place = {"text": text, "x": x, "y": y, "yref": "paper", "yanchor": "middle"}
    style = {"font": {"color": color, "size": 13}, "showarrow": False}
    return place | style | {"xanchor": "left", "xshift": 9, "align": "left"}


def _end(trace: Mapping[str, Any], log: bool) -> list[tuple[float, float]]:
    """The last point of a trace that is there, if any is."""
    x = np.asarray(trace["x"], dtype=np.float64)
    y = positive(trace["y"]) if log else finite(trace["y"])
    if trace.get("fill") == "toself":  # an outline there and back
        x, y, back = x[: len(x) // 2], y[: len(x) // 2], y[::-1][: len(x) // 2]
        y = 0.75 * y + 0.25 * back
    return [(float(x[i]), float(y[i])) for i in np.flatnonzero(np.isfinite(y))[-1:]]


def _spaced(places: Sequence[float], lines: Sequence[int], line: float) -> Floats:
    """`places` (N,), from the top, moved as little as need be for none to touch the next.

    Each has so many `lines`, each as high as `line`; hardly any of them is below 0 or above 1,
    where numbers and headings stand.
    """
    heights = line * np.asarray(lines, dtype=np.float64)
    whole = np.cumsum([0.0, *heights])
    below = (whole[:-1] + whole[1:] - heights[:1].sum()) / 2
    highest = 1 - heights[:1].sum() / 2 + BEYOND * line
    lowest = heights[-1:].sum() / 2 - BEYOND * line
    groups: list[tuple[float, int]] = []  # where the first of each would be, how many it has
    for place in np.add(places, below):
        groups.append((float(place), 1))
        while len(groups) > 1 and groups[-1][0] > groups[-2][0]:
            (upper, many), (lower, few) = groups[-2:]
            groups[-2:] = [((upper * many + lower * few) / (many + few), many + few)]
    first = np.repeat([place for place, _ in groups], [count for _, count in groups])
    least = min(below.max(initial=0.0) + lowest, highest)
    spaced: Floats = np.clip(first, least, highest) - below
    return spaced


def across(lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """An axis as wide as these lines; Plotly's own would make room for names at ends once more."""
    every = np.concatenate([np.empty(0), *(finite(line["x"]) for line in lines)])
    every = every[np.isfinite(every)]
    low, high = (float(every.min()), float(every.max())) if every.size else (0.0, 1.0)
    pad = 0.03 * (high - low) or 0.5
    return {"range": [low - pad, high + pad]}


def room_for(names: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The margin at the right that these names at ends take."""
    lines = [line for name in names for line in name["text"].split("<br>")]
    wide = (sum(7.4 if letter.isascii() else 13 for letter in line) for line in lines)
    return {"r": 16 + max(wide, default=0)}


def key(name: str, look: Look, **style: Any) -> dict[str, Any]:
    """A legend's entry for what both nets have, in the colour of text."""
    style = {part: {"color": look.ink} | value for part, value in style.items()}
    mode = "+".join({"line": "lines", "marker": "markers"}[part] for part in style)
    return {"name": name, "x": [None], "y": [None], "mode": mode, "hoverinfo": "skip"} | style
