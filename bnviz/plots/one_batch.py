"""One batch before and after BN: ridges for a few features, quantile ribbons for many."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from bnviz.core.densities import outlines
from bnviz.plots.labels import LONGEST, labels
from bnviz.plots.numbers import plus_minus
from bnviz.plots.theme import BN, PLAIN, Look, Say, fade, figure, heading, titled

Floats = NDArray[np.floating[Any]]

#: Up to here each feature gets a ridge of its own; beyond, ridges would be hairlines.
MOST_RIDGES = 12
_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def before_after(
    names: Sequence[str], before: Floats, after: Floats, own_axes: bool, look: Look, say: Say
) -> go.Figure:
    """Every feature's distribution in `before` and `after` (both (B, D)).

    With `own_axes` each feature of `before` is stretched over its own range,
    otherwise all share one axis.
    """
    draw = _ridges if len(names) <= MOST_RIDGES else _ribbons
    return draw(names, before, after, own_axes, look, say)


def _stretch(x: Floats) -> tuple[Floats, Floats]:
    """Start and width of each feature's own range; a constant feature keeps width 1."""
    low, high = x.min(axis=0), x.max(axis=0)
    return np.where(high > low, low, low - 0.5), np.where(high > low, high - low, 1.0)


def _ridges(
    names: Sequence[str], before: Floats, after: Floats, own_axes: bool, look: Look, say: Say
) -> go.Figure:
    traces = [
        *_ridge_panel(names, before, own_axes, look.color(PLAIN), "", say),
        *_ridge_panel(names, after, False, look.color(BN), "2", say),
    ]
    rows = np.arange(len(names))
    left = say("one_batch.axis.own" if own_axes else "one_batch.axis.value")
    ticks = {"tickvals": rows, "ticktext": labels(names), "showgrid": True, "zeroline": False}
    span = {"range": [len(names) - 0.75, -1.02]}
    return figure(
        look,
        traces,
        max(340, 110 + 46 * len(names)),
        xaxis=titled(left, domain=[0, 0.475], showticklabels=not own_axes, zeroline=not own_axes),
        xaxis2=titled(say("one_batch.axis.normalized"), domain=[0.525, 1]),
        yaxis=ticks | span,
        yaxis2=ticks | span | {"showticklabels": False, "anchor": "x2", "matches": "y"},
        annotations=_panel_headings(say),
        margin={"l": 20 + 8 * min(max(map(len, names)), LONGEST), "r": 8, "t": 36, "b": 52},
        showlegend=False,
        hovermode="closest",
    )


def _panel_headings(say: Say) -> list[dict[str, Any]]:
    return [heading(say("one_batch.before"), 0), heading(say("one_batch.after"), 0.525)]


def _ridge_panel(
    names: Sequence[str], x: Floats, own_axes: bool, color: str, axis: str, say: Say
) -> list[dict[str, Any]]:
    """One panel of ridges: outlines, mean and standard deviation bars, and their figures."""
    rows = np.arange(len(names), dtype=np.float64)
    mean, deviation = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64)
    start, width = _stretch(x) if own_axes else (np.zeros(len(names)), np.ones(len(names)))
    gap = np.full((len(names), 1), np.nan)
    shape = outlines(x)
    grid = (shape.grid - start[:, None]) / width[:, None]
    center, reach = (mean - start) / width, deviation / width
    ends = {"xaxis": f"x{axis}", "yaxis": f"y{axis}", "type": "scatter", "showlegend": False}
    edge = grid.max() + 0.3 * np.ptp(grid)
    ridge = np.hstack([rows[:, None], rows[:, None] - 0.8 * shape.height, rows[:, None], gap])
    return [
        ends
        | {
            "name": "outlines",
            "x": np.hstack([grid[:, :1], grid, grid[:, -1:], gap]).ravel(),
            "y": ridge.ravel(),
            "mode": "lines",
            "line": {"color": color, "width": 1.5},
            "fill": "toself",
            "fillcolor": fade(color, 0.25),
            "hoverinfo": "skip",
        },
        ends
        | {
            "name": "deviation",
            "x": np.column_stack([center - reach, center + reach, gap]).ravel(),
            "y": np.column_stack([rows, rows, gap]).ravel(),
            "mode": "lines",
            "line": {"color": color, "width": 4},
            "hoverinfo": "skip",
        },
        ends
        | {
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
        ends
        | {
            "name": "figures",
            "x": np.full(len(names), edge),
            "y": rows - 0.3,
            "mode": "text",
            "text": [plus_minus(*pair) for pair in zip(mean, deviation, strict=True)],
            "textposition": "middle left",
            "cliponaxis": False,
            "hoverinfo": "skip",
        },
    ]


def _ribbons(
    names: Sequence[str], before: Floats, after: Floats, own_axes: bool, look: Look, say: Say
) -> go.Figure:
    start, width = _stretch(before) if own_axes else (np.float64(0), np.float64(1))
    traces = [
        *_ribbon_panel(names, (before - start) / width, look.color(PLAIN), "", say),
        *_ribbon_panel(names, after, look.color(BN), "2", say),
    ]
    left = say("one_batch.axis.own" if own_axes else "one_batch.axis.value")
    feature = say("one_batch.axis.feature")
    return figure(
        look,
        traces,
        480,
        xaxis=titled(feature, domain=[0, 0.46]),
        xaxis2=titled(feature, domain=[0.54, 1]),
        yaxis=titled(left),
        yaxis2=titled(say("one_batch.axis.normalized"), anchor="x2"),
        annotations=_panel_headings(say),
        legend={"y": -0.12, "yanchor": "top"},
        margin={"l": 68, "r": 8, "t": 36, "b": 90},
    )


def _ribbon_panel(
    names: Sequence[str], x: Floats, color: str, axis: str, say: Say
) -> list[dict[str, Any]]:
    """Quantile bands over the feature's number, with the median and the mean."""
    number = np.arange(1, len(names) + 1)
    levels = np.quantile(x, _LEVELS, axis=0)
    around = np.concatenate([number, number[::-1]])
    place = {"xaxis": f"x{axis}", "yaxis": f"y{axis}", "type": "scatter", "showlegend": not axis}

    def band(low: int, high: int, alpha: float) -> dict[str, Any]:
        return place | {
            "name": say(
                "plots.band", low=round(100 * _LEVELS[low]), high=round(100 * _LEVELS[high])
            ),
            "x": around,
            "y": np.concatenate([levels[low], levels[high][::-1]]),
            "fill": "toself",
            "fillcolor": fade(color, alpha),
            "line": {"width": 0},
            "mode": "lines",
            "hoverinfo": "skip",
        }

    return [
        band(0, 4, 0.2),
        band(1, 3, 0.3),
        place
        | {
            "name": say("stat.median"),
            "x": number,
            "y": levels[2],
            "mode": "lines",
            "line": {"color": color, "width": 2},
            "text": labels(names),
            "hovertemplate": "%{text}: %{y:.4g}",
        },
        place
        | {
            "name": say("stat.mean"),
            "x": number,
            "y": x.mean(axis=0, dtype=np.float64),
            "mode": "markers",
            "marker": {"color": color, "size": 4, "symbol": "diamond"},
            "text": labels(names),
            "hovertemplate": "%{text}: %{y:.4g}",
        },
    ]
