"""What figures draw with, as plain dicts: lines, dots, many lines as one, straight rules."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bnviz.core.types import Floats
from bnviz.plots.theme import Look

Trace = dict[str, Any]
#: Coordinates of points along one axis; None where a point is missing.
Places = ArrayLike | Sequence[float | None]


def line(
    x: Places,
    y: Places,
    color: str,
    width: float = 2.0,
    dash: str = "solid",
    hover: str | None = None,
    **more: Any,
) -> Trace:
    """A line through the points (T,); without `hover`, its template, it tells nothing."""
    style = {"color": color, "width": width, "dash": dash}
    return {"x": x, "y": y, "mode": "lines", "line": style} | _told(hover) | more


def dots(
    x: Places,
    y: Places,
    color: str,
    size: float = 8.0,
    symbol: str = "circle",
    hover: str | None = None,
    edge: Trace | None = None,
    **more: Any,
) -> Trace:
    """A dot at each of the points (T,), with its `edge` where it has one."""
    style = {"color": color, "size": size, "symbol": symbol} | ({"line": edge} if edge else {})
    return {"x": x, "y": y, "mode": "markers", "marker": style} | _told(hover) | more


def histogram(heights: NDArray[Any], edges: Floats, color: str, hover: str, **more: Any) -> Trace:
    """A bar of each height (N,) between two neighbours of the edges (N + 1,)."""
    style = {"marker": {"color": color, "line": {"width": 0}}}
    place = {"x": (edges[:-1] + edges[1:]) / 2, "y": heights, "width": np.diff(edges)}
    return {"type": "bar"} | place | style | _told(f"{hover}<extra></extra>") | more


def _told(hover: str | None) -> Trace:
    return {"hovertemplate": hover} if hover else {"hoverinfo": "skip"}


def joined(x: ArrayLike, curves: NDArray[Any]) -> tuple[Floats, Floats]:
    """Many curves (T, N) over `x` (T,) as the x and y of one line, with a gap after each."""
    gap = np.full((1, curves.shape[1]), np.nan)
    along = np.append(np.asarray(x, dtype=np.float64), np.nan)
    return np.tile(along, curves.shape[1]), np.vstack([curves, gap]).T.ravel()


def upright(x: float, look: Look, dash: str = "dot", width: float = 1.0) -> Trace:
    """A straight line at `x`, from the bottom of the plot to its top."""
    ends = {"x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper"}
    return {"type": "line", **ends, "line": {"color": look.ink, "width": width, "dash": dash}}


def level(y: float, color: str, width: float = 1.0) -> Trace:
    """A dotted line at `y`, from the left of the plot to its right."""
    ends = {"x0": 0, "x1": 1, "xref": "paper", "y0": y, "y1": y}
    return {"type": "line", **ends, "line": {"color": color, "width": width, "dash": "dot"}}
