"""The matrix, the gain curve and the batch-to-batch figure: their numbers, and hostile input."""

import numpy as np
import pytest

from bnviz.core.batchnorm.equations import apply
from bnviz.core.batchnorm.mean_noise import MeanNoise, mean_noise
from bnviz.core.configs import BatchConfig, NormConfig
from bnviz.core.data.batches import draw
from bnviz.core.data.shape import MOST_OUTLINES, shapes
from bnviz.plots.one_batch.details import MOST_ROWS, batch_to_batch, gain_curve, matrix
from bnviz.plots.one_batch.distributions import Side, distributions
from bnviz.plots.theme import Look, Say
from tests.plots.conftest import HOSTILE, assert_sound, house_colors, traces


def make(config: BatchConfig, eps: float = 1e-5) -> tuple:
    batch = draw(config)
    return batch.names, batch.values, apply(batch.values, NormConfig(eps=eps))


# ---------------------------------------------------------------- matrix


def test_matrix_before_shows_every_value_in_its_columns_range(say: Say, look: Look) -> None:
    names, x, _ = make(BatchConfig(source="scales", batch_size=60, features=7))
    figure = matrix(names, x, "before", look, say)
    assert_sound(figure, ["yaxis"])
    (cells,) = figure.data
    low, high = x.min(axis=0), x.max(axis=0)
    assert np.allclose(cells.z, (x - low) / (high - low), atol=1e-6)
    assert np.array_equal(cells.customdata, x)
    assert list(cells.y) == list(range(1, 61)) and list(cells.x) == list(names)
    assert cells.colorbar.title.text


def test_matrix_after_has_one_symmetric_scale(say: Say, look: Look) -> None:
    names, _, result = make(BatchConfig(batch_size=400))
    figure = matrix(names, result.y, "after", look, say)
    assert_sound(figure, ["yaxis"])
    (cells,) = figure.data
    assert np.allclose(cells.z, result.y) and np.array_equal(cells.customdata, result.y)
    assert cells.zmax == -cells.zmin == pytest.approx(np.quantile(np.abs(result.y), 0.98))
    assert [color for _, color in cells.colorscale] == ["#D55E00", look.paper, "#0072B2"]
    assert cells.colorbar.title.text


def test_a_tall_matrix_is_thinned_evenly_from_first_to_last(say: Say) -> None:
    names, x, _ = make(BatchConfig(batch_size=5000, features=2))
    (cells,) = matrix(names, x, "before", Look(), say).data
    rows = np.asarray(cells.y)
    assert len(rows) == len(cells.z) == MOST_ROWS
    assert rows[0] == 1 and rows[-1] == 5000
    assert set(np.diff(rows)) <= {9, 10}
    assert np.array_equal(cells.customdata, x[rows - 1]), "each row beside its own number"


@pytest.mark.parametrize("eps", [0.0, 1e-5])
@pytest.mark.parametrize("config", [{"batch_size": 1}, {"features": 1}, {"features": 256}], ids=str)
def test_matrix_of_odd_batches(config: dict[str, int], eps: float, say: Say) -> None:
    names, x, result = make(BatchConfig(source="constant", **config), eps)
    before, after = (
        matrix(names, x, "before", Look(), say),
        matrix(names, result.y, "after", Look(), say),
    )
    for figure in (before, after):
        assert_sound(figure, ["yaxis"])
    assert np.isfinite(before.data[0].z).all() and np.isfinite(after.data[0].zmax)
    assert after.data[0].zmin < after.data[0].zmax or not np.any(result.y)


@pytest.mark.parametrize("side", ["before", "after"])
def test_matrix_columns_of_equal_names_stay_apart(side: Side, say: Say) -> None:
    """Plotly joins categories of equal names: two columns would become one."""
    x = np.arange(12.0).reshape(3, 4)
    (cells,) = matrix(("same", "same", "x" * 30 + "a", "x" * 30 + "b"), x, side, Look(), say).data
    assert len(set(cells.x)) == 4


def test_matrix_with_hostile_names(say: Say) -> None:
    x = np.random.default_rng(0).normal(size=(5, len(HOSTILE)))
    assert_sound(matrix(HOSTILE, x, "before", Look(), say), ["yaxis"])


# ---------------------------------------------------------------- gain


def test_gain_curve(say: Say, look: Look) -> None:
    names, _, result = make(BatchConfig(source="scales", features=8))
    figure = gain_curve(names, result.biased_variance, 1e-5, look, say)
    assert_sound(figure)
    without, with_eps, dots, mark = figure.data
    assert np.allclose(without.y, np.asarray(without.x) ** -0.5)
    assert np.allclose(with_eps.y, (np.asarray(with_eps.x) + 1e-5) ** -0.5)
    assert np.allclose(dots.x, result.biased_variance)
    assert np.allclose(dots.y, result.inverse_std)
    assert list(dots.text) == list(names)
    assert figure.layout.xaxis.type == figure.layout.yaxis.type == "log"
    assert list(mark.x) == [1e-5, 1e-5]
    (low, high), (bottom, top) = figure.layout.xaxis.range, figure.layout.yaxis.range
    every = [*result.biased_variance, 1e-12, 10.0]  # and the epsilons, wherever the hand moves them
    assert (low, high) == pytest.approx((np.log10(min(every)) - 1, np.log10(max(every)) + 1))
    assert np.log10(without.x[[0, -1]]) == pytest.approx([low, high])
    ends = np.log10(without.y[[-1, 0]])
    assert np.log10(mark.y) == pytest.approx([ends[0], 2.5]), "to where the curves part"
    assert (bottom, top) == pytest.approx((ends[0] - 0.2, ends[1] + 0.2))
    bn, plain = house_colors(look)
    assert with_eps.line.color == bn and dots.marker.color == plain


@pytest.mark.parametrize("eps", [1e-12, 1e-10, 1e-9, 1e-8, 1e-5, 10.0])
def test_nothing_crosses_the_name_of_the_gain_curve(eps: float, say: Say) -> None:
    """It stands below a level piece of it, or beside it on the right, where nothing is."""
    figure = gain_curve(("a",), np.array([1.0]), eps, Look(), say)
    _, curve, *_ = figure.data
    words = say("one_batch.gain.with_epsilon")
    name = next(each for each in figure.layout.annotations if each.text == words)
    low, high = figure.layout.yaxis.range
    if name.x == figure.layout.xaxis.range[0]:
        level = curve.y[np.log10(curve.x) < name.x + 3.5]
        assert name.yanchor == "top" and level[-1] > 0.8 * level[0] and 10 ** (name.x + 3.5) < eps
    else:
        height = 10 ** (low + name.y * (high - low))
        assert name.x > np.log10(eps) + 1 and name.yanchor == "middle"
        assert 10**name.x >= 0.9 * (height**-2 - eps), "on the curve, and its letters behind it"


@pytest.mark.parametrize("features", [1, 3, 8, MOST_OUTLINES, MOST_OUTLINES + 1])
def test_the_gain_curve_is_as_high_as_what_stands_beside_it(features: int, say: Say) -> None:
    names, x, result = make(BatchConfig(features=features))
    beside = distributions(names, shapes(x)["float64"], "before", False, Look(), say)
    gain = gain_curve(names, result.biased_variance, 1e-5, Look(), say)
    assert gain["layout"]["height"] == beside["layout"]["height"]


def test_dead_features_stand_out_at_the_left_edge(say: Say) -> None:
    variance = np.array([1.0, 0.0, 1e-8])
    _, _, dots, _ = gain_curve(("a", "b", "c"), variance, 1e-5, Look(), say).data
    assert list(dots.marker.symbol) == ["circle", "circle-open", "circle"]
    assert dots.x[1] == min(dots.x) > 0 and dots.cliponaxis is False, "whole"
    assert dots.y[1] == pytest.approx(1e-5**-0.5)
    assert list(dots.customdata) == list(variance)


@pytest.mark.parametrize("eps", [0.0, 1e-12, 10.0])
@pytest.mark.parametrize("variance", [[0.0], [0.0, 0.0], [1e-40, 1e40], [1.0] * 256], ids=len)
def test_gain_curve_of_odd_batches(variance: list[float], eps: float, say: Say) -> None:
    names = [f"x{i}" for i in range(len(variance))]
    figure = gain_curve(names, np.array(variance), eps, Look(), say)
    assert_sound(figure)
    curve = figure.data[1]
    assert np.isfinite(curve.y).all() and np.isfinite(curve.x).all() and min(curve.x) > 0
    assert (len(figure.data) == 4) == bool(eps)


def test_gain_curve_with_hostile_names(say: Say) -> None:
    assert_sound(gain_curve(HOSTILE, np.ones(len(HOSTILE)), 1e-5, Look(), say))


# ---------------------------------------------------------------- batch to batch


def test_batch_to_batch(say: Say, look: Look) -> None:
    config = BatchConfig(batch_size=64, features=3)
    measured = mean_noise(config)
    figure = batch_to_batch(draw(config).names, measured, look, say)
    assert_sound(figure)
    band, *lines = figure.data
    assert sorted(set(band.y)) == pytest.approx([-2 / 8, 2 / 8]), "2 / sqrt(B)"
    assert band.fill == "toself"
    assert [line.name for line in lines] == ["x1", "x2", "x3"]
    for feature, line in enumerate(lines):
        assert list(line.x) == measured.seeds
        assert np.array_equal(line.y, measured.departures[:, feature])
    last = measured.departures[-1]
    named = [f"x{feature + 1}" for feature in np.argsort(-last)]
    texts = [note.text.replace("<br>", " ") for note in figure.layout.annotations]
    texts.remove(say("one_batch.jitter.band"))
    assert texts == named, "where their lines end"


def test_only_the_band_is_named_when_there_are_more_features_than_colors(say: Say) -> None:
    config = BatchConfig(features=40)
    figure = batch_to_batch(draw(config).names, mean_noise(config), Look(), say)
    assert len(figure.layout.annotations) == 1
    assert len(traces(figure, mode="lines+markers")) == 40


def test_batch_to_batch_with_hostile_names(say: Say) -> None:
    still = MeanNoise([0, 1], np.zeros((2, len(HOSTILE))), 0.0, 0.1)
    assert_sound(batch_to_batch(HOSTILE, still, Look(), say))
