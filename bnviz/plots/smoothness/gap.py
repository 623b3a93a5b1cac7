"""Where the gap between the two nets comes from: six cells, and the steps between them."""

from collections.abc import Mapping
from textwrap import wrap
from typing import Any

import numpy as np

from bnviz.core.smoothness.gap import CELLS, MOMENTS, Gap
from bnviz.core.types import Floats
from bnviz.plots.axes import decades, of_logarithms
from bnviz.plots.nets import LEGEND, MARGIN, key, marks, room_for, whiskers
from bnviz.plots.theme import Figure, Look, Say, fade, figure, heading, titled
from bnviz.texts.numbers import factor

HEIGHT = 320
#: A legend low enough to leave room for the axis title.
_KEY = LEGEND | {"y": -0.24}
QUANTITIES = ("largest", "probe", "root_mean_square", "normalized", "loss")
#: Okabe and Ito's green and purple: no net's colours, as a step belongs to both.
_SMOOTHER, _SHARPER, _TOTAL = "#009E73", "#CC79A7", "#7F8C99"


def cells(result: Gap, quantity: str, look: Look, say: Say) -> Figure:
    """One of QUANTITIES in all six cells, a mark a seed: open before training, filled after."""
    values: Floats = getattr(result, quantity)
    traces: list[dict[str, Any]] = [
        key(say(f"plots.smooth.gap.{moment}"), look, marker={"symbol": symbol, "size": 9})
        for moment, symbol in zip(MOMENTS, ("circle-open", "circle"), strict=True)
    ]
    rows = len(CELLS) - 1 - np.arange(len(CELLS))
    labels = []
    for cell, row in enumerate(rows):
        net = "bn" if CELLS[cell].startswith("bn") else "plain"
        shown = 0
        for index in range(len(MOMENTS)):
            some = values[index, cell]
            some = some[np.isfinite(some) & (some > 0)]
            shown += len(some)
            height = np.full(len(some), row + (0.14, -0.14)[index])
            name = say(f"plots.smooth.gap.{MOMENTS[index]}")
            drawn = marks(net, some, height, look, 9, hollow=index == 0, name=name)
            traces.append(drawn | {"showlegend": False})
        labels.append(_cell(CELLS[cell], shown, 2 * values.shape[2], say))
    axis = decades(np.empty(0), *(t["x"] for t in traces[2:]), most=4)
    wide = room_for([{"text": label} for label in labels])["r"]
    return figure(
        look,
        traces,
        HEIGHT,
        xaxis=titled(say(f"plots.smooth.quantity.{quantity}")) | axis,
        yaxis={"tickvals": rows, "ticktext": labels, "range": [-0.6, len(CELLS) - 0.4]}
        | {"zeroline": False},
        shapes=[_band(row, look) for row in rows[::2]],
        legend=_KEY,
        margin=MARGIN | {"l": max(142, wide - 16), "b": 72},
    )


def _band(row: int, look: Look) -> dict[str, Any]:
    """What joins the two lines of a row's name to each other and to its marks."""
    ends = {"x0": -1, "x1": 1, "xref": "paper", "y0": row - 0.5, "y1": row + 0.5}
    return (
        {"type": "rect", "layer": "below", "line": {"width": 0}}
        | ends
        | {"fillcolor": fade(look.ink, 0.06)}
    )


def _cell(cell: str, shown: int, total: int, say: Say) -> str:
    """A cell's name on two lines, so that a phone keeps room for the marks."""
    net, inputs, *mode = cell.split("_")
    above = [say(f"net.{net}"), *(say(f"option.{each}") for each in mode)]
    below = say(f"plots.smooth.inputs.{inputs}")
    if shown < total:
        below = say("plots.smooth.part", net=below, shown=shown, total=total)
    return say("sentence.comma").join(above) + "<br>" + below


def split(parts: Mapping[str, Floats], look: Look, say: Say) -> Figure:
    """The way from the net without BN to the one with, step by step, before and after training.

    `parts` are log10 factors (2, S) by step; a bar is their mean over the seeds that have them
    all, and its whisker reaches from the least to the largest seed.
    """
    steps = np.stack(list(parts.values()), axis=1)  # (2, K, S)
    whole = np.asarray(np.isfinite(steps).all(axis=1))
    rows = len(parts) - np.arange(len(parts) + 1)
    entries, bars = [], []
    for index, moment in enumerate(MOMENTS):
        seeds = int(whole[index].sum())
        name = say(f"plots.smooth.gap.{moment}")
        if seeds < whole[index].size:
            name = say("plots.smooth.part", net=name, shown=seeds, total=whole[index].size)
        pattern = {"pattern": {"shape": "/", "size": 5}} if index == 0 else {}
        entry = {"type": "bar", "name": name, "x": [None], "y": [None], "orientation": "h"}
        entries.append(entry | {"marker": {"color": fade(_TOTAL, 0.8)} | pattern})
        if seeds:
            some = steps[index][:, whole[index]]
            bars.append(_bars(some, rows, index, name, pattern, look))
    names = [say("plots.smooth.gap.total"), *(say(f"plots.smooth.step.{part}") for part in parts)]
    return figure(
        look,
        [*entries, *bars],
        HEIGHT,
        xaxis=titled(say("plots.smooth.axis.ratio"), zerolinewidth=2) | _ratios(bars),
        yaxis={"tickvals": rows, "ticktext": ["<br>".join(wrap(name, 12)) for name in names]}
        | {"zeroline": False},
        barmode="overlay",
        annotations=[note for trace in bars for note in _factors(trace)],
        legend=_KEY,
        margin=MARGIN | {"l": 104, "r": 84, "b": 72},
    )


def _ratios(bars: list[dict[str, Any]]) -> dict[str, Any]:
    """An axis of logarithms, labelled with ratios, that holds all bars and whiskers."""
    ends = [0.0]
    for trace in bars:
        tip, error = trace["base"] + trace["x"], trace["error_x"]
        ends += [*trace["base"], *(tip - error["arrayminus"]), *(tip + error["array"])]
    pad = 0.04 * max(np.ptp(ends), 0.3)
    reach = [min(ends) - pad, max(ends) + pad]
    return of_logarithms(10.0 ** np.array(ends), most=4) | {"range": reach}


def _factors(trace: dict[str, Any]) -> list[dict[str, Any]]:
    """A column of factors on the right, where no bar can be in their way."""
    place = {"x": 1, "xshift": 8, "yref": "y", "yanchor": "middle"}
    pairs = zip(trace["customdata"], trace["y"], strict=True)
    return [heading("") | place | {"text": factor, "y": y} for factor, y in pairs]


def _bars(
    some: Floats, rows: Any, index: int, name: str, pattern: dict[str, Any], look: Look
) -> dict[str, Any]:
    """The total and the steps (K, S) as floating bars: each begins where the last one ended."""
    total = some.sum(axis=0, keepdims=True)
    every = np.concatenate([total, -some])  # a step that makes smoother leads towards 1
    length = every.mean(axis=1)
    base = np.concatenate([[0.0], length[0] + np.cumsum(np.append(0.0, length[1:-1]))])
    colors = [_TOTAL, *(_SMOOTHER if step < 0 else _SHARPER for step in length[1:])]
    return {
        "type": "bar",
        "name": name,
        "orientation": "h",
        "base": base,
        "x": length,
        "y": rows + (0.2, -0.2)[index],
        "width": 0.34,
        "marker": {"color": [fade(c, 0.8) for c in colors], "line": {"color": colors, "width": 1}}
        | pattern,
        "error_x": whiskers(
            length - every.min(axis=1), every.max(axis=1) - length, look.ink, thickness=1.2, width=3
        )
        | {"visible": some.shape[1] > 1},
        "customdata": [factor(divisor) for divisor in 10.0**-length],
        "showlegend": False,
        "hovertemplate": "%{customdata}",
    }
