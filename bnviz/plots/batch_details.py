"""The tabs of One batch: the matrix, the epsilon gain curve, statistics from batch to batch."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from bnviz.core.jitter import Jitter
from bnviz.plots.labels import label, labels
from bnviz.plots.theme import BN, PLAIN, Look, Say, fade, figure, heading, titled

Floats = NDArray[np.floating[Any]]

#: More rows than this are thinned evenly: a heat map has no more pixels to show.
MOST_ROWS = 512


def matrix(names: Sequence[str], before: Floats, after: Floats, look: Look, say: Say) -> go.Figure:
    """The batch (B, D) as two heat maps; before, each column runs over its own range.

    After BN one symmetric colour scale serves the whole matrix.
    """
    kept = np.linspace(0, len(before) - 1, min(len(before), MOST_ROWS)).astype(np.intp)
    low, high = before.min(axis=0), before.max(axis=0)
    place = (before[kept] - low) / np.where(high > low, high - low, 1.0)
    finite = np.abs(after[np.isfinite(after)])
    limit = float(np.quantile(finite, 0.98)) if finite.size else 1.0
    shared: dict[str, Any] = {"type": "heatmap", "x": labels(names), "y": kept + 1}
    hover = f"%{{x}}, {say('one_batch.row')} %{{y}}<br>%{{customdata:.5g}}<extra></extra>"
    return figure(
        look,
        [
            shared
            | {
                "z": place.astype(np.float32),
                "customdata": before[kept],
                "hovertemplate": hover,
                "colorscale": "Cividis",
                "colorbar": _colorbar(say("one_batch.axis.own"), 0.46, [0, 1]),
            },
            shared
            | {
                "z": after[kept].astype(np.float32),
                "customdata": after[kept],
                "hovertemplate": hover,
                "colorscale": [[0, PLAIN], [0.5, look.paper], [1, BN]],
                "zmin": -limit,
                "zmax": limit,
                "colorbar": _colorbar(say("one_batch.axis.normalized"), 1.0),
                "xaxis": "x2",
                "yaxis": "y2",
            },
        ],
        500,
        xaxis={"domain": [0, 0.44], "type": "category"},
        xaxis2={"domain": [0.56, 0.98], "type": "category"},
        yaxis=titled(say("one_batch.row"), autorange="reversed"),
        yaxis2={"autorange": "reversed", "anchor": "x2", "matches": "y", "showticklabels": False},
        annotations=[heading(say("one_batch.before"), 0), heading(say("one_batch.after"), 0.56)],
    )


def _colorbar(title: str, x: float, ticks: list[float] | None = None) -> dict[str, Any]:
    bar: dict[str, Any] = {"title": {"text": title, "side": "right"}, "x": x, "thickness": 12}
    return bar | ({"tickvals": ticks} if ticks else {})


def gain_curve(
    names: Sequence[str], biased_variance: Floats, eps: float, look: Look, say: Say
) -> go.Figure:
    """1 / sqrt(biased variance + eps) over the biased variance, every feature a dot.

    A feature with zero variance cannot stand on a logarithmic axis: it is drawn
    at the left edge with an open marker.
    """
    shown = biased_variance[biased_variance > 0]
    around = [*shown, *([eps] if eps > 0 else [])] or [1.0]
    low, high = np.log10(min(around)) - 2, np.log10(max(around)) + 1
    curve = np.logspace(low, high, 200)
    place = np.where(biased_variance > 0, biased_variance, 10**low)
    dead = biased_variance <= 0
    with np.errstate(divide="ignore"):
        gain = 1 / np.sqrt(biased_variance + eps)
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "name": say("one_batch.gain.without"),
            "x": curve,
            "y": 1 / np.sqrt(curve),
            "mode": "lines",
            "line": {"color": look.ink, "dash": "dot", "width": 1.5},
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "name": say("one_batch.gain.with"),
            "x": curve,
            "y": 1 / np.sqrt(curve + eps),
            "mode": "lines",
            "line": {"color": look.color(BN), "width": 3},
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "name": say("one_batch.gain.features"),
            "x": place,
            "y": np.where(np.isfinite(gain), gain, np.nan),
            "mode": "markers",
            "marker": {
                "size": 11,
                "color": look.color(PLAIN),
                "symbol": np.where(dead, "circle-open", "circle").tolist(),
                "line": {
                    "width": 1.5,
                    "color": np.where(dead, look.color(PLAIN), "white").tolist(),
                },
            },
            "customdata": biased_variance,
            "text": labels(names),
            "hovertemplate": "%{text}<br>%{customdata:.4g} → × %{y:.4g}<extra></extra>",
        },
    ]
    mark = (
        [{"type": "line", "x0": eps, "x1": eps, "y0": 0, "y1": 1, "yref": "paper"}] if eps else []
    )
    return figure(
        look,
        traces,
        430,
        xaxis=titled(say("stat.biased_variance"), type="log", dtick=1),
        yaxis=titled(say("one_batch.gain.axis"), type="log", dtick=1),
        shapes=[line | {"line": {"color": look.ink, "width": 1, "dash": "dash"}} for line in mark],
        annotations=[
            {
                "x": np.log10(eps),
                "y": 1,
                "yref": "paper",
                "text": " ε",
                "showarrow": False,
                "xanchor": "left",
            }
        ]
        if eps
        else [],
    )


def batch_to_batch(names: Sequence[str], jitter: Jitter, look: Look, say: Say) -> go.Figure:
    """Each batch's means, in standard deviations from the average, with the expected band."""
    many = len(names) > 12
    reach = 2 * jitter.expected
    ends = [jitter.seeds[0] - 0.5, jitter.seeds[-1] + 0.5]
    band: dict[str, Any] = {
        "type": "scatter",
        "name": say("one_batch.jitter.band"),
        "x": [*ends, *ends[::-1]],
        "y": [-reach, -reach, reach, reach],
        "mode": "lines",
        "line": {"width": 0},
        "fill": "toself",
        "fillcolor": look.faint,
        "hoverinfo": "skip",
    }
    dots = [
        {
            "type": "scatter",
            "name": label(name),
            "x": jitter.seeds,
            "y": jitter.departures[:, index],
            "mode": "lines+markers",
            "marker": {"size": 5},
            "line": {"width": 1, "color": fade(look.color(BN), 0.35)} if many else {"width": 1.2},
            "hovertemplate": f"%{{y:.3f}} ({say('controls.seed')} %{{x}})",
        }
        for index, name in enumerate(names)
    ]
    return figure(
        look,
        [band, *dots],
        430,
        xaxis=titled(say("controls.seed")),
        yaxis=titled(say("one_batch.jitter.axis")),
        showlegend=not many,
    )
