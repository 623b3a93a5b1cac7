"""The pitfalls' figures: a few shapes serve them all.

Every label comes from the catalogue: ``pitfalls.<pitfall>.axis.x``, ``.axis.y`` and
``.series.<name>``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnviz.core.pitfalls.configs import PitfallConfig
from bnviz.plots.axes import decades, floor, span
from bnviz.plots.nets import across, named_at_ends, room_for
from bnviz.plots.pitfalls.shapes import SHAPES, Bars, Cells, Curves, Pairs, Role
from bnviz.plots.theme import BN, PLAIN, Figure, Look, Say, fade, figure, titled
from bnviz.plots.traces import dots, line, upright

Numbers = Mapping[str, NDArray[np.float64]]
_COLOR = {"wrong": PLAIN, "right": BN, "more": "#009E73"}
_DASH = {"wrong": "dash", "right": "solid", "theory": "dot", "more": "dashdot"}
_SYMBOL = {"wrong": "diamond", "right": "circle", "theory": "line-ew", "more": "square"}
_WIDTH = {"wrong": 2.5, "right": 4.0, "theory": 2.0, "more": 1.5}
#: From the bottom up: what went wrong is seen even where it hides what is right.
_LAYERS: tuple[Role, ...] = ("right", "theory", "more", "wrong")
_HEIGHT = 380


@dataclass(frozen=True)
class Pen:
    """What every figure is drawn with: the pitfall's name, the look and the language."""

    name: str
    look: Look
    say: Say

    def axis(self, which: str) -> str:
        """The title of the "x" or the "y" axis."""
        return self.say(f"pitfalls.{self.name}.axis.{which}")

    def series(self, which: str) -> str:
        """The name of a series."""
        return self.say(f"pitfalls.{self.name}.series.{which}")

    def tone(self, role: Role) -> str:
        """The colour of a series."""
        return self.look.ink if role == "theory" else self.look.color(_COLOR[role])


def draw(name: str, config: PitfallConfig, numbers: Numbers, look: Look, say: Say) -> Figure:
    """The figure of the pitfall `name`, from the numbers of its experiment."""
    shape, pen = SHAPES[name], Pen(name, look, say)
    if isinstance(shape, Curves):
        here = getattr(config, shape.here) if shape.here else _chosen(shape, numbers)
        title = pen.axis(getattr(config, shape.titled_by) if shape.titled_by else "x")
        return _curves(shape, numbers, here, title, pen)
    if isinstance(shape, Bars):
        return _bars(shape, numbers, pen)
    if isinstance(shape, Pairs):
        return _pairs(shape, numbers, pen)
    return _cells(shape, numbers, pen)


def _chosen(shape: Curves, numbers: Numbers) -> float | None:
    """The place on the x axis that the experiment itself marks, by its index `here`."""
    return float(numbers[shape.x][int(numbers["here"])]) if "here" in numbers else None


def _curves(shape: Curves, numbers: Numbers, here: float | None, title: str, pen: Pen) -> Figure:
    logarithmic = "y" in shape.log
    held = np.array(shape.holds)
    together = np.concatenate([*(numbers[name] for name in shape.series), held])
    bottom = floor(together, nothing=1e-8) if logarithmic else 0.0
    traces = [
        _series(shape, numbers[shape.x], numbers[name], name, role, bottom, pen)
        for name, role in sorted(shape.series.items(), key=lambda item: _LAYERS.index(item[1]))
    ]
    mark = [] if here is None else [upright(here, pen.look, "dash")]
    xaxis = titled(title) | (decades(numbers[shape.x]) if "x" in shape.log else across(traces))
    yaxis = titled(pen.axis("y"))
    if logarithmic:
        zeros = (together == 0).any()
        yaxis |= decades(*(t["y"] for t in traces), held, zero=bottom if zeros else None)
    if shape.percent:
        yaxis |= {"tickformat": ".0%", "range": [0, 1.02]}
    if shape.dots:
        xaxis |= {"dtick": 1}
    if "range" not in yaxis:
        low, high = span(*(trace["y"] for trace in traces))
        room = 0.02 * (high - low)  # a mark at the end of the axis is whole
        yaxis |= {"range": [low - room, high + room]}
    names = named_at_ends(traces, yaxis, log_x="x" in shape.log)
    return figure(
        pen.look,
        traces,
        _HEIGHT,
        xaxis=xaxis,
        yaxis=yaxis,
        shapes=mark,
        annotations=names,
        margin={"l": 76, "t": 16, "b": 52} | room_for(names),
    )


def _series(
    shape: Curves,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    name: str,
    role: Role,
    bottom: float,
    pen: Pen,
) -> dict[str, Any]:
    color, zero = pen.tone(role), y <= 0
    symbol = _SYMBOL[role] if role != "theory" else "x"
    lines = not shape.dots
    few = len(x) <= 40 and role != "theory"
    return {
        "name": pen.series(name),
        "x": x,
        "y": np.where(zero, bottom, y) if bottom else y,
        "customdata": y,
        "hovertemplate": "%{customdata:.4g}",
        "mode": "markers" if not lines else "lines+markers" if few else "lines",
        "line": {"color": color, "dash": _DASH[role], "width": _WIDTH[role]},
        "marker": {
            "color": color,
            "size": 10 if shape.dots else 7,
            "symbol": [f"{symbol}-open" if z and bottom else symbol for z in zero.tolist()],
            "line": {"width": 1.5, "color": color},
        },
        "connectgaps": False,
    }


def _bars(shape: Bars, numbers: Numbers, pen: Pen) -> Figure:
    passed = numbers[shape.marked] > 0
    parts: dict[str, tuple[NDArray[np.bool_], Role]] = {
        "passed": (passed, "right"),
        "refused": (~passed, "wrong"),
    }
    traces: list[dict[str, Any]] = [
        {
            "type": "bar",
            "name": pen.series(name),
            "x": numbers[shape.x][chosen],
            "y": numbers[shape.y][chosen],
            "marker": {"color": pen.tone(role), "line": {"width": 0}},
            "text": [] if role == "right" else [f"{n:.0f}" for n in numbers[shape.y][chosen]],
            "textposition": "outside",
            "cliponaxis": False,
            "hovertemplate": "%{y}",
        }
        for name, (chosen, role) in parts.items()
    ]
    return figure(
        pen.look,
        traces,
        _HEIGHT,
        xaxis=titled(pen.axis("x")),
        yaxis=titled(pen.axis("y"), rangemode="tozero"),
        barmode="overlay",
        showlegend=True,
    )


def _pairs(shape: Pairs, numbers: Numbers, pen: Pen) -> Figure:
    shown = {k: v for k, v in shape.series.items() if v[0] in numbers and v[1] in numbers}
    every = np.concatenate([numbers[name] for pair in shown.values() for name in pair[:2]])
    ends = [float(every.min()), float(every.max())]
    diagonal = line(ends, ends, pen.look.ink, 1.5, "dot", name=pen.series("diagonal"))
    axis = across([diagonal])
    names = named_at_ends([diagonal], axis)
    hover = "%{x:.4g} → %{y:.4g}"
    clouds = [
        dots(numbers[x], numbers[y], fade(pen.tone(role), 0.65), 7, _SYMBOL[role], hover)
        | {"name": pen.series(name)}
        for name, (x, y, role) in shown.items()
    ]
    return figure(
        pen.look,
        [diagonal, *clouds],
        _HEIGHT,
        xaxis=titled(pen.axis("x"), **axis),
        yaxis=titled(pen.axis("y"), **axis),
        annotations=names,
        margin={"l": 68, "t": 36, "b": 52} | room_for(names),
    )


def _cells(shape: Cells, numbers: Numbers, pen: Pen) -> Figure:
    """Rows: samples. Columns: channels, each with its positions. Shade: the shared statistic."""
    shared = numbers[shape.shared]
    samples, channels, length = shared.shape
    flat, values = shared.reshape(samples, -1), numbers[shape.values].reshape(samples, -1)
    z = flat.copy()
    z[0, 0] = 2
    cells = {
        "type": "heatmap",
        "z": z,
        "zmin": 0,
        "zmax": 2,
        "colorscale": _three_shades(pen.look),
        "x": np.arange(channels * length),
        "y": np.arange(1, samples + 1),
        "customdata": values,
        "hovertemplate": "%{customdata:.4g}<extra></extra>",
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
    }
    edges = [upright(c * length - 0.5, pen.look, "solid", 1.5) for c in range(1, channels)]
    return figure(
        pen.look,
        [cells],
        300,
        xaxis=titled(
            pen.axis("x"),
            tickvals=[c * length + (length - 1) / 2 for c in range(channels)],
            ticktext=[str(c + 1) for c in range(channels)],
        ),
        yaxis=titled(pen.axis("y"), autorange="reversed", dtick=1),
        shapes=edges,
        margin={"l": 56, "r": 16, "t": 16, "b": 52},
    )


def _three_shades(look: Look) -> list[list[Any]]:
    """The colours of 0, 1 and 2: a cell apart, one that shares the statistic, the first of all."""
    rest = "#1b242e" if look.dark else "#eef2f6"
    shades = [rest, fade(look.color(BN), 0.55), look.color(PLAIN)]
    return [[i / 3 + j / 3, shade] for i, shade in enumerate(shades) for j in (0, 1)]
