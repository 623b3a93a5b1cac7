"""The ends of the Hessian's spectrum, its trace, and the random probes below its largest end."""

from typing import Any

import numpy as np

from bnviz.core.smoothness.extremes import Extremes, Spectrum
from bnviz.core.types import NETS, Floats
from bnviz.plots.axes import decades, place, symmetric
from bnviz.plots.nets import LEGEND, MARGIN, counted, finite, key, marks, positive, whiskers
from bnviz.plots.theme import Figure, Look, Say, fade, figure, heading, titled
from bnviz.texts.numbers import short

HEIGHT = 340
#: A net has no more probes on screen than this; there are no more pixels.
MOST = 4000
#: Traces that differ more than this, in size, need an axis of powers of ten.
SPAN = 100.0
#: Rows of the nets, from below, and how far their seeds spread.
_ROW = {"bn": 1.0, "plain": 0.0}
_SPREAD = 0.24


def largest(spectrum: Spectrum) -> Floats:
    """(S,) the largest absolute eigenvalue: the gradient's Lipschitz constant at the net."""
    return finite(np.maximum(np.abs(spectrum.minimum), np.abs(spectrum.maximum)))


def ruler(result: Extremes, look: Look, say: Say) -> Figure:
    """For every seed of both nets: random probes, the rms eigenvalue, the largest |eigenvalue|."""
    traces: list[dict[str, Any]] = [
        key(say("plots.smooth.ruler.probes"), look, marker={"size": 6, "opacity": 0.5}),
        key(say("plots.smooth.ruler.rms"), look, marker=_TICK | {"line": {"color": look.ink}}),
        key(say("plots.smooth.ruler.largest"), look, marker={"size": 12}),
    ]
    notes = []
    for net in NETS:
        spectrum: Spectrum = getattr(result, net)
        traces += _ruler_of(spectrum, net, look, say)
        top, middle = largest(spectrum), _median_probe(spectrum)
        factors = top / middle
        factors = factors[np.isfinite(factors)]
        name = counted(net, len(factors), len(top), say)
        factor = short(float(np.median(factors)), 2) if factors.size else "–"
        text = say("plots.smooth.ruler.factor", net=name, factor=factor)
        notes.append(_row(text, net, look))
    every = [np.asarray(t["x"], dtype=np.float64) for t in traces[3:]]
    return figure(
        look,
        traces,
        HEIGHT,
        xaxis=titled(say("plots.smooth.axis.eigenvalue")) | decades(np.empty(0), *every, most=5),
        yaxis={"visible": False, "range": [-0.4, 1.7]},
        annotations=notes,
        legend=LEGEND,
        margin=MARGIN | {"l": 16},
    )


_TICK = {"symbol": "line-ns-open", "size": 16}


def _row(text: str, net: str, look: Look) -> dict[str, Any]:
    """What stands above a net's seeds."""
    at = {"x": 0, "y": _ROW[net] + 0.33, "yref": "y", "font": {"color": look.net(net)}}
    return heading(text) | at


def _ruler_of(spectrum: Spectrum, net: str, look: Look, say: Say) -> list[dict[str, Any]]:
    color, top = look.net(net), largest(spectrum)
    y = _ROW[net] + _offsets(len(top))
    probes = positive(_thinned(spectrum.probes))
    low = finite(np.where(np.isnan(probes), np.inf, probes).min(axis=1, initial=np.inf))
    gap = np.full(len(top), np.nan)
    rms, down, up = _root(finite(spectrum.mean_square), finite(spectrum.mean_square_margin))
    base = {"showlegend": False, "hovertemplate": "%{x:.4g}"}
    name = say(f"net.{net}")
    line = {"mode": "lines", "line": {"color": fade(color, 0.45), "width": 1.5}}
    size = float(np.clip(100 / max(len(top), 1), 5, 12))  # many seeds stand close
    strip = {"symbol": "circle", "size": size / 2, "color": fade(color, 0.35), "line": {"width": 0}}
    tick = _TICK | {"size": size + 4, "color": look.ink, "line": {"color": look.ink, "width": 2}}
    return [
        {"x": np.stack([low, top, gap], 1).ravel(), "y": np.stack([y, y, gap], 1).ravel()}
        | {"showlegend": False, "hoverinfo": "skip"}
        | line,
        {"name": name, "x": probes.ravel(), "y": np.repeat(y, probes.shape[1])}
        | {"mode": "markers", "marker": strip}
        | base,
        {"name": name, "x": rms, "y": y, "mode": "markers", "marker": tick}
        | {"error_x": whiskers(down, up, look.ink, width=4)}
        | base,
        marks(net, top, y, look, size, name=name, showlegend=False),
    ]


def _offsets(seeds: int) -> Floats:
    """The first seed on top; one seed in the middle."""
    return np.linspace(_SPREAD, -_SPREAD, seeds) if seeds > 1 else np.zeros(seeds)


def _thinned(probes: Floats) -> Floats:
    """(S, P) at most MOST of them in all: evenly spaced in order of size, the ends among them."""
    seeds, count = probes.shape
    kept = max(2, MOST // max(seeds, 1))
    if count <= kept:
        return probes
    return np.sort(probes, axis=1)[:, np.linspace(0, count - 1, kept).round().astype(np.intp)]


def _root(square: Floats, margin: Floats) -> tuple[Floats, Floats, Floats]:
    """The root, and how far it reaches down and up."""
    root = np.sqrt(np.maximum(square, 0.0))
    low = np.sqrt(np.maximum(square - margin, 0.0))
    return root, root - low, np.sqrt(np.maximum(square + margin, 0.0)) - root


def _median_probe(spectrum: Spectrum) -> Floats:
    """(S,)."""
    if not spectrum.probes.size:
        return np.full(len(spectrum.maximum), np.nan)
    return positive(np.median(spectrum.probes, axis=1))  # NaN stays NaN


def normalized(result: Extremes, look: Look, say: Say) -> Figure:
    """Every seed's largest eigenvalue with weights in units of their filters' norms."""
    traces = {}
    for net in NETS:
        values = getattr(result, net).normalized
        shown = np.isfinite(values) & (values > 0)
        name = counted(net, int(shown.sum()), len(values), say)
        rows = _ROW[net] + _offsets(len(values))
        traces[net] = marks(net, values[shown], rows[shown], look, 11, name=name)
    axis = decades(*(t["x"] for t in traces.values()), most=5)
    return _rows(traces, titled(say("plots.smooth.axis.normalized")) | axis, look)


def traces(result: Extremes, look: Look, say: Say) -> Figure:
    """tr(H) of every seed with its 95 % confidence interval, of either sign.

    The axis is linear unless the traces span decades, then symmetric (see there).
    """
    nets: dict[str, Spectrum] = {net: getattr(result, net) for net in NETS}
    sums = np.concatenate([finite(spectrum.trace) for spectrum in nets.values()])
    margins = np.concatenate([finite(spectrum.trace_margin) for spectrum in nets.values()])
    sizes = np.abs(sums[np.isfinite(sums) & (sums != 0)])
    wide = bool(sizes.size) and sizes.max() > SPAN * sizes.min()
    unit = float(max(10 ** np.floor(np.log10(sizes.min())), 1e-9 * sizes.max())) if wide else None
    drawn = {}
    for net, spectrum in nets.items():
        value, margin = finite(spectrum.trace), finite(spectrum.trace_margin)
        low, at, high = (_at(value + side * margin, unit) for side in (-1, 0, 1))
        hover = "%{customdata[0]:.4g} ± %{customdata[1]:.3g}"
        drawn[net] = (
            marks(net, at, _ROW[net] + _offsets(len(value)), look, 9, hover)
            | {"name": counted(net, int(np.isfinite(value).sum()), len(value), say)}
            | {"error_x": whiskers(at - low, high - at, look.net(net))}
            | {"customdata": np.stack([value, margin], axis=1)}
        )
    ends = np.concatenate([sums - margins, sums + margins])
    axis = {"nticks": 6} if unit is None else symmetric(ends, unit, most=7)
    return _rows(drawn, titled(say("plots.smooth.axis.trace")) | axis, look)


def _at(values: Floats, unit: float | None) -> Floats:
    """Where they stand on a linear axis (no unit) or a symmetric one."""
    return values if unit is None else place(values, unit)


def _rows(drawn: dict[str, dict[str, Any]], xaxis: dict[str, Any], look: Look) -> Figure:
    """The seeds of both nets, the net's name above its own."""
    return figure(
        look,
        list(drawn.values()),
        300,
        xaxis=xaxis,
        yaxis={"visible": False, "range": [-0.4, 1.7]},
        annotations=[_row(each["name"], net, look) for net, each in drawn.items()],
        showlegend=False,
        margin=MARGIN | {"l": 16, "b": 52},
    )
