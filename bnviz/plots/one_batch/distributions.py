"""One side of a batch, before or after BN: ridges for a few features, quantile bands for many."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from bnviz.core.data.shape import MOST_OUTLINES, Shape
from bnviz.core.types import LEVELS, Floats
from bnviz.plots.axes import around, span
from bnviz.plots.labels import LONGEST, labels
from bnviz.plots.theme import BN, PLAIN, Figure, Look, Say, fade, figure, heading, titled
from bnviz.plots.traces import dots, line
from bnviz.texts.numbers import plus_minus

Side = Literal["before", "after"]

COLORS = {"before": PLAIN, "after": BN}
#: So that numbers of any size stand beside each other on a narrow axis.
FEW_TICKS = {"nticks": 4, "tickangle": 0}


def distributions(
    names: Sequence[str], shape: Shape, side: Side, own_axes: bool, look: Look, say: Say
) -> Figure:
    """Every feature's distribution in the batch `side` BN, whose shape is given.

    With `own_axes` each feature is stretched over its own range, otherwise all share one axis.
    """
    draw = _bands if shape.outline is None else _ridges
    return draw(names, shape, side, own_axes, look, say)


def figure_height(features: int) -> int:
    """How high the figures of so many features are, those side by side alike."""
    return max(300, 96 + 40 * features) if features <= MOST_OUTLINES else 440


def axis_title(side: Side, own_axes: bool, say: Say) -> str:
    """What the values' axis counts."""
    if own_axes:
        return say("one_batch.axis.own")
    return say("one_batch.axis.value" if side == "before" else "one_batch.axis.normalized")


def _stretched(shape: Shape, own_axes: bool) -> Shape:
    """Each feature over its own range; a constant one keeps width 1."""
    if not own_axes:
        return shape
    low, high = shape.low, shape.high
    start = np.where(high > low, low, low - 0.5)
    factor = 1 / np.where(high > low, high - low, 1.0)
    return shape.moved(factor, -start * factor)


def _span(values: Floats, side: Side) -> list[float]:
    return around(values) if side == "after" else span(values)


def numbers(shape: Shape) -> list[str]:
    """Mean and standard deviation of each feature as words."""
    return [plus_minus(*pair) for pair in zip(shape.mean, shape.deviation, strict=True)]


def _ridges(
    names: Sequence[str], shape: Shape, side: Side, own_axes: bool, look: Look, say: Say
) -> Figure:
    rows = np.arange(len(names))
    words = numbers(shape)
    ticks = [f"<b>{name}</b><br>{two}" for name, two in zip(labels(names), words, strict=True)]
    longest = min(max(map(len, names)), LONGEST)
    drawn = _stretched(shape, own_axes)
    assert drawn.outline is not None
    return figure(
        look,
        _ridge_traces(names, shape, drawn, look.color(COLORS[side]), say),
        figure_height(len(names)),
        xaxis=titled(
            axis_title(side, own_axes, say),
            showticklabels=not own_axes,
            zeroline=not own_axes,
            range=_span(drawn.outline.grid, side),
            **FEW_TICKS,
        ),
        yaxis={
            "tickvals": rows,
            "ticktext": ticks,
            "range": [len(names) - 0.6, -1.02],  # the last numbers stand clear of the axis' own
            "zeroline": False,
        },
        annotations=[heading(say(f"one_batch.{side}"))],
        meta={"beside": side == "after"},  # the names stand on the left already
        margin={"l": max(20 + 8 * longest, _room(words)), "r": 16, "t": 36, "b": 52},
        showlegend=False,
        hovermode="closest",
    )


def _room(words: Sequence[str]) -> int:
    """The pixels that numbers take; as a rule the same, so that no plot moves with its numbers."""
    return 10 + 7 * max(14, *map(len, words))


def _ridge_traces(
    names: Sequence[str], shape: Shape, drawn: Shape, color: str, say: Say
) -> list[dict[str, Any]]:
    """Outlines, means, and bars of one standard deviation to either side."""
    assert drawn.outline is not None
    rows = np.arange(len(names), dtype=np.float64)
    gap = np.full((len(names), 1), np.nan)
    grid, height = drawn.outline.grid, drawn.outline.height
    center, reach = drawn.mean, drawn.deviation
    ridge = np.hstack([rows[:, None], rows[:, None] - 0.8 * height, rows[:, None], gap])
    around_grid = np.hstack([grid[:, :1], grid, grid[:, -1:], gap]).ravel()
    bars = np.column_stack([center - reach, center + reach, gap]).ravel()
    level = np.column_stack([rows, rows, gap]).ravel()
    outlines = line(around_grid, ridge.ravel(), color, 1.5, name="outlines")
    means = dots(center, rows, color, 11, edge={"color": "white", "width": 1.5}, name="mean") | {
        "cliponaxis": False,  # of a single row, the outermost stand at the plot's edge
        "customdata": np.column_stack([shape.mean, shape.deviation]),
        "text": labels(names),
        "hovertemplate": f"%{{text}}<br>{say('stat.mean')} %{{customdata[0]:.6g}}"
        f"<br>{say('stat.standard_deviation')} %{{customdata[1]:.6g}}<extra></extra>",
    }
    return [
        outlines | {"fill": "toself", "fillcolor": fade(color, 0.25)},
        line(bars, level, color, 4, name="deviation"),
        means,
    ]


def _bands(
    names: Sequence[str], shape: Shape, side: Side, own_axes: bool, look: Look, say: Say
) -> Figure:
    drawn = _stretched(shape, own_axes)
    return figure(
        look,
        _band_traces(names, drawn, look.color(COLORS[side]), say),
        figure_height(len(names)),
        xaxis=titled(say("one_batch.axis.feature")),
        yaxis=titled(
            axis_title(side, own_axes, say),
            range=_span(drawn.quantiles, side),
        ),
        annotations=[heading(say(f"one_batch.{side}"))],
        showlegend=False,
    )


def _band_traces(names: Sequence[str], shape: Shape, color: str, say: Say) -> list[dict[str, Any]]:
    """Quantile bands over the feature's number, with the median and the mean."""
    number = np.arange(1, len(names) + 1)
    levels = shape.quantiles
    around = np.concatenate([number, number[::-1]])
    bands = [
        {
            "name": say("plots.band", low=round(100 * LEVELS[i]), high=round(100 * LEVELS[-1 - i])),
            "x": around,
            "y": np.concatenate([levels[i], levels[-1 - i][::-1]]),
            "fill": "toself",
            "fillcolor": fade(color, alpha),
            "line": {"width": 0},
            "mode": "lines",
            "hoverinfo": "skip",
        }
        for i, alpha in enumerate((0.2, 0.3))
    ]
    hover = "%{text}: %{y:.4g}"
    median = line(number, levels[2], color, 2, hover=hover, name=say("stat.median"))
    mean = dots(number, shape.mean, color, 4, "diamond", hover, name=say("stat.mean"))
    return [*bands, *(each | {"text": labels(names)} for each in (median, mean))]
