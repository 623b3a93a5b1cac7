"""Train versus eval: the walk of the running statistics, and its gap taken apart."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnviz.core.batchnorm.stream import Gap, Quantity, Track
from bnviz.core.types import Floats
from bnviz.plots.axes import span
from bnviz.plots.labels import label
from bnviz.plots.nets import named_at_ends, ribbon, room_for
from bnviz.plots.theme import BN, PLAIN, Figure, Look, Say, fade, figure, heading, titled
from bnviz.plots.traces import dots, joined, line

HEIGHT = 300
#: More steps than this are thinned: there are no more pixels.
MOST_STEPS = 160
#: How many standard deviations wide a predicted band is, up and down.
BAND = 2.0
PARTS = ("warm_up", "bessel", "drift", "noise")
#: Okabe and Ito, as everywhere; lighter ones on a dark page come from Look.color.
COLORS = {"warm_up": "#E69F00", "bessel": "#CC79A7", "drift": "#009E73", "noise": "#7F8C99"}


def thinned(steps: int) -> NDArray[np.intp]:
    """At most MOST_STEPS of 0 ... `steps`, evenly spaced, both ends among them."""
    return np.unique(np.linspace(0, steps, min(steps + 1, MOST_STEPS)).round().astype(np.intp))


def running(
    track: Track, quantity: Quantity, feature: int, name: str, look: Look, say: Say
) -> Figure:
    """One feature's running statistic, its batches, the true value and the predicted band."""
    steps = np.arange(len(track.running))
    value, true = track.running[:, feature], track.true[:, feature]
    expected, spread = track.expected[:, feature], BAND * track.deviation[:, feature]
    color = look.color(BN)
    batches = dots(steps[1:], track.batch[:, feature], look.color(PLAIN), 4, hover="%{y:.5g}")
    batches["marker"]["opacity"] = 0.55
    traces = [
        _band(steps, expected - spread, expected + spread, color, say),
        batches | {"name": say("train_vs_eval.walk.batch")},
        _true(steps, true, look, say),
        line(steps, value, color, 2.5, hover="%{y:.5g}", name=say("train_vs_eval.walk.running")),
    ]
    return _over_steps(
        traces,
        say(f"train_vs_eval.axis.{quantity}"),
        say(f"train_vs_eval.walk.{quantity}_of", feature=label(name)),
        look,
        say,
        span(*(np.asarray(trace["y"]) for trace in traces)),
        traces,
    )


def all_running(
    track: Track, quantity: Quantity, scale: Floats, names: Sequence[str], look: Look, say: Say
) -> Figure:
    """Every feature's distance from the true value: in standard deviations, or relative to it.

    Features without a spread, or without a true value, are left out.
    """
    kept = thinned(len(track.running) - 1)
    unit = scale if quantity == "mean" else track.true[-1]
    shown = np.flatnonzero(np.isfinite(unit) & (unit > 0))
    away = (track.running[kept] - track.true[kept])[:, shown] / unit[shown]
    spread = BAND * (track.deviation[kept][:, shown] / unit[shown]).max(axis=1, initial=0.0)
    color = look.color(BN)
    faint = fade(color, 0.8 if len(shown) <= 12 else 0.35)
    lines = line(*joined(kept, away), faint, 1.3, hover="%{text}: %{y:.4g}") | {
        "name": say("train_vs_eval.walk.every"),
        "text": np.repeat([label(names[int(i)]) for i in shown], len(kept) + 1),
    }
    # The start may be far off; the axis fits what comes after the first quarter.
    later = away[len(kept) // 4 :]
    band = spread[np.isfinite(spread)]  # without a fourth moment there is none
    reach = 1.3 * max(np.abs(later).max(initial=0.0), band.max(initial=0.0), 1e-12)
    traces = [
        _band(kept, -spread, spread, color, say),
        _true(kept, np.zeros(len(kept)), look, say),
        lines,
    ]
    return _over_steps(
        traces,
        say(f"train_vs_eval.axis.{quantity}_away"),
        say(f"train_vs_eval.walk.{quantity}_all"),
        look,
        say,
        [-reach, reach],
        [*traces[:2], lines | {"line": {"color": color}}],
    )


def _band(steps: NDArray[Any], low: Floats, high: Floats, color: str, say: Say) -> dict[str, Any]:
    name = say("train_vs_eval.walk.band")
    return ribbon(steps, low, high, color) | {"name": name, "line": {"width": 0, "color": color}}


def _true(steps: NDArray[Any], true: Floats, look: Look, say: Say) -> dict[str, Any]:
    known = np.where(np.isfinite(true), true, np.nan)
    drawn = line(steps, known, look.ink, 1.5, "dot", "%{y:.5g}")
    drawn["line"]["shape"] = "vh"
    return drawn | {"name": say("train_vs_eval.walk.true")}


def _over_steps(
    traces: list[dict[str, Any]],
    axis: str,
    title: str,
    look: Look,
    say: Say,
    reach: list[float],
    named: Sequence[dict[str, Any]],
) -> Figure:
    """Traces over the batches; those `named` have their names where they end."""
    steps = float(max(np.nanmax(trace["x"], initial=1) for trace in traces))
    yaxis = titled(axis, zeroline=False, range=reach)
    names = named_at_ends(named, yaxis)
    return figure(
        look,
        traces,
        HEIGHT,
        xaxis=titled(
            say("train_vs_eval.axis.step"), zeroline=False, range=[-0.02 * steps, 1.02 * steps]
        ),
        yaxis=yaxis,
        annotations=[heading(title), *names],
        showlegend=False,
        hovermode="x unified",
        margin={"l": 72, "t": 36, "b": 52} | room_for(names),
    )


def gap_parts(
    gap: Gap, feature: int, step: int, name: str, axis: str, look: Look, say: Say
) -> Figure:
    """The four parts of one feature's gap stacked over the steps, their sum as a line, and `step`.

    Stacked as bars are, each part drawn as one area: hundreds of bars take three times as long.
    """
    kept = thinned(len(gap.total) - 1)
    parts = np.array([getattr(gap, part)[kept, feature] for part in PARTS])
    low, high = stacked(parts)
    reach = span(low, high)
    areas = [
        _area(kept, values, bottoms, tops, COLORS[part])
        | {"name": say(f"train_vs_eval.gap.{part}")}
        for part, values, bottoms, tops in zip(PARTS, parts, low, high, strict=True)
    ]
    whole = gap.total[kept, feature]
    total = line(kept, whole, look.ink, hover="%{y:.4g}", name=say("train_vs_eval.gap.total"))
    here = np.array([step, step], dtype=np.float64)
    mark = line(here, np.array(reach), look.ink, 1, "dot")
    title = say("train_vs_eval.gap.of", feature=label(name))
    return _over_steps([*areas, total, mark], axis, title, look, say, reach, [*areas, total])


def _area(
    steps: NDArray[np.intp], values: Floats, bottoms: Floats, tops: Floats, color: str
) -> dict[str, Any]:
    """One part of the stack over the `steps`, (T,) as its values and its ends are."""
    return {
        "x": _there_and_back(steps, steps),
        "y": _there_and_back(tops, bottoms),
        "customdata": _there_and_back(values, values),
        "mode": "lines",
        "line": {"color": color, "width": 0, "shape": "hvh"},
        "fill": "toself",
        "fillcolor": color,
        "hoveron": "points",
        "hovertemplate": "%{customdata:.4g}",
    }


def stacked(parts: Floats) -> tuple[Floats, Floats]:
    """Where each of `parts` (P, T) begins and ends: positive ones grow up from 0, others down.

    One that is not finite takes no room.
    """
    parts = np.where(np.isfinite(parts), parts, 0.0)
    up, down = np.maximum(parts, 0).cumsum(axis=0), np.minimum(parts, 0).cumsum(axis=0)
    ends = np.where(parts > 0, up, down)
    return ends - parts, ends


def _there_and_back(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """An outline: `first` from left to right, then `second` from right to left."""
    return np.concatenate([first, second[::-1]])
