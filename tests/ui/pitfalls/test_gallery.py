"""Every sentence and figure of the gallery, from one end of each control to the other."""

from collections.abc import Iterator
from functools import partial

import plotly.graph_objects as go
import pytest

from bnviz.core.pitfalls import pitfall
from bnviz.core.pitfalls.configs import CONFIGS, PitfallConfig
from bnviz.plots.pitfalls.figures import draw
from bnviz.plots.pitfalls.shapes import SHAPES
from bnviz.plots.theme import Look
from bnviz.texts.catalogue import LANGUAGES, sentence
from bnviz.texts.numbers import plain
from bnviz.ui.controls import PITFALLS
from bnviz.ui.pitfalls.extras import CHANGES


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
        assert figure.layout.xaxis.title.text and figure.layout.yaxis.title.text


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
