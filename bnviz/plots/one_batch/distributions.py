"""One side of a batch, before or after BN: ridges for a few features, quantile bands for many."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bnviz.core.data.outlines import outlines
from bnviz.plots.labels import LONGEST, labels
from bnviz.plots.theme import BN, PLAIN, Figure, Look, Say, fade, figure, heading, titled
from bnviz.texts.numbers import plus_minus

Floats = NDArray[np.floating[Any]]
Side = Literal["before", "after"]

#: Up to here each feature gets a ridge of its own; beyond, ridges would be hairlines.
MOST_RIDGES = 12
COLORS = {"before": PLAIN, "after": BN}
_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def distributions(
    names: Sequence[str], x: Floats, side: Side, own_axes: bool, look: Look, say: Say
) -> Figure:
    """Every feature's distribution in `x` (B, D), which is the batch `side` BN.

    With `own_axes` each feature is stretched over its own range, otherwise all share one axis.
    """
    draw = _ridges if len(names) <= MOST_RIDGES else _bands
    return draw(names, x, side, own_axes, look, say)


def axis_title(side: Side, own_axes: bool, say: Say) -> str:
    """What the values' axis counts."""
    if own_axes:
        return say("one_batch.axis.own")
    return say("one_batch.axis.value" if side == "before" else "one_batch.axis.normalized")


def _stretch(x: Floats, own_axes: bool) -> tuple[Floats, Floats]:
    """Start and width of each feature's axis; a constant feature keeps width 1."""
    if not own_axes:
        return np.zeros(x.shape[1]), np.ones(x.shape[1])
    low, high = x.min(axis=0), x.max(axis=0)
    return np.where(high > low, low, low - 0.5), np.where(high > low, high - low, 1.0)


def _ridges(
    names: Sequence[str], x: Floats, side: Side, own_axes: bool, look: Look, say: Say
) -> Figure:
    rows = np.arange(len(names))
    mean, deviation = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64)
    numbers = [plus_minus(*pair) for pair in zip(mean, deviation, strict=True)]
    ticks = [f"<b>{name}</b><br>{two}" for name, two in zip(labels(names), numbers, strict=True)]
    longest = max(min(max(map(len, names)), LONGEST), max(map(len, numbers)))
    return figure(
        look,
        _ridge_traces(names, x, own_axes, look.color(COLORS[side]), say),
        max(300, 100 + 46 * len(names)),
        xaxis=titled(
            axis_title(side, own_axes, say), showticklabels=not own_axes, zeroline=not own_axes
        ),
        yaxis={
            "tickvals": rows,
            "ticktext": ticks,
            "range": [len(names) - 0.75, -1.02],
            "zeroline": False,
        },
        annotations=[heading(say(f"one_batch.{side}"))],
        margin={"l": 20 + 8 * longest, "r": 16, "t": 36, "b": 52},
        showlegend=False,
        hovermode="closest",
    )


def _ridge_traces(
    names: Sequence[str], x: Floats, own_axes: bool, color: str, say: Say
) -> list[dict[str, Any]]:
    """Outlines, means, and bars of one standard deviation to either side."""
    rows = np.arange(len(names), dtype=np.float64)
    mean, deviation = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64)
    start, width = _stretch(x, own_axes)
    gap = np.full((len(names), 1), np.nan)
    shape = outlines(x)
    grid = (shape.grid - start[:, None]) / width[:, None]
    center, reach = (mean - start) / width, deviation / width
    ridge = np.hstack([rows[:, None], rows[:, None] - 0.8 * shape.height, rows[:, None], gap])
    return [
        {
            "name": "outlines",
            "x": np.hstack([grid[:, :1], grid, grid[:, -1:], gap]).ravel(),
            "y": ridge.ravel(),
            "mode": "lines",
            "line": {"color": color, "width": 1.5},
            "fill": "toself",
            "fillcolor": fade(color, 0.25),
            "hoverinfo": "skip",
        },
        {
            "name": "deviation",
            "x": np.column_stack([center - reach, center + reach, gap]).ravel(),
            "y": np.column_stack([rows, rows, gap]).ravel(),
            "mode": "lines",
            "line": {"color": color, "width": 4},
            "hoverinfo": "skip",
        },
        {
            "name": "mean",
            "x": center,
            "y": rows,
            "mode": "markers",
            "marker": {"color": color, "size": 11, "line": {"color": "white", "width": 1.5}},
            "customdata": np.column_stack([mean, deviation]),
            "text": labels(names),
            "hovertemplate": f"%{{text}}<br>{say('stat.mean')} %{{customdata[0]:.6g}}"
            f"<br>{say('stat.standard_deviation')} %{{customdata[1]:.6g}}<extra></extra>",
        },
    ]


def _bands(
    names: Sequence[str], x: Floats, side: Side, own_axes: bool, look: Look, say: Say
) -> Figure:
    start, width = _stretch(x, own_axes)
    return figure(
        look,
        _band_traces(names, (x - start) / width, look.color(COLORS[side]), say),
        440,
        xaxis=titled(say("one_batch.axis.feature")),
        yaxis=titled(axis_title(side, own_axes, say)),
        annotations=[heading(say(f"one_batch.{side}"))],
        showlegend=False,
    )


def _band_traces(names: Sequence[str], x: Floats, color: str, say: Say) -> list[dict[str, Any]]:
    """Quantile bands over the feature's number, with the median and the mean."""
    number = np.arange(1, len(names) + 1)
    levels = np.quantile(x, _LEVELS, axis=0)
    around = np.concatenate([number, number[::-1]])
    bands = [
        {
            "name": say(
                "plots.band", low=round(100 * _LEVELS[i]), high=round(100 * _LEVELS[-1 - i])
            ),
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
    hover = {"text": labels(names), "hovertemplate": "%{text}: %{y:.4g}"}
    median = hover | {
        "name": say("stat.median"),
        "x": number,
        "y": levels[2],
        "mode": "lines",
        "line": {"color": color, "width": 2},
    }
    mean = hover | {
        "name": say("stat.mean"),
        "x": number,
        "y": x.mean(axis=0, dtype=np.float64),
        "mode": "markers",
        "marker": {"color": color, "size": 4, "symbol": "diamond"},
    }
    return [*bands, median, mean]
