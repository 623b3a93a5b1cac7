"""Predictions against actual values, and the targets' histogram."""

import numpy as np
import pytest

from bnviz.plots.fitness.predictions import predicted_against_actual, targets
from bnviz.plots.theme import Look, Say
from tests.plots.conftest import assert_sound, house_colors, rgb, traces

ACTUAL = np.array([90.0, 120.0, 150.0])
PREDICTED = {"bn": np.array([95.0, 118.0, 170.0]), "plain": np.array([80.0, 121.0, 149.0])}


def test_predicted_against_actual(say: Say, look: Look) -> None:
    figure = predicted_against_actual(ACTUAL, PREDICTED, "score", look, say)
    assert_sound(figure)
    assert "score" in figure.layout.xaxis.title.text and "score" in figure.layout.yaxis.title.text
    diagonal = figure.data[0]
    assert list(diagonal.x) == list(diagonal.y) == [80.0, 170.0]
    for net, color in zip(("bn", "plain"), house_colors(look), strict=True):
        (cloud,) = traces(figure, name=say(f"net.{net}"))
        assert list(cloud.x) == list(ACTUAL) and list(cloud.y) == list(PREDICTED[net])
        assert cloud.marker.color.startswith(rgb(color))
    assert figure.data[1].marker.symbol != figure.data[2].marker.symbol


def test_a_diverged_net_leaves_the_other(say: Say) -> None:
    predicted = PREDICTED | {"plain": np.array([np.nan, np.inf, np.nan])}
    figure = predicted_against_actual(ACTUAL, predicted, "score", Look(), say)
    assert_sound(figure)
    assert list(figure.data[0].x) == [90.0, 170.0]


@pytest.mark.parametrize(
    "values",
    [np.random.default_rng(0).normal(50, 10, 1000), np.full(20, 100.0), np.array([1.0])],
    ids=["usual", "all_alike", "one"],
)
def test_targets(values: np.ndarray, say: Say, look: Look) -> None:
    figure = targets(values, "score", look, say)
    assert_sound(figure)
    (bars,) = figure.data
    assert sum(bars.y) == len(values) and len(bars.y) == 60
    middle, width = np.asarray(bars.x), np.asarray(bars.width)
    assert middle[0] - width[0] / 2 == pytest.approx(values.min(), abs=0.51)
    assert np.allclose(np.diff(middle), width[1:]), "no gaps"
    assert (middle * bars.y).sum() / len(values) == pytest.approx(values.mean(), abs=width[0])
    assert bars.marker.color == house_colors(look)[0]
