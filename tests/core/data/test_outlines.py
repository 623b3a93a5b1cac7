"""Outlines against scipy's kernel density estimate, and where there is no density to speak of."""

import numpy as np
import pytest
import scipy
from numpy.typing import NDArray

from bnviz.core.data.outlines import outlines

SAMPLES = {
    "normal": lambda rng: rng.normal(3.0, 2.0, 400),
    "exponential": lambda rng: rng.exponential(5.0, 400),
    "two_hills": lambda rng: np.where(rng.random(400) < 0.4, -3.0, 2.0) + rng.normal(size=400),
    "tiny_unit": lambda rng: rng.normal(0.0, 1e-6, 400),
    "two_rows": lambda rng: np.array([1.0, 2.0]),
}


def silverman(x: NDArray[np.float64]) -> float:
    """0.9 min(deviation, interquartile range / 1.34) n^(-1/5): Silverman 1986, equation 3.31."""
    low, high = np.quantile(x, (0.25, 0.75))
    return 0.9 * min(x.std(), (high - low) / 1.34) * len(x) ** -0.2


@pytest.mark.parametrize("name", SAMPLES)
def test_an_outline_is_scipys_density_scaled_to_peak_1(name: str) -> None:
    x = SAMPLES[name](np.random.default_rng(7))
    shape = outlines(x[:, None], points=400)
    density = scipy.stats.gaussian_kde(x, silverman(x) / x.std(ddof=1))(shape.grid[0])
    assert np.allclose(shape.height[0], density / density.max(), atol=2e-3)


def test_the_usual_80_points_are_close_to_it() -> None:
    x = np.random.default_rng(1).normal(size=(256, 1))
    shape = outlines(x)
    density = scipy.stats.gaussian_kde(x[:, 0], silverman(x[:, 0]) / x.std(ddof=1))(shape.grid[0])
    assert np.allclose(shape.height[0], density / density.max(), atol=0.02)


def test_features_do_not_touch_each_other() -> None:
    x = np.random.default_rng(0).normal([0, 50, -3], [1, 20, 1e-4], (300, 3))
    together = outlines(x)
    for feature in range(3):
        alone = outlines(x[:, [feature]])
        assert np.array_equal(together.grid[feature], alone.grid[0])
        assert np.allclose(together.height[feature], alone.height[0], atol=1e-12)


def test_a_grid_covers_all_rows_and_a_little_more() -> None:
    x = np.random.default_rng(0).standard_t(2, (500, 2))
    grid = outlines(x).grid
    assert (grid[:, 0] < x.min(axis=0)).all() and (grid[:, -1] > x.max(axis=0)).all()
    assert np.allclose(np.diff(grid, n=2), 0, atol=1e-9 * np.ptp(grid))


@pytest.mark.parametrize("rows", [1, 32])  # the mean of 32 times 0.1 is not quite 0.1
def test_no_spread_is_one_spike_at_the_value(rows: int) -> None:
    shape = outlines(np.full((rows, 1), 0.1))
    assert (shape.grid == 0.1).all()
    assert shape.height.max() == 1 and (shape.height > 0).sum() == 1


def test_mostly_one_value_has_a_peak_there() -> None:
    """Half of the rows are equal, so the interquartile range may be 0."""
    x = np.concatenate([np.zeros(90), np.linspace(-1, 1, 11)])[:, None]
    shape = outlines(x)
    assert abs(shape.grid[0, shape.height[0].argmax()]) < 0.03


def test_a_far_outlier_leaves_a_mark() -> None:
    x = np.append(np.random.default_rng(0).normal(size=1000), 1e4)[:, None]
    shape = outlines(x)
    assert shape.height[0].max() == 1
    assert shape.height[0, -1] == shape.height[0, -9:].max() > 1e-4, "the outlier"
    assert shape.height[0, 30] < 1e-4, "nothing between"


def test_undefined_columns_leave_the_others_alone() -> None:
    x = np.random.default_rng(0).normal(size=(50, 3))
    whole = outlines(x)
    x[:, 1] = np.nan
    shape = outlines(x)
    assert np.isnan(shape.height[1]).all()
    for feature in (0, 2):
        assert np.allclose(shape.height[feature], whole.height[feature])
