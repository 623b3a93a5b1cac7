"""Does sharpness predict the learning rate at which gradient descent becomes unstable?"""

from typing import Any

import numpy as np

from bnviz.core.smoothness.stability import NetStability, Stability
from bnviz.core.types import NETS, Floats
from bnviz.plots.axes import decades
from bnviz.plots.nets import (
    LEGEND,
    MARGIN,
    across,
    counted,
    marks,
    named_at_ends,
    positive,
    room_for,
    whiskers,
)
from bnviz.plots.theme import Figure, Look, Say, figure, heading, titled
from bnviz.plots.traces import level, line
from bnviz.texts.numbers import short

HEIGHT = 440
#: Rates are no nets: Okabe and Ito's other colours.
_COLORS = ("#009E73", "#CC79A7", "#E69F00", "#7F8C99")
_DASHES = ("solid", "dash", "dashdot", "solid")


def thresholds(result: Stability, look: Look, say: Say) -> Figure:
    """Measured against predicted threshold, a mark a seed, with its bracket."""
    traces = [_seeds(getattr(result, net), net, look, say) for net in NETS]
    brackets = [getattr(result, net).bracket.ravel() for net in NETS]
    axis = decades(*(t[axis] for t in traces for axis in "xy"), *brackets, most=4)
    ends = 10.0 ** np.array(axis["range"])
    equal = line(ends, ends, look.ink, 1.2, "dot", name=say("plots.smooth.stability.equal"))
    names = named_at_ends([equal], axis, log_x=True)
    return figure(
        look,
        [equal, *traces],
        HEIGHT,
        xaxis=titled(say("plots.smooth.axis.predicted"), **axis),
        yaxis=titled(say("plots.smooth.axis.measured"), **axis),
        annotations=names,
        legend=LEGEND,
        margin=MARGIN | room_for(names),
    )


def _seeds(trials: NetStability, net: str, look: Look, say: Say) -> dict[str, Any]:
    sharp = positive(trials.sharpness)
    there = np.isfinite(sharp + positive(trials.threshold))
    measured, bracket = trials.threshold[there], trials.bracket[there]
    down, up = np.nan_to_num(measured - bracket[:, 0]), np.nan_to_num(bracket[:, 1] - measured)
    hover = "%{x:.4g} → %{y:.4g}: × %{customdata[0]:.3g}, |w| × %{customdata[1]:.3g}"
    return marks(net, 2 / sharp[there], measured, look, 10, hover) | {
        "name": counted(net, int(there.sum()), len(there), say),
        "error_y": whiskers(down, up, look.net(net)),
        "customdata": np.stack([measured * sharp[there] / 2, trials.weight_growth[there]], axis=1),
    }


def sharpness(result: Stability, net: str, look: Look, say: Say) -> Figure:
    """Sharpness along gradient descent at several rates, with the line at 2 / rate of each."""
    trials: NetStability = getattr(result, net)
    curves = _curves(trials, trials.curves, look, say)
    notes, shapes = [], []
    for index, rate in enumerate(trials.rates):
        if not (np.isfinite(rate) and rate > 0):
            continue
        color, height = look.color(_COLORS[index % len(_COLORS)]), 2 / float(rate)
        shapes.append(level(height, color, 1.2))
        text = say("plots.smooth.stability.line", rate=short(float(rate), 2))
        # Neighbouring lines may be close: their names stand on opposite sides.
        side = {"x": 0, "xanchor": "left"} if index % 2 else {"x": 1, "xanchor": "right"}
        at = side | {"y": float(np.log10(height)), "yref": "y"}
        notes.append(heading(text) | at | {"font": {"color": color, "size": 12}})
    lines = 2 / trials.rates[np.isfinite(trials.rates) & (trials.rates > 0)]
    axis = decades(lines, *(t["y"] for t in curves))
    return _over_steps(
        curves, titled(say("plots.smooth.axis.sharpness"), **axis), net, look, say, notes, shapes
    )


def losses(result: Stability, net: str, look: Look, say: Say) -> Figure:
    """The losses of the same descents."""
    trials: NetStability = getattr(result, net)
    curves = _curves(trials, trials.losses, look, say)
    axis = decades(np.empty(0), *(t["y"] for t in curves))
    yaxis = titled(say("plots.smooth.axis.train_loss"), **axis)
    return _over_steps(curves, yaxis, net, look, say, [], [])


def _curves(trials: NetStability, values: Floats, look: Look, say: Say) -> list[dict[str, Any]]:
    return [
        {
            "name": say("plots.smooth.stability.rate", rate=short(float(rate), 2)),
            "x": trials.moments,
            "y": positive(curve),
            "mode": "lines+markers",
            "line": {"color": look.color(_COLORS[index % len(_COLORS)]), "width": 2}
            | {"dash": _DASHES[index % len(_DASHES)]},
            "marker": {"size": 5, "symbol": index},
            "hovertemplate": "%{y:.4g}",
        }
        for index, (rate, curve) in enumerate(zip(trials.rates, values, strict=True))
    ]


def _over_steps(
    curves: list[dict[str, Any]],
    yaxis: dict[str, Any],
    net: str,
    look: Look,
    say: Say,
    notes: list[dict[str, Any]],
    shapes: list[dict[str, Any]],
) -> Figure:
    names = named_at_ends(curves, yaxis)
    return figure(
        look,
        curves,
        HEIGHT - 20,
        xaxis=titled(say("plots.smooth.axis.descent"), zeroline=False, **across(curves)),
        yaxis=yaxis,
        annotations=[heading(say(f"net.{net}")), *notes, *names],
        shapes=shapes,
        hovermode="x unified",
        margin=MARGIN | {"t": 36, "b": 56} | room_for(names),
    )
