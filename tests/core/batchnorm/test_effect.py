"""What counts as normalized, swallowed and constant."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnviz.core.batchnorm.effect import TOLERANCE, Effect, effect
from bnviz.core.batchnorm.equations import batch_moments

SPREADS = np.array([10.0, 1.0, 1e-2, 1e-3, 0.0])


def batch(spreads: np.ndarray = SPREADS) -> np.ndarray:
    x = np.random.default_rng(0).normal(size=(200, len(spreads)))
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    return 3 + spreads * x


def done(x: np.ndarray, eps: float = 1e-5) -> Effect:
    return effect(x, batch_moments(x), eps)


def test_each_feature_goes_where_it_belongs() -> None:
    result = done(batch())
    # sigma / sqrt(sigma^2 + eps): 1 - 5e-8, 1 - 5e-6, 0.953, 0.302, 0
    assert result.normalized.tolist() == [True, True, False, False, False]
    assert result.swallowed.tolist() == [False, False, True, True, False]
    assert result.constant.tolist() == [False, False, False, False, True]
    closed = SPREADS / np.sqrt(SPREADS**2 + 1e-5)
    assert np.allclose(result.deviation, closed, rtol=1e-9)
    assert result.tolerance == pytest.approx(1 - closed[1], rel=1e-6)


def test_without_epsilon_only_constants_are_left() -> None:
    result = done(batch(), eps=0.0)
    assert result.normalized.tolist() == [True, True, True, True, False]
    assert result.constant.tolist() == [False] * 4 + [True]
    assert np.isnan(result.deviation[4])
    assert result.tolerance < 1e-10


def test_a_large_batch_is_measured_in_parts() -> None:
    x = np.random.default_rng(2).normal(3.0, 2.0, (3000, 256))
    mu, deviation = x.mean(axis=0), x.std(axis=0)
    x_hat = (x - mu) / np.sqrt(deviation**2 + 1.0)
    assert np.allclose(done(x, 1.0).deviation, x_hat.std(axis=0), rtol=1e-12)


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from([0.0, 1e-6, 1e-3, 1e-1, 1.0, 1e3]), min_size=1, max_size=6),
    st.sampled_from([0.0, 1e-12, 1e-5, 1.0]),
    st.integers(1, 5),
)
def test_every_feature_is_in_exactly_one_place(spreads: list[float], eps: float, rows: int) -> None:
    x = np.random.default_rng(1).normal(size=(rows, len(spreads))) * spreads
    result = done(x, eps)
    places = np.stack([result.normalized, result.swallowed, result.constant]).sum(axis=0)
    assert (places == 1).all()
    assert 0 <= result.tolerance <= TOLERANCE


def test_one_row_is_all_constant() -> None:
    assert done(np.ones((1, 3))).constant.all()
