"""Nets and batches: losses before and after precise BN, drift by layer, one batch split K ways."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bnviz.core.batchnorm.micro_batches import COMPARED, Split
from bnviz.plots.labels import label
from bnviz.plots.theme import BELOW, BN, PLAIN, Figure, Look, Say, fade, figure, heading, titled

if TYPE_CHECKING:
    from bnviz.core.training.precise_bn import Drift, Recalibration

Floats = NDArray[np.float64]

HEIGHT = 380
WAYS = ("before", "after", "train_mode")
#: Differences below this are rounding and drawn there.
FLOOR = 1e-17


def losses(recalibration: "Recalibration", unit: str, look: Look, say: Say) -> Figure:
    """Held-out loss of every seed three ways, a line a seed, and the medians."""
    values = np.array([getattr(recalibration, way) for way in WAYS])
    place = np.arange(len(WAYS), dtype=np.float64)
    gap = np.full((1, values.shape[1]), np.nan)
    lines = {
        "name": say("train_vs_eval.recalibrate.seed"),
        "x": np.tile(np.append(place, np.nan), values.shape[1]),
        "y": np.vstack([values, gap]).T.ravel(),
        "mode": "lines+markers",
        "line": {"color": fade(look.color(BN), 0.45), "width": 1.2},
        "marker": {"color": look.color(BN), "size": 6},
        "hovertemplate": "%{y:.4g}<extra></extra>",
    }
    medians = {
        "name": say("stat.median"),
        "x": place,
        "y": [np.median(v[np.isfinite(v)]) if np.isfinite(v).any() else None for v in values],
        "mode": "markers",
        "marker": {"color": look.color(PLAIN), "size": 44, "symbol": "line-ew-open"}
        | {"line": {"color": look.color(PLAIN), "width": 3}},
        "hovertemplate": "%{y:.4g}<extra></extra>",
    }
    return figure(
        look,
        [lines, medians],
        HEIGHT,
        xaxis={
            "tickvals": place,
            "ticktext": [say(f"train_vs_eval.recalibrate.{way}") for way in WAYS],
            "range": [-0.5, 2.5],
            "zeroline": False,
            **titled(say("train_vs_eval.recalibrate.axis_way")),
        },
        yaxis=titled(
            say("fitness.axis.loss", unit=unit) if unit else say("fitness.axis.loss_unitless"),
            type="log",
        ),
        annotations=[heading(say("train_vs_eval.recalibrate.loss"))],
        showlegend=False,
        margin={"l": 68, "r": 16, "t": 36, "b": 84},
    )


def drifts(layers: Sequence["Drift"], look: Look, say: Say) -> Figure:
    """Every unit of every layer: how far its running mean and deviation were off."""
    traces = []
    for index, layer in enumerate(layers):
        count = layer.mean.size
        traces.append(
            {
                "name": say("fitness.layer", layer=index + 1),
                "x": layer.mean.ravel(),
                "y": layer.deviation.ravel(),
                "mode": "markers",
                "marker": {"size": 6 if count <= 512 else 4, "opacity": 0.65, "symbol": index},
                "hovertemplate": "%{x:.3f}, × %{y:.3f}",
            }
        )
    return figure(
        look,
        traces,
        HEIGHT,
        xaxis=titled(say("train_vs_eval.recalibrate.axis_mean")),
        yaxis=titled(say("train_vs_eval.recalibrate.axis_deviation"), zeroline=False),
        shapes=[
            {"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": 1, "y1": 1}
            | {"line": {"color": look.ink, "width": 1, "dash": "dot"}}
        ],
        annotations=[heading(say("train_vs_eval.recalibrate.drift"))],
        legend=BELOW,
        margin={"l": 68, "r": 16, "t": 36, "b": 100},
    )


def micro_statistics(split: Split, feature: int, name: str, look: Look, say: Say) -> Figure:
    """Mean and deviation of each micro-batch beside those of the whole batch."""
    number = np.arange(1, len(split.sizes) + 1)
    means = split.accumulated.means[:, feature]
    spread = np.sqrt(split.accumulated.biased_variances[:, feature])
    whole = split.synchronized.means[0, feature]
    reach = float(np.sqrt(split.synchronized.biased_variances[0, feature]))
    ends = [0.5, len(split.sizes) + 0.5]
    traces: list[dict[str, Any]] = [
        {
            "name": say("train_vs_eval.split.whole"),
            "x": [*ends, *ends[::-1]],
            "y": [whole - reach, whole - reach, whole + reach, whole + reach],
            "fill": "toself",
            "fillcolor": fade(look.color(BN), 0.18),
            "line": {"width": 0},
            "mode": "lines",
            "hoverinfo": "skip",
        },
        {
            "x": ends,
            "y": [whole, whole],
            "mode": "lines",
            "line": {"color": look.color(BN), "width": 2},
            "showlegend": False,
            "hovertemplate": "%{y:.5g}<extra></extra>",
        },
        {
            "name": say("train_vs_eval.split.micro"),
            "x": number,
            "y": means,
            "error_y": {"array": spread, "color": look.color(PLAIN), "thickness": 1.5, "width": 4},
            "mode": "markers",
            "marker": {"color": look.color(PLAIN), "size": 9, "symbol": "diamond"},
            "customdata": spread,
            "hovertemplate": "%{x}: %{y:.5g} ± %{customdata:.4g}<extra></extra>",
        },
    ]
    return figure(
        look,
        traces,
        HEIGHT,
        xaxis=titled(say("train_vs_eval.split.axis_micro"), range=ends, zeroline=False)
        | ({"dtick": 1} if len(number) <= 16 else {}),
        yaxis=titled(say("train_vs_eval.split.axis_value", feature=label(name)), zeroline=False),
        annotations=[heading(say("train_vs_eval.split.statistics"))],
        legend=BELOW,
        margin={"l": 72, "r": 16, "t": 36, "b": 90},
    )


def split_differences(ways: Mapping[str, Mapping[str, float]], look: Look, say: Say) -> Figure:
    """Largest relative difference to the big batch, each quantity, both ways, log axis."""
    names = [say(f"train_vs_eval.split.{name}") for name in COMPARED]
    colors = {"accumulated": look.color(PLAIN), "synchronized": look.color(BN)}
    symbols = {"accumulated": "diamond", "synchronized": "circle"}
    traces = [
        {
            "name": say(f"train_vs_eval.split.{way}"),
            "x": [max(values[name], FLOOR) for name in COMPARED],
            "y": names,
            "customdata": [values[name] for name in COMPARED],
            "mode": "markers",
            "marker": {"color": colors[way], "size": 11, "symbol": symbols[way]},
            "hovertemplate": "%{y}: %{customdata:.3g}",
        }
        for way, values in ways.items()
    ]
    return figure(
        look,
        traces,
        HEIGHT,
        xaxis=titled(say("train_vs_eval.split.axis_difference"), type="log", dtick=4),
        yaxis={"autorange": "reversed", "type": "category"},
        annotations=[heading(say("train_vs_eval.split.difference"))],
        legend=BELOW,
        margin={"l": 150, "r": 12, "t": 36, "b": 90},
    )
