"""BN where numbers are hard: against mpmath, to an error that follows from the precision alone."""

import math
from collections.abc import Iterable

import mpmath
import numpy as np
import pytest
from numpy.typing import DTypeLike

from bnviz.core.batchnorm import equations

#: Unit roundoff of float64, in which statistics are computed.
U = 2.0**-53
#: Offsets and spreads of a feature: ordinary, tiny, denormal, huge, and far from zero.
FEATURES = [(0, 1), (1e-30, 1e-30), (0, 1e-310), (1e30, 1e30), (1e9, 1e-3), (1e30, 1e16), (5, 0)]


def batch(rows: int, dtype: DTypeLike) -> np.ndarray:
    """(rows, D) a column for each of FEATURES that the type can hold."""
    noise = np.random.default_rng(rows).normal(size=(rows, len(FEATURES)))
    offset, spread = np.array(FEATURES).T
    with np.errstate(over="ignore"):
        x = (offset + spread * noise).astype(dtype)
    return x[:, np.isfinite(x).all(axis=0)]


def exactly(column: np.ndarray, eps: float) -> tuple[float, float, list[float]]:
    """Mean, biased variance and x_hat of one column, with 60 digits; y is x_hat here."""
    values = [mpmath.mpf(float(value)) for value in column]
    mean = mpmath.fsum(values) / len(values)
    variance = mpmath.fsum((value - mean) ** 2 for value in values) / len(values)
    root = mpmath.sqrt(variance + mpmath.mpf(eps))
    return float(mean), float(variance), [float((value - mean) / root) for value in values]


def assert_right(x: np.ndarray, eps: float, columns: Iterable[int]) -> None:
    """A mean is off by two roundings of the largest value, all else by what that does to it."""
    forward = equations.forward(x, eps=eps)
    for index in columns:
        column = x[:, index]
        with mpmath.workdps(60):
            mean, variance, x_hat = exactly(column, eps)
        off = 4 * U * float(np.abs(column).max())
        assert abs(forward.mean[index] - mean) <= off
        assert abs(forward.biased_variance[index] - variance) <= 16 * U * variance + off**2
        root = math.sqrt(variance + eps)
        own = float(np.finfo(x.dtype).eps) * np.abs(x_hat) + float(np.finfo(x.dtype).tiny)
        tolerance = 2 * own + off / root + 32 * U * np.abs(x_hat)
        assert (np.abs(forward.x_hat[:, index] - x_hat) <= tolerance).all(), index


@pytest.mark.parametrize("eps", [1e-5, 1e-30])
@pytest.mark.parametrize("rows", [1, 2, 3, 257])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_against_mpmath(dtype: type[np.floating], rows: int, eps: float) -> None:
    x = batch(rows, dtype)
    assert_right(x, eps, range(x.shape[1]))


def test_thousands_of_features() -> None:
    """4096 of them, from 1e-30 to 1e30: no scale disturbs another."""
    x = np.random.default_rng(0).normal(size=(37, 4096)) * np.geomspace(1e-30, 1e30, 4096)
    assert_right(x, 1e-30, range(0, 4096, 455))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_million_rows(dtype: type[np.floating]) -> None:
    """The same error as of few rows: it does not grow with the batch."""
    x = batch(10**6, dtype)[:, :1]
    exact = x[:, 0].astype(float)
    mean = math.fsum(exact) / len(exact)
    variance = math.fsum((exact - mean) ** 2) / len(exact)
    assert abs(equations.mean(x)[0] - mean) <= 4 * U * np.abs(exact).max()
    assert abs(equations.biased_variance(x)[0] - variance) <= 64 * U * variance


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e200])
def test_what_has_no_answer_is_told_and_stays_in_its_feature(value: float) -> None:
    x = np.random.default_rng(0).normal(size=(64, 3))
    well = equations.forward(x)
    x[7, 1] = value
    answer = equations.forward(x)
    assert not np.isfinite(answer.biased_variance[1]), "no number that looks like one"
    for name in ("mean", "biased_variance", "x_hat", "y"):
        one, other = getattr(answer, name), getattr(well, name)
        np.testing.assert_array_equal(one[..., [0, 2]], other[..., [0, 2]])
