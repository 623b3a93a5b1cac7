"""Random probes: the document's estimator probe by probe, and estimates over scales."""

from typing import Any

import numpy as np

from bnviz.core.smoothness.scales import Scales, Sweep
from bnviz.core.types import NETS
from bnviz.plots.axes import decades, floor
from bnviz.plots.nets import (
    HEIGHT,
    LEGEND,
    MARGIN,
    finite,
    key,
    marker,
    named_at_ends,
    positive,
    room_for,
    stroke,
)
from bnviz.plots.theme import Figure, Look, Say, figure, heading, titled
from bnviz.plots.traces import line
from bnviz.texts.numbers import short


def scales(result: Scales, look: Look, say: Say) -> Figure:
    """Median and largest estimate of both nets against the probes' scale, in both precisions.

    Dotted is what remains with every ReLU held; the limit is where the plateau should be.
    """
    traces = [t for style in _STYLES for t in _styled(result, style, look, say)]
    limits = [_limit(result, net, look, say) for net in NETS]
    heights = [t["y"] for t in (*limits, *traces) if t.get("showlegend") is False]
    yaxis = titled(say("plots.smooth.axis.estimate"), **decades(np.empty(0), *heights))
    names = named_at_ends(limits, yaxis, log_x=True)
    return figure(
        look,
        [*limits, *traces],
        HEIGHT - 40,  # so that it ends within a window of 720 px
        xaxis=_scale_axis(result, say),
        yaxis=yaxis,
        annotations=names,
        legend=LEGEND | {"y": -0.2},
        margin=MARGIN | room_for(names),
    )


def _styled(result: Scales, style: str, look: Look, say: Say) -> list[dict[str, Any]]:
    """One kind of curve of both nets, after its entry in the legend."""
    field, suffix, drawn = _STYLES[style]
    hollow, lines, bare = suffix != "", {"width": 2.5} | drawn, field == "smooth"
    name = say(f"plots.smooth.scales.{style}")
    dot = {"size": 5 if hollow else 6, "symbol": "circle-open" if hollow else "circle"}
    entry = key(name, look, line=lines) if bare else key(name, look, line=lines, marker=dot)
    curves = [
        {
            "name": f"{say(f'net.{net}')}, {name}",
            "x": result.scales,
            "y": getattr(getattr(result, net + suffix), field),
            "mode": "lines" if bare else "lines+markers",
            "line": {"color": look.net(net)} | lines,
            "marker": marker(net, look, 6, hollow),
            "legendgroup": style,
            "showlegend": False,
            "hovertemplate": "%{x:.0e}: %{y:.4g}",
        }
        for net in NETS
    ]
    return [entry | {"legendgroup": style}, *curves]


#: Field and precision of each kind of curve, and how it is drawn.
_STYLES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "median": ("median", "", {"dash": "solid"}),
    "largest": ("largest", "", {"dash": "dash", "width": 1.5}),
    "smooth": ("smooth", "", {"dash": "dot", "width": 2.5}),
    "median_float32": ("median", "_float32", {"dash": "solid", "width": 1.2}),
    "largest_float32": ("largest", "_float32", {"dash": "dash", "width": 1.0}),
}


def _limit(result: Scales, net: str, look: Look, say: Say) -> dict[str, Any]:
    limit = getattr(result, f"{net}_limit")
    heights = np.full(len(result.scales), limit)
    name = say("plots.smooth.limit", net=say(f"net.{net}"), value=short(limit))
    return line(result.scales, heights, look.net(net), 9, opacity=0.22, name=name)


def kinks(result: Scales, look: Look, say: Say) -> Figure:
    """What is no curvature: the kinks' share of the gradient change, how many ReLUs changed
    side, and in float32 the rounding relative to the estimate.
    """
    bottom = floor(*(getattr(result, net).crossed for net in NETS))
    traces = [t for net in NETS for t in _panels(result, net, bottom, look, say)]
    counts, noises = (
        [np.empty(0), *(t["y"] for t in traces if t.get("yaxis") == axis)] for axis in ("y2", "y3")
    )
    zero = bottom if any((v == bottom).any() for v in counts) else None
    panels = {
        "yaxis": {"domain": [0.72, 1], "tickformat": ".0%", "range": _share_range(result)},
        "yaxis2": {"domain": [0.36, 0.64]} | decades(*counts, zero=zero, most=4),
        "yaxis3": {"domain": [0, 0.28]} | decades(*noises, most=4),
    }
    names = [
        name
        for place, panel in panels.items()
        for name in named_at_ends(
            [t for t in traces if t.get("yaxis", "y") == place.replace("axis", "")],
            panel,
            log_x=True,
            apart=_LINE,
        )
    ]
    flat = not (result.bn_rectifiers or result.plain_rectifiers)
    beside = named_at_ends([_limit(result, net, look, say) for net in NETS], {"range": [0, 1]})
    headings = {"plots.smooth.no_rectifiers" if flat else "plots.smooth.axis.share": 1.0}
    headings |= {"plots.smooth.axis.crossed": 0.64, "plots.smooth.axis.rounding": 0.28}
    return figure(
        look,
        traces,
        HEIGHT + 180,
        xaxis=_scale_axis(result, say) | {"anchor": "y3"},
        annotations=[*(heading(say(text)) | {"y": top} for text, top in headings.items()), *names],
        margin=MARGIN | {"t": 24, "b": 56} | room_for([*names, *beside]),  # as wide as `scales`
        **panels,
    )


_PERCENT = "%{x:.0e}: %{y:.3%}"
#: A name's height as a share of the three panels'.
_LINE = 0.06


def _panels(result: Scales, net: str, bottom: float, look: Look, say: Say) -> list[dict[str, Any]]:
    """One net's rounding, its kinks' share and their count; without ReLU the first alone."""
    base: dict[str, Any] = {"name": say(f"net.{net}"), "x": result.scales, "legendgroup": net}
    base |= {"mode": "lines+markers", "line": stroke(net, look), "marker": marker(net, look, 6)}
    single: Sweep = getattr(result, f"{net}_float32")
    noise = positive(finite(single.noise) / positive(single.median))
    rounding = base | {"y": noise, "yaxis": "y3", "hovertemplate": _PERCENT}
    total = getattr(result, f"{net}_rectifiers")
    if not total:
        return [rounding]
    sweep: Sweep = getattr(result, net)
    share = base | {"y": sweep.kink_share, "hovertemplate": _PERCENT}
    of = say("plots.smooth.crossed_of", total=short(total))
    count = base | {
        "y": np.where(sweep.crossed == 0, bottom, sweep.crossed),
        "yaxis": "y2",
        "customdata": sweep.crossed,
        "hovertemplate": "%{x:.0e}: %{customdata:.4g} " + of,
    }
    return [rounding, share, count]


def _share_range(result: Scales) -> list[float]:
    """0 to 1, and more only where a share lies outside: the parts may cancel."""
    every = np.concatenate([[0.0, 1.0], result.bn.kink_share, result.plain.kink_share])
    every = every[np.isfinite(every)]
    return [float(every.min()) - 0.05, float(every.max()) + 0.05]


def _scale_axis(result: Scales, say: Say) -> dict[str, Any]:
    return titled(say("plots.smooth.axis.scale"), zeroline=False) | decades(result.scales, most=4)
