"""Nets and batches: losses before and after precise BN, drift by layer, one batch split K ways."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from bnviz.core.batchnorm.micro_batches import COMPARED, Split
from bnviz.plots.axes import decades, span
from bnviz.plots.labels import label
from bnviz.plots.nets import loss_title, named_at_ends, ribbon, room_for
from bnviz.plots.theme import BN, FOOT, PLAIN, Figure, Look, Say, fade, figure, heading, titled
from bnviz.plots.traces import dots, joined, level, line

if TYPE_CHECKING:
    from bnviz.core.training.precise_bn import Drift, Recalibration

HEIGHT = 300
WAYS = ("before", "after", "train_mode")
#: Differences below this are rounding and drawn there.
FLOOR = 1e-17


def losses(recalibration: "Recalibration", unit: str, look: Look, say: Say) -> Figure:
    """Held-out loss of every seed three ways, a line a seed, and the medians."""
    values = np.array([getattr(recalibration, way) for way in WAYS])
    place = np.arange(len(WAYS), dtype=np.float64)
    bn, plain, hover = look.color(BN), look.color(PLAIN), "%{y:.4g}<extra></extra>"
    lines = line(*joined(place, values), fade(bn, 0.45), 1.2, hover=hover) | {
        "name": say("train_vs_eval.recalibrate.seed"),
        "mode": "lines+markers",
        "marker": {"color": bn, "size": 6},
    }
    middle = [np.median(v[np.isfinite(v)]) if np.isfinite(v).any() else None for v in values]
    edge = {"color": plain, "width": 3}
    medians = dots(place, middle, plain, 44, "line-ew-open", hover, edge, name=say("stat.median"))
    return figure(
        look,
        [lines, medians],
        HEIGHT,
        xaxis={
            "tickvals": place,
            "ticktext": [_folded(say(f"train_vs_eval.recalibrate.{way}")) for way in WAYS],
            "tickangle": 0,
            "range": [-0.5, 2.5],
            "zeroline": False,
            **titled(say("train_vs_eval.recalibrate.axis_way")),
        },
        yaxis=titled(loss_title(unit, say), **decades(values.ravel())),
        annotations=[heading(say("train_vs_eval.recalibrate.losses"))],
        showlegend=False,
        margin={"l": 68, "r": 16, "t": 36, "b": 84},
    )


def _folded(text: str) -> str:
    """Two lines where there is a comma, in either language."""
    return text.replace(", ", ",<br>").replace("，", "，<br>")


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
        shapes=[level(1, look.ink)],
        annotations=[heading(say("train_vs_eval.recalibrate.drifts"))],
        legend=FOOT,
        margin={"l": 68, "r": 16, "t": 36, "b": 84},
    )


def micro_statistics(split: Split, feature: int, name: str, look: Look, say: Say) -> Figure:
    """Mean and deviation of each micro-batch beside those of the whole batch."""
    number = np.arange(1, len(split.sizes) + 1)
    means = split.accumulated.means[:, feature]
    spread = np.sqrt(split.accumulated.biased_variances[:, feature])
    whole = split.synchronized.means[0, feature]
    reach = float(np.sqrt(split.synchronized.biased_variances[0, feature]))
    ends = [0.5, len(split.sizes) + 0.5]
    bn, plain = look.color(BN), look.color(PLAIN)
    area = ribbon(ends, [whole - reach] * 2, [whole + reach] * 2, bn) | {
        "fillcolor": fade(bn, 0.18),
    }
    mean = line(ends, [whole] * 2, bn, hover="%{y:.5g}<extra></extra>") | {
        "name": say("train_vs_eval.split.whole")
    }
    hover = "%{x}: %{y:.5g} ± %{customdata:.4g}<extra></extra>"
    micro = dots(number, means, plain, 9, "diamond", hover) | {
        "name": say("train_vs_eval.split.micro"),
        "error_y": {"array": spread, "color": plain, "thickness": 1.5, "width": 4},
        "customdata": spread,
    }
    edges = [means - spread, means + spread, np.array([whole - reach, whole + reach])]
    yaxis = titled(
        say("train_vs_eval.split.axis_value", feature=label(name)),
        zeroline=False,
        range=span(*edges),
    )
    names = [note | {"x": ends[1]} for note in named_at_ends([mean, micro], yaxis)]
    return figure(
        look,
        [area, mean, micro],
        HEIGHT,
        xaxis=titled(say("train_vs_eval.split.axis_micro"), range=ends, zeroline=False)
        | ({"dtick": 1} if len(number) <= 8 else {}),
        yaxis=yaxis,
        annotations=[heading(say("train_vs_eval.split.statistics")), *names],
        showlegend=False,
        margin={"l": 72, "t": 36, "b": 52} | room_for(names),
    )


def split_differences(ways: Mapping[str, Mapping[str, float]], look: Look, say: Say) -> Figure:
    """Largest relative difference to the big batch, each quantity, both ways, log axis."""
    names = [say(f"train_vs_eval.split.{name}") for name in COMPARED]
    colors = {"accumulated": look.color(PLAIN), "synchronized": look.color(BN)}
    symbols = {"accumulated": "diamond", "synchronized": "circle"}
    signs = {"accumulated": "◆", "synchronized": "●"}
    hover, traces, key = "%{y}: %{customdata:.3g}", [], []
    for way, values in ways.items():
        exact = [values[name] for name in COMPARED]
        drawn = [max(value, FLOOR) for value in exact]
        mark = dots(drawn, names, colors[way], 11, symbols[way], hover, customdata=exact)
        name = say(f"train_vs_eval.split.{way}")
        traces.append(mark | {"name": name})
        key.append(f'<span style="color:{look.words(colors[way])}">{signs[way]} {name}</span>')
    return figure(
        look,
        traces,
        HEIGHT,
        xaxis=titled(
            say("train_vs_eval.split.differences"),
            **decades(*(np.array(trace["x"]) for trace in traces), most=4),
        ),
        yaxis={"autorange": "reversed", "type": "category", "dtick": 1},
        annotations=[heading("   ".join(key))],  # a legend takes no more than the plot's width
        showlegend=False,
        margin={"l": 150, "r": 12, "t": 36, "b": 52},
    )
