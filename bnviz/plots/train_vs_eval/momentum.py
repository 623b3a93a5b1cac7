"""The momentum clock: how fast running statistics forget, and what each batch weighs."""

import numpy as np

from bnviz.core.batchnorm.momentum import Clock, remaining, shares, weights
from bnviz.plots.theme import BN, PLAIN, Figure, Look, Say, fade, figure, heading, titled

HEIGHT = 340


def decay(torch_momentum: float | None, clock: Clock, look: Look, say: Say) -> Figure:
    """What remains of the start after each batch, with half-life and 1 % marked."""
    reach = 6 if torch_momentum is None else max(6, int(np.ceil(1.25 * clock.hundredth)))
    steps = np.linspace(0, reach, min(reach + 1, 400)).round()
    left = remaining(shares(torch_momentum, reach))[steps.astype(np.intp)]
    curve = {
        "x": steps,
        "y": left,
        "mode": "lines",
        "line": {"color": look.color(BN), "width": 3},
        "hovertemplate": "%{x}: %{y:.3%}<extra></extra>",
    }
    marks = {
        "x": [clock.half_life, clock.hundredth],
        "y": [0.5, 0.01],
        "mode": "markers",
        "marker": {"color": look.color(PLAIN), "size": 11, "line": {"color": "white", "width": 1}},
        "hovertemplate": "%{x:.1f}: %{y:.0%}<extra></extra>",
    }
    return figure(
        look,
        [curve] if torch_momentum is None or torch_momentum == 1 else [curve, marks],
        HEIGHT,
        xaxis=titled(say("train_vs_eval.axis.step"), zeroline=False),
        yaxis=titled(say("train_vs_eval.clock.axis_start"), tickformat=".0%", range=[-0.03, 1.05]),
        annotations=[heading(say("train_vs_eval.clock.start"))],
        showlegend=False,
    )


def batch_weights(torch_momentum: float | None, steps: int, look: Look, say: Say) -> Figure:
    """What each batch weighs in the running statistics at the end, the newest on the left."""
    age = np.arange(steps)
    shown = age[: min(steps, 200)]
    traces = [
        {
            "name": say("train_vs_eval.clock.yours"),
            "x": shown,
            "y": weights(shares(torch_momentum, steps))[::-1][: len(shown)],
            "mode": "lines",
            "line": {"color": look.color(BN), "width": 3, "shape": "hvh"},
            "fill": "tozeroy",
            "fillcolor": fade(look.color(BN), 0.2),
            "hovertemplate": "%{y:.3%}",
        },
        {
            "name": say("train_vs_eval.clock.even", steps=steps),
            "x": shown,
            "y": np.full(len(shown), 1 / steps),
            "mode": "lines",
            "line": {"color": look.ink, "width": 1.5, "dash": "dot"},
            "hovertemplate": "%{y:.3%}",
        },
    ]
    return figure(
        look,
        traces,
        HEIGHT,
        xaxis=titled(say("train_vs_eval.clock.axis_age"), zeroline=False),
        yaxis=titled(say("train_vs_eval.clock.axis_weight"), tickformat=".1%", rangemode="tozero"),
        annotations=[heading(say("train_vs_eval.clock.weights"))],
        legend={"y": 0.98, "yanchor": "top", "x": 1, "xanchor": "right", "orientation": "v"},
        hovermode="x unified",
    )
