"""The whole spectrum of both nets on one axis."""

from typing import Any

import numpy as np

from bnviz.core.smoothness.density import Density, NetDensity
from bnviz.core.types import NETS, Floats
from bnviz.plots.axes import decades, place, symmetric
from bnviz.plots.nets import MARGIN, curve, finite, named_at_ends, positive, ribbon, room_for
from bnviz.plots.theme import Figure, Look, Say, figure, titled
from bnviz.plots.traces import line

HEIGHT = 380
#: The density axis ends this far below the highest peak.
DEPTH = 1e-6


def density(result: Density, look: Look, say: Say) -> Figure:
    """Spectral densities with bands over probes; eigenvalues as marks where all are known."""
    x = place(result.grid, result.unit)
    nets: dict[str, NetDensity] = {net: getattr(result, net) for net in NETS}
    every = np.concatenate([finite(spectrum.mean) for spectrum in nets.values()])
    floor = float(np.nanmax(every, initial=0.0)) * DEPTH or 1e-6
    exact = any(spectrum.exact.size for spectrum in nets.values())
    traces: list[dict[str, Any]] = []
    for net, spectrum in nets.items():
        traces += _curves(x, spectrum, net, floor, look, say)
    rug = [t for net, spectrum in nets.items() for t in _rug(spectrum, net, result.unit, look, say)]
    yaxis = titled(say("plots.smooth.axis.density"), domain=[0.14 if exact else 0, 1]) | decades(
        every[every >= floor], np.array([floor])
    )
    below = {"visible": False, "range": [-0.6, 1.6], "domain": [0, 0.12 if exact else 0]}
    # Where both densities leave the picture, and where all eigenvalues stand below them.
    names = named_at_ends([trace for trace in traces if "name" in trace], yaxis)
    if exact:
        middle = {"name": say("plots.smooth.density.exact"), "x": [0.0], "y": [0.5]}
        names += named_at_ends([middle | {"marker": {"color": look.ink}}], below)
    shown = np.concatenate([result.grid, *(spectrum.exact for spectrum in nets.values())])
    return figure(
        look,
        [*traces, *rug],
        HEIGHT,
        xaxis=titled(say("plots.smooth.axis.hessian"), zeroline=False, anchor="y2")
        | symmetric(shown, result.unit),
        yaxis=yaxis,
        yaxis2=below,
        annotations=[name | {"x": 1, "xref": "paper"} for name in names],
        margin=MARGIN | {"b": 56} | room_for(names),
    )


_MARK = {"symbol": "line-ns-open", "size": 9}


def _curves(
    x: Floats, spectrum: NetDensity, net: str, floor: float, look: Look, say: Say
) -> list[dict[str, Any]]:
    color = look.net(net)
    middle, margin = finite(spectrum.quadrature), spectrum.band * finite(spectrum.quadrature_error)
    low, high = np.maximum(middle - margin, floor), np.maximum(middle + margin, floor)
    mean = curve(net, x, positive(spectrum.mean), look, "%{y:.3g} ± %{customdata:.2g}")
    mean |= {"name": say(f"net.{net}"), "customdata": spectrum.error}
    traces = [ribbon(x, low, high, color), mean]
    if spectrum.exact.size:
        traces.append(line(x, positive(spectrum.quadrature), color, 1.5, "dot", showlegend=False))
    return [trace | {"legendgroup": net} for trace in traces]


def _rug(spectrum: NetDensity, net: str, unit: float, look: Look, say: Say) -> list[dict[str, Any]]:
    if not spectrum.exact.size:
        return []
    row = 1.0 if net == "bn" else 0.0
    return [
        {
            "name": say(f"net.{net}"),
            "x": place(spectrum.exact, unit),
            "y": np.full(len(spectrum.exact), row),
            "customdata": spectrum.exact,
            "yaxis": "y2",
            "mode": "markers",
            "marker": _MARK | {"color": look.net(net), "line": {"width": 1}},
            "legendgroup": net,
            "showlegend": False,
            "hovertemplate": "%{customdata:.5g}",
        }
    ]
