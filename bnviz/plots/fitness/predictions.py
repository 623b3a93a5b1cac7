"""What the trained nets predict, against what was measured."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnviz.plots.theme import BN, SYMBOL, Figure, Look, Say, fade, figure, titled

Floats = NDArray[np.floating[Any]]


def predicted_against_actual(
    actual: Floats, predicted: Mapping[str, Floats], target: str, look: Look, say: Say
) -> Figure:
    """`actual` (n,) and each net's median prediction over seeds (n,), with the diagonal."""
    finite = [values[np.isfinite(values)] for values in (actual, *predicted.values())]
    everything = np.concatenate(finite)
    ends = [float(everything.min()), float(everything.max())]
    diagonal: dict[str, Any] = {
        "x": ends,
        "y": ends,
        "mode": "lines",
        "name": say("fitness.perfect"),
        "line": {"color": look.ink, "width": 1, "dash": "dot"},
        "hoverinfo": "skip",
    }
    clouds = [
        {
            "x": actual,
            "y": values,
            "mode": "markers",
            "name": say(f"net.{net}"),
            "marker": {"color": fade(look.net(net), 0.65), "size": 7, "symbol": SYMBOL[net]},
            "hovertemplate": "%{x:.4g} → %{y:.4g}",
        }
        for net, values in predicted.items()
    ]
    return figure(
        look,
        [diagonal, *clouds],
        430,
        xaxis=titled(say("fitness.axis.actual", target=target)),
        yaxis=titled(say("fitness.axis.predicted", target=target)),
    )


def targets(values: Floats, target: str, look: Look, say: Say) -> Figure:
    """How often each value of the target (n,) occurs."""
    counts, edges = np.histogram(values, bins=60)
    bars: dict[str, Any] = {
        "type": "bar",
        "x": (edges[:-1] + edges[1:]) / 2,
        "y": counts,
        "width": np.diff(edges),
        "marker": {"color": look.color(BN), "line": {"width": 0}},
        "hovertemplate": "%{x:.4g}: %{y}<extra></extra>",
    }
    return figure(
        look,
        [bars],
        320,
        xaxis=titled(target),
        yaxis=titled(say("fitness.axis_rows")),
        bargap=0,
    )
