"""Several trainings on the same axes: one colour a run, solid with the norm, dashed without."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bnviz.core.training.series import Band, band_of
from bnviz.core.training.snapshots import Snapshot
from bnviz.plots.axes import decades
from bnviz.plots.labels import label
from bnviz.plots.nets import LEGEND
from bnviz.plots.theme import DASH, Figure, Look, Say, figure, titled

#: Neither of the colours that tell the two nets of one run apart.
HUES = ("#00866A", "#B3478F", "#B07700", "#6A51A3", "#8C564B", "#5B6770")
_DARK = ("#3CC9A5", "#E48BC4", "#EDB84A", "#B3A0E0", "#D09C8F", "#AAB8C2")
HEIGHT = 360


def side_by_side(
    runs: Mapping[str, tuple[str, Sequence[Snapshot]]],
    field: str,
    nets: Sequence[str],
    look: Look,
    say: Say,
) -> Figure:
    """`field` of the nets over epochs, its median over seeds, for each run by its letter and name.

    The curve of the first of `nets` carries its run's letter where it ends.
    """
    traces: list[dict[str, Any]] = []
    for place, (letter, (name, snapshots)) in enumerate(runs.items()):
        for net in nets:
            over = band_of(snapshots, net, field)
            color = (_DARK if look.dark else HUES)[place]
            curve = _curve(over, letter, f"{letter} · {label(name)}", color, net, look)
            traces.append(curve | ({} if net == nets[0] else {"showlegend": False, "text": ""}))
    _apart([trace for trace in traces if len(trace["text"])])
    epochs = [trace["x"] for trace in traces]
    last = max((x[-1] for x in epochs if len(x)), default=1.0)
    return figure(
        look,
        traces,
        HEIGHT,
        xaxis=titled(say("fitness.axis.epoch"), range=[0, 1.04 * max(last, 1.0)]),
        yaxis=titled(say(f"runs.measured.{field}"), **decades(*[trace["y"] for trace in traces])),
        legend=LEGEND,
        margin={"l": 72, "r": 12, "t": 12, "b": 92},
    )


def _apart(named: Sequence[dict[str, Any]]) -> None:
    """Put the letter of the highest curve above its end and that of the lowest below."""
    ended = [trace for trace in named if any(trace["text"])]
    ended.sort(key=lambda trace: float(trace["y"][list(map(bool, trace["text"])).index(True)]))
    if len(ended) > 1:
        ended[0]["textposition"], ended[-1]["textposition"] = "bottom right", "top right"


def _curve(over: Band, letter: str, name: str, color: str, net: str, look: Look) -> dict[str, Any]:
    ends = np.flatnonzero(np.isfinite(over.median))[-1:]
    text = [
        f"\N{NO-BREAK SPACE}{letter}" if place in ends else "" for place in range(len(over.median))
    ]
    return {
        "name": name,
        "legendgroup": letter,
        "x": over.epochs,
        "y": over.median,
        "mode": "lines+text",
        "text": text,
        "textposition": "middle right",
        "textfont": {"color": look.words(color), "size": 14},
        "cliponaxis": False,
        "line": {"color": color, "width": 2.5, "dash": DASH[net]},
        "hovertemplate": "%{y:.4g}",
    }
