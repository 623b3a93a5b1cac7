"""Random probes: the document's estimator probe by probe, and estimates over scales."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bnviz.core.smoothness.document import Replay
from bnviz.core.types import NETS
from bnviz.plots.axes import decades, floor, span
from bnviz.plots.nets import HEIGHT, MARGIN, curve, marks, named_at_ends, positive, room_for
from bnviz.plots.theme import Figure, Look, Say, figure, heading, titled
from bnviz.plots.traces import upright

#: A line's height as a share of the plot's.
_LINE = 0.1


def replay(result: Replay, look: Look, say: Say) -> Figure:
    """What every probe of the document's code finds, zeros on a floor, beside the corrected."""
    nets = {net: getattr(result, net) for net in NETS}
    zero = floor(*(v for net in nets.values() for v in (net.published, net.corrected)))
    beside = {"bn": 1.6, "plain": 1 / 1.6}  # or one net's zeros would hide the other's
    traces: list[dict[str, Any]] = []
    for kind in ("corrected", "published"):
        for net, replayed in nets.items():
            values = getattr(replayed, kind)
            published = kind == "published"
            height = np.where(values == 0, zero * beside[net], positive(values))
            drawn = marks(
                net,
                np.arange(1, len(values) + 1),
                height,
                look,
                9 if published else 7,
                "%{x}: %{customdata:.4g}",
                hollow=not published,
                customdata=values,
                name=say(f"plots.smooth.{kind}", net=say(f"net.{net}")),
            )
            traces.append(drawn)  # what was published is drawn on top
    axis = decades(np.array([zero]), *(t["y"] for t in traces), zero=zero)
    right = len(result.bn.published) + 1
    middles = [
        trace | {"x": [right], "y": [np.nanmedian(trace["y"])]}
        for trace in traces
        if np.isfinite(trace["y"]).any()
    ]
    names = named_at_ends(middles, axis, apart=_LINE, longest=13)
    return _over_probes(result, traces, say("plots.smooth.axis.estimate"), axis, names, look, say)


def drift(result: Replay, look: Look, say: Say) -> Figure:
    """How far the document's loop leaves the weights from where they began."""
    away = {net: getattr(result, net).drift for net in NETS}
    traces = [
        curve(net, np.arange(1, len(far) + 1), far, look, name=say(f"net.{net}"))
        for net, far in away.items()
    ]
    axis = {"range": span(np.zeros(1), *away.values())}
    return _over_probes(
        result,
        traces,
        say("plots.smooth.axis.drift"),
        axis,
        named_at_ends(traces, axis),
        look,
        say,
        hovermode="x unified",
    )


def _over_probes(
    result: Replay,
    traces: list[dict[str, Any]],
    title: str,
    axis: dict[str, Any],
    names: Sequence[dict[str, Any]],
    look: Look,
    say: Say,
    **layout: Any,
) -> Figure:
    """A figure over probes that marks from when on saved copies are no copies; `names` at ends."""
    shared = result.bn.shared & result.plain.shared
    marks: dict[str, Any] = {"annotations": [*names]}
    if shared.any():
        moment = float(np.argmax(shared)) + 1.5
        words = {"x": moment, "xanchor": "left", "xref": "x", "text": say("plots.smooth.one")}
        marks["shapes"] = [upright(moment, look, width=1.5)]
        marks["annotations"].append(heading("") | words)
    probes = max(len(result.bn.published), 1)
    return figure(
        look,
        traces,
        HEIGHT,
        xaxis=titled(say("plots.smooth.axis.probe"), range=[0, probes + 1], zeroline=False),
        yaxis=titled(title, zeroline=False, **axis),
        showlegend=False,
        margin=MARGIN | {"t": 30, "b": 56} | room_for(names),
        **marks,
        **layout,
    )
