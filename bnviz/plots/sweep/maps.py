"""A sweep's cells as heat maps: each net's values, and who does better."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bnviz.core.sweep.config import Axis, Value
from bnviz.core.sweep.grid import Grid
from bnviz.core.sweep.verdict import value_name
from bnviz.core.types import NETS, Floats
from bnviz.core.verdict import Verdict
from bnviz.plots.axes import is_wide, of_logarithms, tick_label
from bnviz.plots.theme import BN, PLAIN, Figure, Look, Say, contrast, figure, heading, mixed, titled
from bnviz.texts.numbers import plain

HEIGHT = 350
#: Viridis (Smith and van der Walt, 2015), as stops at equal distances.
_VIRIDIS = (
    *("#440154", "#472D7B", "#3B528B", "#2C728E", "#21918C"),
    *("#28AE80", "#5EC962", "#ADDC30", "#FDE725"),
)
_INKS = "#FFFFFF", "#000000"


def net_map(grid: Grid, net: str, look: Look, say: Say) -> Figure:
    """The metric of one net in every cell; both nets have the same colours for the same values."""
    values: Floats = getattr(grid, net)
    every = np.concatenate([getattr(grid, each).ravel() for each in NETS])
    known = every[np.isfinite(every)]
    log = is_wide(known)
    level = np.log10(values) if log else values
    ends = np.log10(known) if log else known
    share = grid.metric == "divergence"
    scale: dict[str, Any] = {"zmin": 0.0, "zmax": 1.0}
    if not share and known.size:
        low, high = np.quantile(ends, (0.05, 0.95))  # one that explodes would hide the others
        scale = {"zmin": float(low), "zmax": float(max(high, low + 1e-9))}
    bar: dict[str, Any] = {"tickformat": ".0%"} if share else {}
    if log:
        bar = of_logarithms(10.0 ** np.clip(ends, scale["zmin"], scale["zmax"]), most=4)
    told = _texts(
        grid,
        values,
        lambda value: f"{100 * value:.0f}" if share else tick_label(float(f"{value:.2g}")),
        "×",
    )
    return _map(
        grid,
        level,
        told,
        say(f"sweep.net_{net}"),
        look,
        say,
        colors=_VIRIDIS,
        colorbar=_bar(look) | bar,
        **scale,
    )


def difference_map(grid: Grid, look: Look, say: Say) -> Figure:
    """By how much either net does better; a number where the nets are told apart."""
    told = _texts(grid, np.where(grid.clear > 0, grid.difference, np.nan), _hundredths, "·")
    middle = "#1b242d" if look.dark else "#f4f4f4"
    bar = {
        "tickvals": [-0.6, 0.6],
        "ticktext": [say("sweep.plain_better"), say("sweep.bn_better")],
    }
    return _map(
        grid,
        np.where(grid.finished > 0, np.nan_to_num(grid.difference), np.nan),
        told,
        say("sweep.difference"),
        look,
        say,
        colors=[look.color(PLAIN), middle, look.color(BN)],
        zmin=-1.0,
        zmax=1.0,
        colorbar=_bar(look) | bar,
    )


def _hundredths(value: float) -> str:
    text = f"{100 * value:+.0f}".replace("-", "−")
    return "100" if text == "+100" else text  # three letters have room on a wall


def label(axis: Axis, value: Value, say: Say) -> str:
    """A value of an axis, short."""
    if axis.field == "network.norm":
        return say(f"norm.{value}")
    name = value_name(value)
    if isinstance(name, Verdict):
        return say(name.key)
    number = float(name)
    text, power = plain(number), f"{number:.0e}".replace("e-0", "e-").replace("e+0", "e")
    return power if len(power) < len(text) and float(power) == number else text


def labels(axis: Axis, say: Say) -> list[str]:
    """All values of an axis."""
    return [label(axis, value, say) for value in axis.values]


def axis_title(axis: Axis, say: Say) -> str:
    """What the axis sweeps."""
    return say(f"train.{axis.field}")


def _texts(grid: Grid, values: Floats, write: Any, without: str) -> list[list[str]]:
    """What stands in each cell: its value, or a sign that it is finished and has none."""
    return [
        [
            write(float(value)) if np.isfinite(value) else without if done else ""
            for value, done in zip(row, finished, strict=True)
        ]
        for row, finished in zip(values, grid.finished, strict=True)
    ]


def short(text: str) -> str:
    """A cell's value in the three digits that it has room for, on a wall too."""
    if len(text) <= 4 and sum(map(str.isdigit, text)) <= 3:
        return text
    if -1 < float(text) < 0:
        return plain(round(float(text), 1) or 0.0)
    return f"{float(text):.0e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")


def _map(
    grid: Grid,
    level: Floats,
    told: list[list[str]],
    title: str,
    look: Look,
    say: Say,
    *,
    colors: Sequence[str],
    **more: Any,
) -> Figure:
    """The `level` of each cell as one of the `colors` from zmin to zmax, and what is told of it."""
    texts = np.array([[short(text) for text in row] for row in told])
    shares = (level - more.get("zmin", 0.0)) / (more.get("zmax", 1.0) - more.get("zmin", 0.0))
    inks = np.array([[_ink(share, colors) for share in row] for row in shares])
    drawn = {
        "type": "heatmap",
        "x": labels(grid.across, say),
        "y": labels(grid.down, say),
        "z": level,
        "text": np.where(inks == _INKS[0], texts, "").tolist(),
        "hovertext": told,
        "texttemplate": "%{text}",
        "textfont": {"size": 10, "color": _INKS[0]},
        "colorscale": [[at / (len(colors) - 1), color] for at, color in enumerate(colors)],
        "customdata": grid.cells.tolist(),
        "xgap": 1,
        "ygap": 1,
        "hoverongaps": False,
        "hovertemplate": "%{x}, %{y}: %{hovertext}<extra></extra>",
        **more,
    }
    light = {
        "z": np.where(inks == _INKS[1], level, np.nan),
        "text": np.where(inks == _INKS[1], texts, "").tolist(),
        "textfont": {"size": 10, "color": _INKS[1]},
        "showscale": False,
        "hoverinfo": "skip",
    }
    return figure(
        look,
        [drawn, drawn | light, _signs(drawn, texts, look)],
        HEIGHT,
        xaxis=_categories(grid.across, say) | {"tickangle": 0},
        yaxis=_categories(grid.down, say) | {"automargin": True},
        annotations=[heading(title)],
        showlegend=False,
        margin={"l": 72, "r": 8, "t": 32, "b": 104},
    )


def _ink(share: float, colors: Sequence[str]) -> str:
    """The ink that is read best so far through the colours; none where there is no colour."""
    if not np.isfinite(share):
        return ""
    at = float(np.clip(share, 0, 1)) * (len(colors) - 1)
    lower = min(int(at), len(colors) - 2)
    ground = mixed(colors[lower], colors[lower + 1], at - lower)
    return max(_INKS, key=lambda ink: contrast(ink, ground))


def _signs(drawn: dict[str, Any], texts: Any, look: Look) -> dict[str, Any]:
    """What stands in cells without a colour: Plotly would write it as if on a light one."""
    bare = ~np.isfinite(drawn["z"]) & (texts != "")
    rows, columns = (each.tolist() for each in np.nonzero(bare))
    return {
        "type": "scatter",
        "mode": "text",
        "x": [drawn["x"][column] for column in columns],
        "y": [drawn["y"][row] for row in rows],
        "text": [str(texts[row, column]) for row, column in zip(rows, columns, strict=True)],
        "textfont": {"size": 10, "color": look.ink},
        "hoverinfo": "skip",
    }


def _categories(axis: Axis, say: Say) -> dict[str, Any]:
    """An axis with all its values, also before any cell is finished; words stand in lines."""
    names = labels(axis, say)
    return titled(
        axis_title(axis, say),
        type="category",
        showgrid=False,
        categoryarray=names,
        range=[-0.5, len(names) - 0.5],
        tickvals=names,  # a number would be taken for the category of that name
        ticktext=[name.replace(" ", "<br>") for name in names],
    )


def _bar(look: Look) -> dict[str, Any]:
    return {
        "orientation": "h",
        "y": -0.28,
        "yanchor": "top",
        "thickness": 10,
        "ypad": 0,
        "len": 0.92,  # the number at its end stands in the picture
        "ticklabeloverflow": "allow",
        "outlinewidth": 0,
        "tickfont": {"size": 11},
    }
