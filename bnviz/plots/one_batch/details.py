"""The tabs of One batch: the matrix, the epsilon gain curve, statistics from batch to batch."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnviz.core.batchnorm.mean_noise import MeanNoise
from bnviz.plots.axes import span, tick_label
from bnviz.plots.labels import distinct, label, labels
from bnviz.plots.nets import across, named_at_ends, room_for
from bnviz.plots.one_batch.distributions import Side, figure_height
from bnviz.plots.theme import BN, PLAIN, Figure, Look, Say, fade, figure, heading, titled
from bnviz.plots.traces import dots, line

Floats = NDArray[np.floating[Any]]

#: More rows than this are thinned evenly: a heat map has no more pixels to show.
MOST_ROWS = 512
#: The epsilons that one can choose: the gain curve's axis holds them all, so that it stands still.
SMALLEST_EPS, LARGEST_EPS = 1e-12, 10.0


def matrix(names: Sequence[str], x: Floats, side: Side, look: Look, say: Say) -> Figure:
    """The batch (B, D) as a heat map.

    Before BN each column runs over its own range; after, one symmetric colour
    scale serves the whole matrix.
    """
    kept = np.linspace(0, len(x) - 1, min(len(x), MOST_ROWS)).astype(np.intp)
    place = f"%{{x}}, {say('one_batch.row')} %{{y}}"
    cells: dict[str, Any] = {
        "type": "heatmap",
        "x": distinct(names),
        "y": kept + 1,
        "customdata": x[kept],
        "hovertemplate": place + "<br>%{customdata:.5g}<extra></extra>",
    } | (_own_range(x, kept, say) if side == "before" else _one_scale(x, kept, look, say))
    return figure(
        look,
        [cells],
        500,
        xaxis={"type": "category"},
        yaxis=titled(say("one_batch.row"), autorange="reversed"),
        annotations=[heading(say(f"one_batch.{side}"))],
        margin={"l": 68, "r": 16, "t": 36, "b": 110},
    )


def _own_range(x: Floats, kept: NDArray[np.intp], say: Say) -> dict[str, Any]:
    low, high = x.min(axis=0), x.max(axis=0)
    place = (x[kept] - low) / np.where(high > low, high - low, 1.0)
    bar = _colorbar(say("one_batch.axis.own")) | {"tickvals": [0, 1]}
    return {"z": place.astype(np.float32), "colorscale": "Cividis", "colorbar": bar}


def _one_scale(x: Floats, kept: NDArray[np.intp], look: Look, say: Say) -> dict[str, Any]:
    finite = np.abs(x[np.isfinite(x)])
    limit = float(np.quantile(finite, 0.98)) if finite.size else 1.0
    return {
        "z": x[kept].astype(np.float32),
        "zmin": -limit,
        "zmax": limit,
        "colorscale": [[0, PLAIN], [0.5, look.paper], [1, BN]],
        "colorbar": _colorbar(say("one_batch.axis.normalized")),
    }


def _colorbar(title: str) -> dict[str, Any]:
    return {
        "title": {"text": title, "side": "top", "font": {"size": 13}},
        "orientation": "h",
        "thickness": 10,
        "y": -0.12,
        "yanchor": "top",
    }


def gain_curve(
    names: Sequence[str], biased_variance: Floats, eps: float, look: Look, say: Say
) -> Figure:
    """1 / sqrt(biased variance + eps) over the biased variance, every feature a dot.

    A feature with zero variance cannot stand on a logarithmic axis: it is drawn
    at the left edge with an open marker.
    """
    shown = biased_variance[np.isfinite(biased_variance) & (biased_variance > 0)]
    low = np.log10(shown.min(initial=SMALLEST_EPS)) - 1
    high = np.log10(shown.max(initial=LARGEST_EPS)) + 1
    curve = np.logspace(low, high, 200)
    without, bn = say("one_batch.gain.without_epsilon"), look.color(BN)
    curves = [
        line(curve, 1 / np.sqrt(curve), look.ink, 1.5, "dot", name=without),
        line(curve, 1 / np.sqrt(curve + eps), bn, 3, name=say("one_batch.gain.with_epsilon")),
    ]
    traces = [*curves, _gains(names, biased_variance, eps, 10**low, look, say)]
    if eps:
        ends = np.array([10 ** (-high / 2), eps**-0.5])  # where the curves part
        mark = line(np.array([eps, eps]), ends, look.ink, 1, "dash", name="ε", showlegend=False)
        word = {"text": ["\N{NO-BREAK SPACE}ε", ""], "textposition": "top right"}
        traces.append(mark | word | {"mode": "lines+text"})
    gains = (-high / 2 - 0.2, -low / 2 + 0.2)
    yaxis = titled(say("one_batch.gain.axis"), **_powers(*gains, 3))
    # On the right the curves are one: they are named below where they begin, or, where that with
    # epsilon has no room there, beside it.
    begins = [each | {"x": each["x"][:1], "y": each["y"][:1]} for each in curves if eps]
    below = {"yanchor": "top", "yshift": -4, "bgcolor": look.paper}
    places = [below | {"xshift": 26}, below | {"xshift": 4}]
    if eps and np.log10(eps) - low < 4.5:
        bent = np.searchsorted(curve, [1e3 * eps])
        begins[1], places[1] = curves[1] | {"x": curve[bent], "y": curves[1]["y"][bent]}, {}
    names_of_curves = named_at_ends(begins, yaxis, log_x=True)
    notes = [name | place for name, place in zip(names_of_curves, places, strict=bool(eps))]
    apart = 2 * int(np.ceil((high - low) / 6))  # between ticks that have room
    return figure(
        look,
        traces,
        figure_height(len(names)),
        xaxis=titled(say("stat.biased_variance"), **_powers(low, high, apart)),
        yaxis=yaxis,
        annotations=[heading(say("one_batch.gain.title")), *notes],
        showlegend=False,
        margin={"l": 60, "r": 16, "t": 36, "b": 52},
    )


def _powers(low: float, high: float, apart: int) -> dict[str, Any]:
    """A logarithmic axis from 10^low to 10^high; one power of ten in so many is labelled."""
    ticks = [10.0**k for k in range(-(-int(np.ceil(low)) // apart) * apart, int(high) + 1, apart)]
    return {
        "type": "log",
        "range": [low, high],
        "tickangle": 0,
        "tickvals": ticks,
        "ticktext": [tick_label(tick) for tick in ticks],
    }


def _gains(
    names: Sequence[str], biased_variance: Floats, eps: float, left: float, look: Look, say: Say
) -> dict[str, Any]:
    """Every feature's gain as a dot, an open one at the `left` edge where its variance is zero."""
    dead, color = biased_variance <= 0, look.color(PLAIN)
    with np.errstate(divide="ignore"):
        gain = 1 / np.sqrt(biased_variance + eps)
    return dots(
        np.where(biased_variance > 0, biased_variance, left),
        np.where(np.isfinite(gain), gain, np.nan),
        color,
        11,
        np.where(dead, "circle-open", "circle").tolist(),
        "%{text}<br>%{customdata:.4g} → × %{y:.4g}<extra></extra>",
        {"width": 1.5, "color": np.where(dead, color, "white").tolist()},
        name=say("one_batch.gain.features"),
        cliponaxis=False,  # the open ones stand at the plot's edge
        customdata=biased_variance,
        text=labels(names),
    )


def batch_to_batch(names: Sequence[str], jitter: MeanNoise, look: Look, say: Say) -> Figure:
    """Each batch's means, in standard deviations from the average, with the expected band.

    The band is named where it ends, and so are features unless there are more than colours.
    """
    reach = 2 * jitter.expected
    ends = [jitter.seeds[0] - 0.5, jitter.seeds[-1] + 0.5]
    band: dict[str, Any] = {
        "name": say("one_batch.jitter.band"),
        "x": [*ends, *ends[::-1]],
        "y": [-reach, -reach, reach, reach],
        "mode": "lines",
        "line": {"width": 0, "color": look.ink},
        "fill": "toself",
        "fillcolor": look.faint,
        "hoverinfo": "skip",
    }
    many = len(names) > len(look.colorway)
    colors = [fade(look.color(BN), 0.5)] * len(names) if many else look.colorway
    hover = f"%{{y:.3f}} ({say('controls.seed')} %{{x}})"
    means = [
        line(jitter.seeds, departures, color, 1.2, hover=hover, name=label(name))
        | {"mode": "lines+markers", "marker": {"size": 5}}
        for name, departures, color in zip(names, jitter.departures.T, colors, strict=False)
    ]
    yaxis = titled(
        say("one_batch.jitter.axis"),
        range=span(jitter.departures, np.array([-reach, reach])),
    )
    named = named_at_ends([band] if many else [band, *means], yaxis)
    return figure(
        look,
        [band, *means],
        430,
        xaxis=titled(say("controls.seed"), **across([band])),
        yaxis=yaxis,
        annotations=named,
        showlegend=False,
        margin={"l": 68, "t": 36, "b": 52} | room_for(named),
    )
