"""Every sentence and figure of the gallery, from one end of each control to the other."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from bnviz.core.pitfalls import pitfall
from bnviz.core.pitfalls.configs import CONFIGS, PitfallConfig
from bnviz.plots.pitfalls.figures import draw
from bnviz.plots.pitfalls.shapes import SHAPES, Bars, Curves, Pairs
from bnviz.plots.theme import Look
from bnviz.texts.catalogue import LANGUAGES, sentence
from bnviz.texts.numbers import plain
from bnviz.ui.controls import PITFALLS
from bnviz.ui.pitfalls.extras import CHANGES
from tests.plots.conftest import rgb


def ends(name: str) -> Iterator[PitfallConfig]:
    """The default, and each control at each of its options or at both ends of its scale."""
    owner = CONFIGS[name]
    yield owner()
    for field, info in owner.model_fields.items():
        row = PITFALLS[f"{name}.{field}"]
        for option in row.options or (row.stops[0], row.stops[-1]):
            if option != info.default:
                yield owner(**{field: option})


@pytest.mark.parametrize("name", CONFIGS)
def test_every_control_speaks_and_draws_at_its_ends(name: str) -> None:
    for config in ends(name):
        result = pitfall.run(name, config)
        verdict = pitfall.judge(name, config, result)
        for language in LANGUAGES:
            text = sentence(language, f"pitfalls.{name}.verdict.{verdict.key}", **verdict.values)
            assert "{" not in text
        figure = go.Figure(draw(name, config, result.numbers, Look(), partial(sentence, "en")))
        read(figure, name, config, result.numbers)


#: The colour of what goes wrong, of the way out, and of a further measurement.
COLORS = {"wrong": "#D55E00", "right": "#0072B2", "more": "#009E73"}


def read(figure: go.Figure, name: str, config: PitfallConfig, numbers: Mapping[str, Any]) -> None:
    """Titles, names, colours, places and scales as a person reads them."""
    say, shape = partial(sentence, "en"), SHAPES[name]
    across = getattr(config, getattr(shape, "titled_by", "")) if name == "handwritten" else "x"
    assert figure.layout.xaxis.title.text == say(f"pitfalls.{name}.axis.{across}")
    assert figure.layout.yaxis.title.text == say(f"pitfalls.{name}.axis.y")
    drawn = {trace.name: trace for trace in figure.data}
    if isinstance(shape, Curves):
        logarithmic = [axis for axis in "xy" if figure.layout[f"{axis}axis"].type == "log"]
        assert "".join(logarithmic) == shape.log
        for series, role in shape.series.items():
            trace = drawn[say(f"pitfalls.{name}.series.{series}")]
            np.testing.assert_array_equal(trace.customdata, numbers[series])
            np.testing.assert_array_equal(trace.x, numbers[shape.x])
            assert trace.line.color == COLORS.get(role, Look().ink)
        (here,) = [mark.x0 for mark in figure.layout.shapes] or [None]
        assert here is None or here == pytest.approx(
            getattr(config, shape.here) if shape.here else numbers[shape.x][int(numbers["here"])]
        )
    elif isinstance(shape, Pairs):
        shown = [pair for pair in shape.series.items() if pair[1][1] in numbers]
        assert len(drawn) == 1 + len(shown)
        every = [numbers[side] for _, pair in shown for side in pair[:2]]
        diagonal = drawn[say(f"pitfalls.{name}.series.diagonal")]
        ends = [np.concatenate(every).min(), np.concatenate(every).max()]
        assert list(diagonal.x) == list(diagonal.y) == pytest.approx(ends)
        for series, (before, after, role) in shown:
            trace = drawn[say(f"pitfalls.{name}.series.{series}")]
            np.testing.assert_array_equal(trace.x, numbers[before])
            np.testing.assert_array_equal(trace.y, numbers[after])
            assert trace.marker.color.startswith(rgb(COLORS[role]))
    elif isinstance(shape, Bars):
        passed = numbers[shape.marked] > 0
        for series, role, which in (("passed", "right", passed), ("refused", "wrong", ~passed)):
            trace = drawn[say(f"pitfalls.{name}.series.{series}")]
            np.testing.assert_array_equal(trace.x, numbers[shape.x][which])
            np.testing.assert_array_equal(trace.y, numbers[shape.y][which])
            assert trace.marker.color == COLORS[role]
    else:
        (cells,) = figure.data
        shared, values = (
            numbers[key].reshape(len(cells.y), -1) for key in (shape.shared, shape.values)
        )
        np.testing.assert_array_equal(np.ravel(cells.z)[1:], shared.ravel()[1:])
        np.testing.assert_array_equal(cells.customdata, values)
        assert cells.z[0][0] == cells.zmax and cells.colorscale[-1] == (1.0, COLORS["wrong"])


def test_the_gallery_has_a_figure_for_each() -> None:
    assert set(SHAPES) == set(CONFIGS)
    assert len(CHANGES) == pitfall.run("family", CONFIGS["family"]())["change"].shape[1]


def test_zeros_have_a_place_of_their_own() -> None:
    """On a logarithmic axis an exact zero is drawn below everything, hollow, and called 0."""
    config = CONFIGS["gamma_zero"]()
    numbers = pitfall.run("gamma_zero", config).numbers
    figure = go.Figure(draw("gamma_zero", config, numbers, Look(), partial(sentence, "en")))
    title = sentence("en", "pitfalls.gamma_zero.series.zeros")
    (zeros,) = [trace for trace in figure.data if trace.name == title]
    others = [y for trace in figure.data for y in trace.y if y not in zeros.y]
    assert len(set(zeros.y)) == 1 and max(zeros.y) < min(others)
    assert set(zeros.customdata) == {0.0}
    assert all(symbol.endswith("-open") for symbol in zeros.marker.symbol)
    labels = dict(zip(figure.layout.yaxis.tickvals, figure.layout.yaxis.ticktext, strict=True))
    assert labels[zeros.y[0]] == "0"
    assert all(text == plain(value) for value, text in labels.items() if text != "0")
