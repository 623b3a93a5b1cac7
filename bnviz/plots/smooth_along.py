"""Along a training: how much loss and gradient change within the reach of one step."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from bnviz.core.series import Band, band
from bnviz.core.smoothness.results import Along, NetAlong
from bnviz.plots.decades import decades
from bnviz.plots.nets import LEGEND, MARGIN, NETS, Floats, counted, ribbon, stroke
from bnviz.plots.theme import Look, Say, figure, titled

HEIGHT = 400
QUANTITIES = ("loss", "change", "smoothness")


def along(result: Along, quantity: str, look: Look, say: Say) -> go.Figure:
    """One of QUANTITIES of both nets at every measured step.

    Of loss and gradient change a ribbon from the lowest to the highest over the step sizes,
    each the median over seeds; of the smoothness a median with its band over seeds.
    """
    traces: list[dict[str, Any]] = []
    for net in NETS:
        found: NetAlong = getattr(result, net)
        over = _range(found, quantity, result.steps)
        if not over.median.size:
            continue
        name = counted(net, int(over.alive[-1]), found.loss.shape[1], say)
        traces.append(
            ribbon(over.epochs, _positive(over.low), _positive(over.high), look.net(net))
            | {"legendgroup": net}
        )
        words = say(f"plots.smooth.along.{quantity}")
        line = stroke(net, look, 2 if quantity != "change" else 1.2)
        traces.append(
            {
                "name": name,
                "x": over.epochs,
                "y": _positive(over.median),
                "customdata": np.stack([over.low, over.high], axis=1),
                "mode": "lines",
                "line": line,
                "legendgroup": net,
                "hovertemplate": "%{y:.4g} (%{customdata[0]:.3g} … %{customdata[1]:.3g}) " + words,
            }
        )
    axis = decades(np.empty(0), *(t["y"] for t in traces))
    return figure(
        look,
        traces,
        HEIGHT,
        xaxis=titled(say("plots.smooth.axis.step"), rangemode="tozero", zeroline=False),
        yaxis=titled(say(f"plots.smooth.axis.{quantity}"), **axis),
        hovermode="x unified",
        legend=LEGEND,
        margin=MARGIN,
    )


def _range(found: NetAlong, quantity: str, steps: Any) -> Band:
    """What is drawn at each step: a middle line, the ribbon's edges, and how many seeds are left.

    Of the gradient change the middle is the geometric mean of the edges, as it has no value
    before the step.
    """
    at = np.asarray(steps, dtype=np.float64)
    if quantity == "smoothness":
        return band(at, _finite(found.smoothness))
    low = band(at, _finite(getattr(found, f"{quantity}_low")))
    high = band(at, _finite(getattr(found, f"{quantity}_high")))
    if quantity == "loss":
        middle = band(at, _finite(found.loss)).median
    else:
        middle = np.sqrt(_positive(low.median) * _positive(high.median))
    return Band(at, middle, low.median, high.median, high.alive)


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, np.nan)


def _positive(values: Floats) -> Floats:
    """What a logarithmic axis can show."""
    return np.where(values > 0, values, np.nan)
