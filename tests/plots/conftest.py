"""What every figure is drawn with: words and a look; and what every figure must satisfy."""

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from bnviz.plots import theme
from bnviz.plots.theme import BN, PLAIN, Look, Say
from bnviz.texts.catalogue import LANGUAGES, sentence

#: Names that a table may hold: markup, Markdown, mathematics, formats, and none at all.
HOSTILE = (
    "<b>bold</b><img src=x onerror=alert(1)>",
    "![](http://example.org/x.png) **md** `code`",
    "%{y} {name} $x^2$ & \\n",
    "long " * 60,
    "",
    "名字",
    "same",
    "same",
)

Check = Callable[[go.Figure], dict[str, Any]]


@pytest.fixture(autouse=True)
def validated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every figure is checked by Plotly's own Python as it is made, and read as its object."""
    plain = theme.figure

    def figure(*drawn: Any, **layout: Any) -> go.Figure:
        made = go.Figure(plain(*drawn, **layout))
        assert_drawn(made)
        return made

    for name, module in list(sys.modules.items()):
        if name.startswith("bnviz.plots") and getattr(module, "figure", None) is plain:
            monkeypatch.setattr(module, "figure", figure)


def assert_drawn(figure: go.Figure) -> None:
    """Each point has its two numbers; the axes hold a good part of the points, and labels."""
    for trace in figure.data:
        if trace.type in ("scatter", "bar"):
            assert len(trace.x) == len(trace.y), trace.name
    for name in ("xaxis", "yaxis"):
        for axis in getattr(figure, f"select_{name[0]}axes")():
            if axis.range is None or None in axis.range:
                continue
            low, high = sorted(axis.range)
            shown = _numbers(axis.tickvals, axis.type)
            assert ((low <= shown) & (shown <= high)).sum() >= min(2, shown.size), axis
            letter = axis.plotly_name[0] + axis.plotly_name.removeprefix(name)
            for trace in figure.data:
                if (trace[name] or letter) != letter or trace.type not in ("scatter", "bar"):
                    continue
                drawn = _numbers(trace[name[0]], axis.type)
                inside = (low <= drawn) & (drawn <= high)
                assert 3 * inside.sum() >= inside.size, (trace.name, axis.range)


def _numbers(values: Any, kind: str) -> np.ndarray:
    """Where these values stand on an axis; those that stand nowhere are left out."""
    try:
        numbers = np.array([] if values is None else values, dtype=float).ravel()
    except ValueError:
        return np.array([])
    if kind == "log":
        numbers = np.log10(numbers[numbers > 0])
    return numbers[np.isfinite(numbers)]


@pytest.fixture(params=list(LANGUAGES))
def say(request: pytest.FixtureRequest) -> Say:
    return partial(sentence, request.param)


@pytest.fixture(params=[False, True], ids=["light", "dark"])
def look(request: pytest.FixtureRequest) -> Look:
    return Look(dark=request.param)


def traces(figure: go.Figure, **wanted: Any) -> list[Any]:
    """The traces whose properties are those wanted."""
    return [t for t in figure.data if all(t[name] == value for name, value in wanted.items())]


def runs_of(values: Any) -> list[np.ndarray]:
    """The pieces of a line between its gaps (NaN)."""
    array = np.asarray(values, dtype=float)
    cuts = np.flatnonzero(np.isnan(array))
    return [part[~np.isnan(part)] for part in np.split(array, cuts) if (~np.isnan(part)).any()]


def _words(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from _words(value)
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from _words(value)


def assert_sound(figure: go.Figure, titled: Sequence[str] = ("xaxis", "yaxis")) -> None:
    """Plotly accepts it, it says what its axes are, and no name from outside acts as markup."""
    content = figure.to_plotly_json()
    go.Figure(content)
    figure.to_json()
    for axis in titled:
        assert figure.layout[axis].title.text, f"{axis} has no title"
    assert figure.layout.height >= 300
    for trace in figure.data:
        if trace.x is not None and trace.type == "scatter":
            assert len(trace.x) == len(trace.y), trace.name
    for text in _words(content):
        assert "<img" not in text and "<b>bold" not in text, "markup from a name"


def house_colors(look: Look) -> tuple[str, str]:
    """BN's and the plain side's colour."""
    return look.color(BN), look.color(PLAIN)


def rgb(color: str) -> str:
    """A hex colour as the beginning of its see-through form."""
    return f"rgba({int(color[1:3], 16)},{int(color[3:5], 16)},{int(color[5:7], 16)},"
