"""The loss around a net: on a plane, as contours or a surface, and along lines."""

from textwrap import wrap
from typing import Any

import numpy as np

from bnviz.core.smoothness.landscape import Landscape, NetLandscape
from bnviz.core.training.series import band
from bnviz.core.types import NETS, Floats
from bnviz.plots.axes import decades, is_wide, of_logarithms, span
from bnviz.plots.nets import (
    MARGIN,
    across,
    counted,
    curve,
    finite,
    named_at_ends,
    positive,
    ribbon,
    room_for,
)
from bnviz.plots.theme import Figure, Look, Say, figure, heading, titled
from bnviz.texts.numbers import percent, short

HEIGHT = 420
#: Of the contours: with their scale of colours they end within a window of 720 px.
_LOW = 410
LEVELS = 18
SCALE = "Viridis"
#: The path in space: seen on every colour of the surface, on the page, and through the surface.
TRAIL, SKIN = "#CC79A7", 0.88


def contour(result: Landscape, net: str, plane: str, look: Look, say: Say) -> Figure:
    """One net's loss on its plane; both nets have the same colours for the same losses."""
    around: NetLandscape = getattr(result, net)
    shade = _Shade(result)
    level = shade.of(around.loss)
    low, high = shade.ends
    size = (high - low) / LEVELS
    drawn = {
        "type": "contour",
        "x": around.first,
        "y": around.second,
        "z": level,
        "customdata": around.loss,
        "zmin": low,
        "zmax": high,
        "colorscale": SCALE,
        "autocontour": False,
        "contours": {"start": low, "end": high, "size": size},
        "line": {"width": 0.5, "color": "rgba(255,255,255,0.5)"},
        "colorbar": shade.bar(say),
        "hovertemplate": "%{x:.3g}, %{y:.3g}: %{customdata:.4g}<extra></extra>",
    }
    return figure(
        look,
        [drawn, *_path(around, say), _center(say)],
        _LOW,
        xaxis=titled(_direction(around, 0, plane, say), zeroline=False, showgrid=False),
        yaxis=titled(_direction(around, 1, plane, say), zeroline=False, showgrid=False),
        annotations=[heading(say(f"net.{net}")), *_nothing(around, say)],
        showlegend=False,
        margin={"l": 68, "r": 16, "t": 36, "b": 108},
    )


def surface(result: Landscape, net: str, plane: str, look: Look, say: Say) -> Figure:
    """The same as a surface in space, the path on it at the height of its own losses."""
    around: NetLandscape = getattr(result, net)
    shade = _Shade(result)
    low, high = shade.ends
    hills = {
        "type": "surface",
        "x": around.first,
        "y": around.second,
        "z": shade.of(around.loss),
        "customdata": around.loss,
        "cmin": low,
        "cmax": high,
        "colorscale": SCALE,
        "opacity": SKIN,
        "showscale": False,  # the height tells
        "contours": {"z": {"show": True, "width": 1, "color": "rgba(255,255,255,0.4)"}},
        "hovertemplate": "%{x:.3g}, %{y:.3g}: %{customdata:.4g}<extra></extra>",
    }
    here, mark = _here(around), {"color": look.ink, "size": 6, "symbol": "diamond"}
    star = _space([0.0], [0.0], shade.of(np.array([here])), [here])
    return figure(
        look,
        [hills, *_trail(around, shade), star | {"mode": "markers", "marker": mark}],
        HEIGHT,  # not much higher than a phone is wide: the view fits the height
        scene=_scene(shade, plane, look, say) | {"uirevision": f"{net} {plane}"},
        annotations=[heading(say(f"net.{net}")), *_nothing(around, say)],
        showlegend=False,
        margin={"l": 0, "r": 0, "t": 36, "b": 0},
    )


def lines(result: Landscape, look: Look, say: Say) -> Figure:
    """Both nets' losses along random lines: the median line, and from the least to the largest."""
    traces: list[dict[str, Any]] = []
    for net in NETS:
        around: NetLandscape = getattr(result, net)
        values = finite(around.lines)
        if not values.size or not np.isfinite(values).any():
            continue
        over = band(around.distances, values.T)
        whole = int(np.isfinite(values).all(axis=1).sum())
        low = np.where(np.isnan(values), np.inf, values).min(axis=0)
        high = np.where(np.isnan(values), -np.inf, values).max(axis=0)
        traces.append(ribbon(over.epochs, low, high, look.net(net)) | {"legendgroup": net})
        name = counted(net, whole, len(values), say)
        traces.append(curve(net, over.epochs, over.median, look, name=name, legendgroup=net))
    every = np.concatenate([np.empty(0), *(t["y"] for t in traces)])
    axis = decades(every) if is_wide(every) else {"range": span(every)}
    yaxis = titled(say("plots.smooth.axis.loss_at"), **axis)
    names = named_at_ends([trace for trace in traces if "name" in trace], yaxis)
    return figure(
        look,
        traces,
        HEIGHT + 40,
        xaxis=titled(say("plots.smooth.axis.distance"), zeroline=False, **across(traces)),
        yaxis=yaxis,
        hovermode="x unified",
        annotations=names,
        margin=MARGIN | {"b": 56} | room_for(names),
    )


class _Shade:
    """The colour, and height, that a loss has: both nets share it. Logarithmic over a wide span."""

    def __init__(self, result: Landscape) -> None:
        every = np.concatenate([getattr(result, net).loss.ravel() for net in NETS])
        paths = [getattr(result, net).path_loss for net in NETS]
        self.every = np.concatenate([every, *paths])
        self.log = is_wide(self.every)
        shown = self.of(self.every)
        shown = shown[np.isfinite(shown)]
        self.ends = (float(shown.min()), float(shown.max())) if shown.size else (0.0, 1.0)
        if self.ends[0] == self.ends[1]:
            self.ends = (self.ends[0] - 0.5, self.ends[1] + 0.5)

    def of(self, loss: Floats) -> Floats:
        return np.log10(positive(loss)) if self.log else finite(loss)

    def ticks(self) -> dict[str, Any]:
        return of_logarithms(self.every, most=5) if self.log else {}

    def title(self, say: Say) -> str:
        return say("plots.smooth.loss_log" if self.log else "plots.smooth.loss_linear")

    def bar(self, say: Say) -> dict[str, Any]:
        title = {"text": self.title(say), "side": "bottom", "font": {"size": 13}}
        low = {"orientation": "h", "y": -0.2, "yanchor": "top", "thickness": 12, "ypad": 0}
        return {"title": title, "outlinewidth": 0} | low | self.ticks()


def _nothing(around: NetLandscape, say: Say) -> list[dict[str, Any]]:
    """A sentence in place of a plane on which no loss is finite."""
    if np.isfinite(around.loss).any() or not around.loss.size:
        return []
    middle = {"x": 0.5, "y": 0.62, "xanchor": "center", "yanchor": "middle"}
    return [heading("") | middle | {"text": "<br>".join(wrap(say("plots.smooth.no_loss"), 30))}]


def _here(around: NetLandscape) -> float:
    """The loss at the net itself, NaN if the plane holds nothing yet."""
    if not around.loss.size:
        return float("nan")
    row, column = np.abs(around.second).argmin(), np.abs(around.first).argmin()
    return float(around.loss[row, column])


def _direction(around: NetLandscape, index: int, plane: str, say: Say) -> str:
    """An axis's title, with what the direction explains where that is known."""
    name = say(f"plots.smooth.plane.{plane}", number=index + 1)
    if index >= len(around.explained) or not np.isfinite(around.explained[index]):
        return name
    explained = float(around.explained[index])
    if plane == "path":
        return say("plots.smooth.plane.share", name=name, share=percent(explained))
    return say("plots.smooth.plane.curvature", name=name, value=short(explained))


def _path(around: NetLandscape, say: Say) -> list[dict[str, Any]]:
    if not around.path.size:
        return []
    outline = {"color": "#000000", "width": 1}
    return [
        {
            "x": around.path[:, 0],
            "y": around.path[:, 1],
            "text": [say("plots.smooth.epoch", epoch=int(epoch)) for epoch in around.path_epochs],
            "customdata": around.path_loss,
            "mode": "lines+markers",
            "line": {"color": "#ffffff", "width": 2},
            "marker": {"color": "#ffffff", "size": 5, "line": outline},
            "hovertemplate": "%{text}: %{customdata:.4g}<extra></extra>",
        }
    ]


def _center(say: Say) -> dict[str, Any]:
    mark = {"symbol": "star", "size": 14, "color": "#ffffff", "line": {"color": "#000000"}}
    hover = say("plots.smooth.here") + "<extra></extra>"
    return {"x": [0.0], "y": [0.0], "mode": "markers", "marker": mark, "hovertemplate": hover}


def _trail(around: NetLandscape, shade: _Shade) -> list[dict[str, Any]]:
    """The path in space, if there is one."""
    if not around.path.size:
        return []
    x, y = around.path.T[:2]
    style = {"line": {"color": TRAIL, "width": 6}, "marker": {"color": TRAIL, "size": 3}}
    climb = _space(x, y, shade.of(around.path_loss), around.path_loss)
    return [climb | style | {"mode": "lines+markers"}]


def _space(x: Any, y: Any, z: Any, loss: Any) -> dict[str, Any]:
    hover = "%{customdata:.4g}<extra></extra>"
    return {"type": "scatter3d", "x": x, "y": y, "z": z, "customdata": loss, "hovertemplate": hover}


def _scene(shade: _Shade, plane: str, look: Look, say: Say) -> dict[str, Any]:
    names = [say(f"plots.smooth.plane.{plane}", number=number) for number in (1, 2)]
    grid = "#3b4650" if look.dark else "#ccd3da"  # space knows nothing see-through
    x, y, z = (
        {
            "title": {"text": name, "font": {"size": 12}},
            "gridcolor": grid,
            "zerolinecolor": grid,
            "showbackground": False,
            "tickfont": {"size": 11},
        }
        for name in (*names, shade.title(say))
    )
    return {
        "xaxis": x,
        "yaxis": y,
        "zaxis": z | {"range": list(shade.ends)} | shade.ticks(),
        "camera": {
            "eye": {"x": 1.55, "y": -1.55, "z": 0.9},
            "center": {"x": 0, "y": 0, "z": -0.22},
        },
        "aspectratio": {"x": 1, "y": 1, "z": 0.7},
    }
