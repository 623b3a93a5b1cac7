"""Nets with every norm on one axis: a band over seeds each, named where its curve ends."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bnviz.core.nets.norms.names import Norm
from bnviz.core.training.series import band_of
from bnviz.core.training.snapshots import Snapshot
from bnviz.plots.fitness.curves import HEIGHT, banded
from bnviz.plots.nets import Floats
from bnviz.plots.theme import BN, PLAIN, Figure, Look, Say, fade, figure, titled

#: Okabe and Ito's, and two of Tol's; BN and none as everywhere.
COLORS: Mapping[Norm, str] = {
    "batch": BN,
    "renorm": "#44AA99",
    "ghost": "#882255",
    "layer": "#009E73",
    "rms": "#CC79A7",
    "group": "#E69F00",
    "weight": "#7F7F7F",
    "dyt": "#9B5DE5",
    "none": PLAIN,
}
_DASHES: Mapping[Norm, str] = {"renorm": "dash", "ghost": "dot", "group": "dashdot", "none": "dash"}
#: A label's height as a share of the plot's.
_LINE = 0.06


def losses(
    snapshots: Sequence[Snapshot], nets: Mapping[Norm, str], unit: str, look: Look, say: Say
) -> Figure:
    """Validation loss of each net over the epochs; `nets` are snapshots' names by norm."""
    traces: list[dict[str, Any]] = []
    ends: dict[Norm, float] = {}
    for norm, net in nets.items():
        over, color = band_of(snapshots, net, "validation_loss"), look.color(COLORS[norm])
        side = "plain" if norm == "none" else "bn"
        ribbon, line = banded(over, side, _name(norm, say), look)
        style = {"color": color, "width": 2.5, "dash": _DASHES.get(norm, "solid")}
        traces += [ribbon | {"fillcolor": fade(color, 0.1)}, line | {"line": style}]
        there = np.flatnonzero(np.isfinite(over.median))
        if there.size:
            ends[norm] = float(over.median[there[-1]])
    axis = say("fitness.axis.loss", unit=unit) if unit else say("fitness.axis.loss_unitless")
    span = _span(traces)
    return figure(
        look,
        traces,
        HEIGHT,
        xaxis=titled(say("fitness.axis.epoch"), rangemode="tozero"),
        yaxis=titled(axis, type="log", range=span),
        hovermode="x unified",
        showlegend=False,
        annotations=_labels(ends, span, look, say),
        margin={"l": 72, "r": 150, "t": 12, "b": 56},
    )


def _name(norm: Norm, say: Say) -> str:
    return say("rival.none") if norm == "none" else say(f"norm.{norm}")


def _span(traces: Sequence[Mapping[str, Any]]) -> list[float]:
    """The ends of the logarithmic axis: from the lowest to the highest median but for the first."""
    medians = [np.asarray(trace["y"], dtype=float) for trace in traces if trace.get("name")]
    values = np.concatenate([each[1:] if len(each) > 1 else each for each in medians])
    logs: Floats = np.log10(values[np.isfinite(values) & (values > 0)])
    if not logs.size:
        return [0.0, 1.0]
    pad = 0.06 * max(float(np.ptp(logs)), 0.1)
    return [float(logs.min()) - pad, float(logs.max()) + pad]


def _labels(
    ends: Mapping[Norm, float], span: Sequence[float], look: Look, say: Say
) -> list[dict[str, Any]]:
    """A name at each end, from the top, no two nearer than a line of text."""
    places: dict[Norm, float] = {}
    free = 1.0
    for norm in sorted(ends, key=lambda norm: -ends[norm]):
        share = (np.log10(ends[norm]) - span[0]) / (span[1] - span[0])
        places[norm] = free = min(max(float(share), 0.0), free)
        free -= _LINE
    lift = max(0.0, -min(places.values(), default=0.0))
    return [
        {
            "text": _name(norm, say),
            "x": 1.01,
            "y": place + lift,
            "xref": "paper",
            "yref": "paper",
            "xanchor": "left",
            "yanchor": "middle",
            "showarrow": False,
            "font": {"color": look.color(COLORS[norm]), "size": 13},
        }
        for norm, place in places.items()
    ]
