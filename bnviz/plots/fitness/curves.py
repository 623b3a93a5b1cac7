"""A training's curves: both nets on one axis, a band over seeds."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bnviz.core.training.series import Band, band, band_of, gather, layer_band
from bnviz.core.training.snapshots import Snapshot
from bnviz.core.types import NETS
from bnviz.plots.axes import decades, span
from bnviz.plots.nets import (
    APART,
    bands,
    curve,
    finite,
    loss_title,
    named_at_ends,
    ribbon,
    room_for,
)
from bnviz.plots.theme import FOOT, SYMBOL, Figure, Look, Say, figure, heading, titled
from bnviz.plots.traces import line

HEIGHT = 300
#: So much of the epochs is room at either end, lest the marks there are cut.
_EDGE = 0.02
_MEASURES = (
    ("eigenvalue_max", 3.0, "solid"),
    ("lipschitz_max", 1.5, "dash"),
    ("lipschitz_median", 1.5, "dot"),
)


def loss(snapshots: Sequence[Snapshot], unit: str, look: Look, say: Say) -> Figure:
    """Validation loss with its band, training loss as a thin line."""
    traces = []
    for net in NETS:
        held_out = band_of(snapshots, net, "validation_loss")
        traces += banded(held_out, net, say(f"net.{net}"), look)
        training = band_of(snapshots, net, "train_loss")
        told = f"%{{y:.4g}}<extra>{say('fitness.on_training', net=say(f'net.{net}'))}</extra>"
        drawn = _line(training, net, say("fitness.training_key"), look) | {"hovertemplate": told}
        traces.append(drawn | {"opacity": 0.6, "visible": "legendonly"})
    named = [trace for trace in traces if trace.get("visible") is None and "name" in trace]
    return _over_epochs(traces, named, loss_title(unit, say), look, say)


def smoothness(snapshots: Sequence[Snapshot], look: Look, say: Say) -> Figure:
    """Lipschitz estimates and the largest Hessian eigenvalue of both nets on one log axis.

    Colour tells the nets apart, width and dash the three measures.
    """
    measures = [each for each in _MEASURES if gather(snapshots, "bn", each[0])[0].size]
    traces: list[dict[str, Any]] = []
    named = []
    for net in NETS:
        for field, width, dash in measures:
            over = band_of(snapshots, net, field)
            if field == "eigenvalue_max":
                traces.append(ribbon(over.epochs, over.low, over.high, look.net(net)))
            trace = _line(over, net, say(f"net.{net}"), look, mode="lines+markers")
            measure = say(f"fitness.{field}")
            traces.append(
                trace
                | {
                    "line": {"color": look.net(net), "width": width, "dash": dash},
                    "hovertemplate": f"%{{y:.4g}} {measure}",
                }
            )
            named.append(traces[-1] | ({"name": measure} if dash != "solid" else {}))
    return _over_epochs(traces, named, say("fitness.axis.smoothness"), look, say)


def per_seed(snapshots: Sequence[Snapshot], field: str, look: Look, say: Say) -> Figure:
    """Any figure that each seed has one of, under its own name; both nets, log axis."""
    traces = [
        trace
        for net in NETS
        for trace in banded(band_of(snapshots, net, field), net, say(f"net.{net}"), look)
    ]
    return _over_epochs(traces, traces[1::2], say(f"fitness.axis.{field}"), look, say)


def dead_units(snapshots: Sequence[Snapshot], look: Look, say: Say) -> Figure:
    """Share of dead units of every layer, both nets."""
    layers = len(snapshots[0].bn.dead_share)
    traces: list[dict[str, Any]] = []
    named: list[dict[str, Any]] = []
    for net in NETS:
        drawn = {}
        for layer in range(layers):
            over = layer_band(snapshots, net, "dead_share", layer)
            name = say("fitness.net_layer", net=say(f"net.{net}"), layer=layer + 1)
            trace = _line(over, net, name, look, mode="lines+markers")
            drawn[layer + 1] = trace | {"opacity": 1 - 0.7 * layer / layers}
        traces += drawn.values()
        for some in _beside(drawn):
            name = say(f"net.{net}")
            if len(some) < layers:
                name = say("fitness.net_layers", net=name, layers=", ".join(map(str, some)))
            named.append(drawn[some[0]] | {"name": name})
    layout = {"tickformat": ".0%", "range": [0, 1.05 * max(map(_last, traces), default=0) or 1]}
    return _over_epochs(traces, named, say("fitness.axis.dead"), look, say, log=False, **layout)


def _beside(layers: Mapping[int, Mapping[str, Any]]) -> list[list[int]]:
    """The numbers of layers whose curves end so near each other that one name serves them."""
    groups: list[list[int]] = []
    last = {number: _last(trace) for number, trace in layers.items()}
    top = max(last.values(), default=0.0) or 1.0
    for number in sorted(last, key=lambda number: last[number]):
        if groups and last[number] - last[groups[-1][0]] < APART * top:
            groups[-1].append(number)
        else:
            groups.append([number])
    return [sorted(group) for group in groups]


def _last(trace: Mapping[str, Any]) -> float:
    """Where a curve ends; 0 where it has no point."""
    values = finite(trace["y"])
    return float(values[np.isfinite(values)][-1:].sum())


def activations(
    snapshots: Sequence[Snapshot], net: str, layer: int, one_axis: bool, look: Look, say: Say
) -> Figure:
    """What enters one layer's activation function in one net: quantile ribbons over epochs.

    The axis fits the epochs after the first, where BN still has the running statistics
    it was made with, and its output may be a thousand times as wide. With `one_axis`
    it fits both nets.
    """
    epochs, levels = _levels(snapshots, net, layer)
    means = layer_band(snapshots, net, "activation_mean", layer).median
    spreads = layer_band(snapshots, net, "activation_std", layer).median
    shown = NETS if one_axis else (net,)
    each_epoch = np.stack([_levels(snapshots, each, layer)[1] for each in shown], 1)
    later = each_epoch[epochs > epochs[0]]
    fitted = later if np.isfinite(later).any() else each_epoch
    return figure(
        look,
        _ribbons(epochs, levels, means, spreads, look.net(net), say),
        HEIGHT,
        xaxis=titled(say("fitness.axis.epoch")),
        yaxis=titled(say("fitness.axis.activation"), range=_padded(fitted)),
        annotations=[heading(say(f"net.{net}"))],
        showlegend=False,
    )


def _levels(snapshots: Sequence[Snapshot], net: str, layer: int) -> tuple[np.ndarray, np.ndarray]:
    """Epochs (T,) and quantile levels (T, Q) of one layer, the median over seeds."""
    epochs, quantiles = gather(snapshots, net, "activation_quantiles")
    return epochs, _median_over_seeds(quantiles[:, layer])


def _padded(values: np.ndarray) -> list[float] | None:
    finite = values[np.isfinite(values)]
    if not finite.size or np.ptp(finite) == 0:
        return None
    pad = 0.06 * np.ptp(finite)
    return [float(finite.min() - pad), float(finite.max() + pad)]


def banded(over: Band, net: str, name: str, look: Look) -> list[dict[str, Any]]:
    """A median line with its band from the 10 % to the 90 % quantile over seeds."""
    return [ribbon(over.epochs, over.low, over.high, look.net(net)), _line(over, net, name, look)]


def _line(over: Band, net: str, name: str, look: Look, mode: str = "") -> dict[str, Any]:
    mark = {"symbol": SYMBOL[net], "size": 7, "color": look.net(net)}
    mode = mode or _mode(over.epochs, over.median)
    return curve(net, over.epochs, over.median, look, name=name, mode=mode, marker=mark)


def _mode(epochs: np.ndarray, values: np.ndarray) -> str:
    """How a line is drawn: of a single epoch it would be invisible without a mark."""
    return "lines" if len(set(epochs[np.isfinite(values)])) > 1 else "lines+markers"


def _over_epochs(
    traces: list[dict[str, Any]],
    named: Sequence[dict[str, Any]],
    axis: str,
    look: Look,
    say: Say,
    log: bool = True,
    **scale: Any,
) -> Figure:
    """Traces over the epochs, those `named` so at their ends; a key has what is not yet seen."""
    if log:
        scale |= decades(np.empty(0), *(np.asarray(trace["y"], float) for trace in traces))
    last = max([1.0, *(float(np.max(trace["x"], initial=0)) for trace in traces)])
    yaxis = titled(axis, **scale)
    names = named_at_ends(named, yaxis)
    return figure(
        look,
        traces,
        HEIGHT,
        xaxis=titled(say("fitness.axis.epoch"), range=[-_EDGE * last, (1 + _EDGE) * last]),
        yaxis=yaxis,
        hovermode="x unified",
        annotations=names,
        showlegend=any("visible" in trace for trace in traces),
        legend=FOOT | {"font": {"size": 12}, "itemwidth": 30},
        margin={"l": 72, "t": 12, "b": 78} | room_for(names),
    )


def _median_over_seeds(values: np.ndarray) -> np.ndarray:
    """(T, S, Q) to (T, Q), leaving out seeds that diverged."""
    return np.stack([band(np.empty(0), values[..., q]).median for q in range(values.shape[-1])], -1)


def _ribbons(
    epochs: np.ndarray,
    levels: np.ndarray,
    means: np.ndarray,
    spreads: np.ndarray,
    color: str,
    say: Say,
) -> list[dict[str, Any]]:
    """Nested quantile bands with the mean and the mean +/- one standard deviation."""
    mean = line(epochs, means, color, 2.5, hover="%{y:.4g}", name=say("stat.mean"))
    mean["mode"] = _mode(epochs, means)
    there_and_again = np.concatenate([epochs, [np.nan], epochs])
    ends = np.concatenate([means + spreads, [np.nan], means - spreads])
    spread = line(there_and_again, ends, color, 1.2, "dot", name=say("plots.mean_deviation"))
    return [*bands(epochs, levels, color, say), mean, spread]


def running(snapshots: Sequence[Snapshot], field: str, look: Look, say: Say) -> Figure:
    """BN's running statistics: the median unit of every layer, with the middle half of units."""
    epochs, values = gather(snapshots, "bn", field)
    traces = []
    for layer in range(values.shape[1]):
        quantiles = _median_over_seeds(values[:, layer])
        over = Band(epochs, quantiles[:, 2], quantiles[:, 1], quantiles[:, 3], np.empty(0, int))
        name = say("fitness.layer", layer=layer + 1)
        opacity = 1 - 0.7 * layer / values.shape[1]
        traces += [t | {"opacity": opacity} for t in banded(over, "bn", name, look)]
    reach = span(*(finite(trace["y"]) for trace in traces))
    axis = say(f"fitness.axis.{field}")
    return _over_epochs(traces, traces[1::2], axis, look, say, log=False, range=reach)
