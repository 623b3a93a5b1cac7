"""Along a training: how much loss and gradient change within the reach of one step."""

from typing import Any

import numpy as np

from bnviz.core.smoothness.along import Along, NetAlong
from bnviz.core.training.series import Band, band
from bnviz.core.types import NETS
from bnviz.plots.axes import decades
from bnviz.plots.nets import (
    MARGIN,
    across,
    counted,
    finite,
    named_at_ends,
    positive,
    ribbon,
    room_for,
    stroke,
)
from bnviz.plots.theme import Figure, Look, Say, figure, titled

HEIGHT = 360
QUANTITIES = ("loss", "change", "smoothness")


def along(result: Along, quantity: str, look: Look, say: Say) -> Figure:
    """One of QUANTITIES of both nets at every measured step.

    Of loss and gradient change a ribbon from the lowest to the highest over the step sizes,
    each the median over seeds; of the smoothness a median with its band over seeds.
    """
    traces: list[dict[str, Any]] = []
    for net in NETS:
        curves: NetAlong = getattr(result, net)
        over = _range(curves, quantity, result.steps)
        if over.alive.size:
            name = counted(net, int(over.alive[-1]), curves.loss.shape[1], say)
            traces += _ribbon(over, net, name, say(f"plots.smooth.along.{quantity}"), look)
    axis = decades(np.empty(0), *(t["y"] for t in traces))
    yaxis = titled(say(f"plots.smooth.axis.{quantity}"), **axis)
    names = named_at_ends([trace for trace in traces if "name" in trace], yaxis)
    return figure(
        look,
        traces,
        HEIGHT,
        xaxis=titled(say("plots.smooth.axis.step"), zeroline=False, **across(traces)),
        yaxis=yaxis,
        hovermode="x unified",
        annotations=names,
        margin=MARGIN | {"b": 56} | room_for(names),
    )


def _ribbon(over: Band, net: str, name: str, words: str, look: Look) -> list[dict[str, Any]]:
    """The area between the edges, the edges, and the line between them if there is one."""
    low, high = positive(over.low), positive(over.high)
    edge: dict[str, Any] = {"mode": "lines", "legendgroup": net, "x": over.epochs}
    thin = edge | {"line": stroke(net, look, 1), "showlegend": False, "hoverinfo": "skip"}
    main = edge | {
        "name": name,
        "y": positive(over.median),
        "customdata": np.stack([over.low, over.high], axis=1),
        "line": stroke(net, look, 2),
        "hovertemplate": f"%{{y:.4g}} (%{{customdata[0]:.3g}} … %{{customdata[1]:.3g}}) {words}",
    }
    area = ribbon(over.epochs, low, high, look.net(net)) | {"legendgroup": net}
    if np.isfinite(over.median).any():
        return [area, thin | {"y": low}, thin | {"y": high}, main]
    hover = f"%{{customdata[0]:.3g}} … %{{customdata[1]:.3g}} {words}"
    return [area, thin | {"y": low}, main | {"y": high, "hovertemplate": hover}]


def _range(curves: NetAlong, quantity: str, steps: Any) -> Band:
    """What is drawn at each step: a line, the ribbon's edges, and how many seeds are left.

    The gradient change has no line: where the step begins it is 0.
    """
    at = np.asarray(steps, dtype=np.float64)
    if quantity == "smoothness":
        return band(at, finite(curves.smoothness))
    low = band(at, finite(getattr(curves, f"{quantity}_low")))
    high = band(at, finite(getattr(curves, f"{quantity}_high")))
    line = band(at, finite(curves.loss)).median if quantity == "loss" else np.full_like(at, np.nan)
    return Band(at, line, low.median, high.median, high.alive)
