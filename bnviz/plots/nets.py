"""What figures of both nets share: names that count what is missing, marks, ribbons, a key."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bnviz.plots.theme import DASH, SYMBOL, Look, Say, fade

Floats = NDArray[np.float64]

NETS = ("bn", "plain")
#: Names closer than this share of the axis would touch.
APART = 0.1
#: Below the plot, where a phone has room for it.
LEGEND = {"y": -0.17, "yanchor": "top", "font": {"size": 12}, "itemwidth": 30}
#: Of a figure of its own, in pixels.
HEIGHT = 360
MARGIN = {"l": 72, "r": 12, "t": 12, "b": 100}


def counted(net: str, shown: int, total: int, say: Say) -> str:
    """The net's name, with how many are shown where some are missing."""
    name = say(f"net.{net}")
    return name if shown == total else say("plots.smooth.part", net=name, shown=shown, total=total)


def marker(net: str, look: Look, size: float = 8, hollow: bool = False) -> dict[str, Any]:
    """The net's colour and symbol."""
    color = look.net(net)
    symbol = SYMBOL[net] + ("-open" if hollow else "")
    return {"color": color, "symbol": symbol, "size": size, "line": {"color": color, "width": 1.3}}


def stroke(net: str, look: Look, width: float = 2.5, dash: str | None = None) -> dict[str, Any]:
    """The net's colour and dash."""
    return {"color": look.net(net), "width": width, "dash": dash or DASH[net]}


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
        | {"name": say("plots.band", low=low, high=high), "showlegend": True}
        for i, (low, high) in enumerate(((5, 95), (25, 75)))
    ]


def named_at_ends(
    lines: Sequence[dict[str, Any]], log: bool = False, reach: Sequence[float] = ()
) -> list[dict[str, Any]]:
    """Each line's name where it ends, in its colour; the lines leave the legend.

    Names of ends close together move apart: closer than APART of the axis, whose ends, as powers
    of ten if it is logarithmic, are `reach` (without it, a unit).
    """
    ends = []
    for line in lines:
        line["showlegend"] = False
        values = positive(line["y"]) if log else finite(line["y"])
        there = np.flatnonzero(np.isfinite(values))
        if there.size:
            last = int(there[-1])
            height = float(np.log10(values[last]) if log else values[last])
            ends.append((height, float(np.asarray(line["x"])[last]), line))
    ends.sort(key=lambda end: end[0])
    apart = APART * (reach[1] - reach[0]) if reach else 0.5
    near = len(ends) == 2 and ends[1][0] - ends[0][0] < apart
    return [
        {
            "text": line["name"],
            "x": x,
            "y": height,
            "font": {"color": line["line"]["color"], "size": 13},
            "showarrow": False,
            "xanchor": "left",
            "xshift": 6,
            "yshift": (-9, 9)[place] if near else 0,
        }
        for place, (height, x, line) in enumerate(ends)
    ]


def key(name: str, look: Look, **style: Any) -> dict[str, Any]:
    """A legend's entry for what both nets have, in the colour of text."""
    style = {part: {"color": look.ink} | value for part, value in style.items()}
    mode = "+".join({"line": "lines", "marker": "markers"}[part] for part in style)
    return {"name": name, "x": [None], "y": [None], "mode": mode, "hoverinfo": "skip"} | style
