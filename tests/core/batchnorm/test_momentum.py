"""Momentum as time: against the recursion itself."""

import math

import numpy as np
import pytest

from bnviz.core.batchnorm.momentum import average, clock, complement, remaining, shares, weights


@pytest.mark.parametrize("m", [0.001, 0.1, 0.5, 0.99])
def test_times_of_the_clock(m: float) -> None:
    times = clock(m)
    assert (1 - m) ** times.half_life == pytest.approx(0.5)
    assert (1 - m) ** times.hundredth == pytest.approx(0.01)
    # As noisy as the plain average over `window` batches: 1 / window = sum of squared weights.
    squares = sum((m * (1 - m) ** k) ** 2 for k in range(100_000))
    assert 1 / times.window == pytest.approx(squares)


def test_the_ends_of_the_clock() -> None:
    assert clock(1.0).window == 1 and clock(1.0).hundredth == 1
    assert math.isinf(clock(None).window) and clock(None).half_life == 1


def test_the_conventions_are_complements() -> None:
    assert complement(0.1) == 0.9
    assert complement(complement(0.001)) == 0.001


@pytest.mark.parametrize("m", [0.1, 1.0, None])
def test_weights_and_the_rest_make_one(m: float | None) -> None:
    each = shares(m, 30)
    values = np.random.default_rng(0).normal(size=(30, 2))
    path = average(values, each, 5.0)
    left = remaining(each)
    assert weights(each).sum() + left[-1] == pytest.approx(1)
    assert path[-1] == pytest.approx(weights(each) @ values + left[-1] * 5.0)
    assert np.all(path[0] == 5.0)


def test_cumulative_is_the_plain_average() -> None:
    values = np.random.default_rng(1).normal(size=(7, 3))
    path = average(values, shares(None, 7), 9.0)
    assert path[1:] == pytest.approx(np.cumsum(values, axis=0) / np.arange(1, 8)[:, None])
