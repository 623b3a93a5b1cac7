"""One sample among other rows: its output against batch size, and at one batch size."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnviz.core.batchnorm.batch_dependence import BatchDependence
from bnviz.plots.nets import bands
from bnviz.plots.theme import BELOW, BN, PLAIN, Figure, Look, Say, fade, figure, heading, titled

Floats = NDArray[np.float64]

HEIGHT = 380
_BINS = 36


def fan(outputs: BatchDependence, size: int, look: Look, say: Say) -> Figure:
    """Quantiles of the output over batch size: measured as bands, theory as dashed lines."""
    sizes = np.array(outputs.sizes, dtype=np.float64)
    color = look.color(BN)
    traces = bands(sizes, outputs.quantiles, color, say)
    traces.append(
        {
            "name": say("stat.median"),
            "x": sizes,
            "y": outputs.quantiles[:, 2],
            "mode": "lines",
            "line": {"color": color, "width": 2.5},
            "hovertemplate": "%{y:.3f}",
        }
    )
    if outputs.theory is not None:
        gap = np.full((1, outputs.theory.shape[1]), np.nan)
        traces.append(
            {
                "name": say("train_vs_eval.company.theory"),
                "x": np.tile(np.append(sizes, np.nan), outputs.theory.shape[1]),
                "y": np.vstack([outputs.theory, gap]).T.ravel(),
                "mode": "lines",
                "line": {"color": look.color(PLAIN), "width": 1.5, "dash": "dash"},
                "hoverinfo": "skip",
            }
        )
    ticks = [2, 4, 8, 16, 32, 64, 128, 256]
    return figure(
        look,
        traces,
        HEIGHT,
        xaxis=titled(say("controls.batch_size"), type="log", tickvals=ticks, ticktext=ticks),
        yaxis=titled(say("train_vs_eval.company.axis"), zeroline=False),
        shapes=[
            _line(look, x0=size, x1=size, y0=0, y1=1, yref="paper"),
            _line(look, y0=outputs.whole, y1=outputs.whole, x0=0, x1=1, xref="paper"),
        ],
        annotations=[heading(say("train_vs_eval.company.fan"))],
        legend=BELOW,
        hovermode="x unified",
        margin={"l": 68, "r": 16, "t": 36, "b": 100},
    )


def _line(look: Look, **ends: Any) -> dict[str, Any]:
    return {"type": "line", "line": {"color": look.ink, "width": 1, "dash": "dot"}, **ends}


def at_size(
    outputs: Floats, density: tuple[Floats, Floats] | None, size: int, look: Look, say: Say
) -> Figure:
    """The outputs (R,) in batches of one size as a histogram, with the density theory expects."""
    heights, edges = np.histogram(outputs, bins=_BINS, range=_range(outputs))
    width = edges[1] - edges[0]
    traces: list[dict[str, Any]] = [
        {
            "type": "bar",
            "name": say("train_vs_eval.company.measured"),
            "x": (edges[:-1] + edges[1:]) / 2,
            "y": heights / len(outputs) / width,
            "width": width,
            "marker": {"color": fade(look.color(BN), 0.6), "line": {"width": 0}},
            "hovertemplate": "%{x:.3f}: %{y:.3f}<extra></extra>",
        }
    ]
    if density is not None:
        traces.append(
            {
                "name": say("train_vs_eval.company.theory"),
                "x": density[0],
                "y": density[1],
                "mode": "lines",
                "line": {"color": look.color(PLAIN), "width": 2, "dash": "dash"},
                "hoverinfo": "skip",
            }
        )
    return figure(
        look,
        traces,
        HEIGHT,
        xaxis=titled(say("train_vs_eval.company.axis"), zeroline=False),
        yaxis=titled(say("train_vs_eval.company.density"), rangemode="tozero"),
        annotations=[heading(say("train_vs_eval.company.at", size=size))],
        legend=BELOW,
        margin={"l": 68, "r": 16, "t": 36, "b": 100},
        bargap=0,
    )


def _range(outputs: Floats) -> tuple[float, float]:
    low, high = float(outputs.min()), float(outputs.max())
    room = max(0.04 * (high - low), 0.05)
    return low - room, high + room
