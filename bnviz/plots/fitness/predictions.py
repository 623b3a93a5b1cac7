"""What the trained nets predict, against what was measured."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnviz.plots.nets import across, named_at_ends, room_for
from bnviz.plots.theme import BN, DASH, SYMBOL, Figure, Look, Say, fade, figure, titled
from bnviz.plots.traces import dots, histogram, line

Floats = NDArray[np.floating[Any]]


def predicted_against_actual(
    actual: Floats, predicted: Mapping[str, Floats], target: str, look: Look, say: Say
) -> Figure:
    """`actual` (n,) and each net's median prediction over seeds (n,), with the diagonal."""
    finite = [values[np.isfinite(values)] for values in (actual, *predicted.values())]
    everything = np.concatenate(finite)
    ends = [float(everything.min()), float(everything.max())]
    diagonal = line(ends, ends, look.ink, 1, "dot", name=say("fitness.perfect"))
    axis = across([diagonal])
    names = named_at_ends([diagonal], axis)
    hover = "%{x:.4g} → %{y:.4g}"
    clouds = [
        dots(actual, values, fade(look.net(net), 0.65), 7, SYMBOL[net], hover)
        | {"name": say(f"net.{net}")}
        for net, values in predicted.items()
    ]
    return figure(
        look,
        [diagonal, *clouds],
        430,
        xaxis=titled(say("fitness.axis.actual", target=target), **axis),
        yaxis=titled(say("fitness.axis.predicted", target=target), **axis),
        annotations=names,
        margin={"l": 68, "t": 36, "b": 52} | room_for(names),
    )


def among(
    values: Floats, answers: Mapping[str, float], target: str, look: Look, say: Say
) -> Figure:
    """Where each answer, of a net or "rule", lies among the target's values (n,).

    An answer farther off than the values are spread has no line.
    """
    drawn = targets(values, target, look, say, fade(look.ink, 0.25))
    low, high = float(values.min()), float(values.max())
    spread = max(high - low, 1.0)
    near = {who: x for who, x in answers.items() if low - spread <= x <= high + spread}
    lines: list[dict[str, Any]] = []
    names: list[dict[str, Any]] = []
    for row, (who, x) in enumerate(near.items()):
        color = look.ink if who == "rule" else look.net(who)
        answer = line([x, x], [0, 1], color, dash=DASH.get(who, "dot"), hover="%{x:.4g}")
        place = {"yaxis": "y2", "showlegend": False}
        lines.append(answer | place | {"name": say(f"net.{who}")})
        names.append(_name(say(f"net.{who}"), x, row, color, look))
    drawn["data"] += lines
    drawn["layout"].setdefault("annotations", []).extend(names)
    drawn["layout"]["yaxis2"] = {"overlaying": "y", "range": [0, 1], "visible": False}
    return drawn


def _name(text: str, x: float, row: int, color: str, look: Look) -> dict[str, Any]:
    """The name of a line at `x`, so many rows below the top."""
    return {
        "x": x,
        "y": 1.0 - 0.09 * row,
        "yref": "paper",
        "text": text,
        "font": {"color": look.words(color), "size": 13},
        "bgcolor": look.paper,
        "showarrow": False,
        "xanchor": "left",
        "xshift": 4,
        "yanchor": "top",
    }


def targets(values: Floats, target: str, look: Look, say: Say, color: str = "") -> Figure:
    """How often each value of the target (n,) occurs."""
    counts, edges = np.histogram(values, bins=60)
    bars = histogram(counts, edges, color or look.color(BN), "%{x:.4g}: %{y}")
    rows = titled(say("fitness.axis_rows"), exponentformat="SI")
    layout = {"xaxis": titled(target), "yaxis": rows, "bargap": 0, "showlegend": False}
    around = {"l": 68, "r": 28, "t": 36, "b": 52}  # the axis may end at a number
    return figure(look, [bars], 320, **layout, margin=around)
