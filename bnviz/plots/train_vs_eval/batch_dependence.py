"""One sample among other rows: its output against batch size, and at one batch size."""

from typing import Any

import numpy as np

from bnviz.core.batchnorm.batch_dependence import SIZES, BatchDependence
from bnviz.core.fields import doubling
from bnviz.core.types import Floats
from bnviz.plots.axes import span
from bnviz.plots.nets import across, bands, finite, named_at_ends, room_for
from bnviz.plots.theme import BN, PLAIN, Figure, Look, Say, fade, figure, heading, titled
from bnviz.plots.traces import histogram, joined, level, line, upright

HEIGHT = 300
_BINS = 36


def fan(outputs: BatchDependence, size: int, look: Look, say: Say) -> Figure:
    """Quantiles of the output over batch size: measured as bands, theory as dashed lines."""
    sizes = np.array(outputs.sizes, dtype=np.float64)
    color = look.color(BN)
    median = line(sizes, outputs.quantiles[:, 2], color, 2.5, hover="%{y:.3f}")
    curves = [median | {"name": say("stat.median")}]
    if outputs.theory is not None:
        theory = line(*joined(sizes, outputs.theory), look.color(PLAIN), 1.5, "dash")
        curves.append(theory | {"name": say("train_vs_eval.company.theory")})
    reach = span(np.array([outputs.whole]), outputs.quantiles, *(trace["y"] for trace in curves))
    yaxis = titled(say("train_vs_eval.company.axis"), zeroline=False, range=reach)
    traces = bands(sizes, outputs.quantiles, color, say) + curves
    in_eval = line(sizes[-1:], [outputs.whole], look.ink, name=say("train_vs_eval.company.eval"))
    names = named_at_ends([*traces, in_eval], yaxis, log_x=True)
    ticks = list(doubling(2, SIZES[-1]))
    return figure(
        look,
        traces,
        HEIGHT,
        xaxis=titled(
            say("controls.batch_size"), type="log", tickvals=ticks, ticktext=ticks, tickangle=0
        )
        | across([{"x": np.log10(sizes)}]),
        yaxis=yaxis,
        shapes=[upright(size, look), level(outputs.whole, look.ink)],
        annotations=[
            heading(say("train_vs_eval.company.fan")),
            *names,
        ],
        hovermode="x unified",
        margin={"l": 68, "t": 36, "b": 52} | room_for(names),
    )


def at_size(
    outputs: Floats, density: tuple[Floats, Floats] | None, size: int, look: Look, say: Say
) -> Figure:
    """The outputs (R,) in batches of one size as a histogram, with the density theory expects."""
    heights, edges = np.histogram(outputs, bins=_BINS, range=_range(outputs))
    heights = heights / len(outputs) / (edges[1] - edges[0])
    bars = histogram(heights, edges, fade(look.color(BN), 0.6), "%{x:.3f}: %{y:.3f}")
    traces = [bars | {"name": say("train_vs_eval.company.measured")}]
    named = [_slope(traces[0], 0.25) | {"marker": {"color": look.color(BN)}}]
    if density is not None:
        theory = line(*density, look.color(PLAIN), dash="dash")
        traces.append(theory | {"name": say("train_vs_eval.company.theory")})
        named.append(_slope(traces[1], 0.6))
    top = max(float(np.nanmax(finite(trace["y"]))) for trace in traces)
    yaxis = titled(say("train_vs_eval.company.density"), range=[0, 1.05 * top])
    names = named_at_ends(named, yaxis)
    return figure(
        look,
        traces,
        HEIGHT,
        xaxis=titled(say("train_vs_eval.company.axis"), zeroline=False),
        yaxis=yaxis,
        annotations=[heading(say("train_vs_eval.company.at", size=size)), *names],
        showlegend=False,
        margin={"l": 68, "t": 36, "b": 52} | room_for(names),
        bargap=0,
    )


def _slope(trace: dict[str, Any], share: float) -> dict[str, Any]:
    """The last point of a distribution that is such a share of its peak high: it is named there."""
    height = finite(trace["y"])
    last = np.flatnonzero(height >= share * np.nanmax(height))[-1:]
    return trace | {"x": np.asarray(trace["x"])[last], "y": height[last]}


def _range(outputs: Floats) -> tuple[float, float]:
    low, high = float(outputs.min()), float(outputs.max())
    room = max(0.04 * (high - low), 0.05)
    return low - room, high + room
