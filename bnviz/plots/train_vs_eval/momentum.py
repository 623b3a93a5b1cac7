"""The momentum clock: how fast running statistics forget, and what each batch weighs."""

from typing import Any

import numpy as np

from bnviz.core.batchnorm.momentum import Clock, remaining, shares, weights
from bnviz.plots.nets import across, named_at_ends, room_for
from bnviz.plots.theme import BN, PLAIN, Figure, Look, Say, fade, figure, heading, titled
from bnviz.plots.traces import dots, line

HEIGHT = 300


def decay(torch_momentum: float | None, clock: Clock, seen: int, look: Look, say: Say) -> Figure:
    """What remains of the start after each batch; half-life, 1 % and the batches `seen` marked."""
    reach = 6 if torch_momentum is None else max(6, int(np.ceil(1.25 * clock.hundredth)))
    steps = np.linspace(0, reach, min(reach + 1, 400)).round()
    left = remaining(shares(torch_momentum, reach))[steps.astype(np.intp)]
    curve = line(steps, left, look.color(BN), 3, hover="%{x}: %{y:.3%}<extra></extra>")
    marks = dots(
        [clock.half_life, clock.hundredth],
        [0.5, 0.01],
        look.color(PLAIN),
        11,
        hover="%{x:.1f}: %{y:.0%}<extra></extra>",
        edge={"color": "white", "width": 1},
        text=["50%", "1%"],
        textposition="top right",
    ) | {"mode": "markers+text"}
    forgets = torch_momentum is not None and torch_momentum != 1
    now = [_now(torch_momentum, seen, look, say)] if seen <= reach else []
    return figure(
        look,
        [curve, *([marks] if forgets else []), *now],
        HEIGHT,
        xaxis=titled(say("train_vs_eval.axis.step"), zeroline=False),
        yaxis=titled(say("train_vs_eval.clock.axis_start"), tickformat=".0%", range=[-0.03, 1.05]),
        annotations=[heading(say("train_vs_eval.clock.decay"))],
        showlegend=False,
    )


def _now(torch_momentum: float | None, seen: int, look: Look, say: Say) -> dict[str, Any]:
    """What is left after the batches `seen`; near the end, the number alone, above the 1 %."""
    left = float(remaining(shares(torch_momentum, seen))[-1])
    words = say("train_vs_eval.clock.left", share=left, steps=seen)
    low = left < 0.02
    place = {"textposition": "top left" if low else "top right"}
    text = [f"{100 * left:.3g}%<br> " if low else words]
    mark = dots([seen], [left], look.ink, 11, hover=f"{words}<extra></extra>", text=text)
    return mark | {"mode": "markers+text"} | place


def batch_weights(torch_momentum: float | None, steps: int, look: Look, say: Say) -> Figure:
    """What each batch weighs in the running statistics at the end, the newest on the left."""
    age = np.arange(steps)
    shown = age[: min(steps, 200)]
    heights, bn = weights(shares(torch_momentum, steps))[::-1][: len(shown)], look.color(BN)
    yours = line(shown, heights, bn, 3, hover="%{y:.3%}") | {
        "name": say("train_vs_eval.clock.yours"),
        "fill": "tozeroy",
        "fillcolor": fade(bn, 0.2),
    }
    yours["line"]["shape"] = "hvh"
    even = line(shown, np.full(len(shown), 1 / steps), look.ink, 1.5, "dot", "%{y:.3%}")
    curves = [yours, even | {"name": say("train_vs_eval.clock.even", steps=steps)}]
    reach = [0, 1.2 * max(float(heights.max()), 1 / steps)]
    yaxis = titled(say("train_vs_eval.clock.axis_weight"), tickformat=".1%", range=reach)
    names = named_at_ends(curves, yaxis)
    return figure(
        look,
        curves,
        HEIGHT,
        xaxis=titled(say("train_vs_eval.clock.axis_age"), zeroline=False, **across(curves)),
        yaxis=yaxis,
        annotations=[heading(say("train_vs_eval.clock.weights")), *names],
        margin={"l": 68, "t": 36, "b": 52} | room_for(names),
        hovermode="x unified",
    )
