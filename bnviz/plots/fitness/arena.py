"""Nets with every norm on one axis: a band over seeds each, named where its curve ends."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bnviz.core.nets.norms.names import Norm
from bnviz.core.training.series import band_of
from bnviz.core.training.snapshots import Snapshot
from bnviz.core.types import Floats
from bnviz.plots.fitness.curves import HEIGHT, banded
from bnviz.plots.nets import across, loss_title, named_at_ends, room_for
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
    for norm, net in nets.items():
        over, color = band_of(snapshots, net, "validation_loss"), look.color(COLORS[norm])
        side = "plain" if norm == "none" else "bn"
        ribbon, line = banded(over, side, _name(norm, say), look)
        style = {"color": color, "width": 2.5, "dash": _DASHES.get(norm, "solid")}
        traces += [ribbon | {"fillcolor": fade(color, 0.1)}, line | {"line": style}]
    yaxis = titled(loss_title(unit, say), type="log", range=_span(traces))
    names = named_at_ends(traces[1::2], yaxis, apart=_LINE, longest=40)
    return figure(
        look,
        traces,
        HEIGHT,
        xaxis=titled(say("fitness.axis.epoch"), **across(traces[1::2])),
        yaxis=yaxis,
        hovermode="x unified",
        annotations=names,
        margin={"l": 72, "t": 12, "b": 56} | room_for(names),
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
