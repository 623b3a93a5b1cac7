"""One sample among other rows: against BN itself and against plain simulation."""

import numpy as np
import pytest
import scipy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from bnviz.core.batchnorm.batch_dependence import (
    LEVELS,
    SIZES,
    batch_dependence,
    exact_quantiles,
    large_batch,
    normalized,
    other_rows,
    verdict,
)
from bnviz.core.configs import BatchConfig, Source
from bnviz.core.data.batches import all_rows
from bnviz.core.data.moments import moments
from bnviz.core.data.tables import Table

NORMAL = BatchConfig(features=3)


@pytest.mark.parametrize("eps", [1e-5, 0.5])
def test_output_is_what_torch_makes_of_the_sample(eps: float) -> None:
    others = np.random.default_rng(0).normal(size=(20, 6))
    layer = nn.BatchNorm1d(1, eps=eps, affine=False, dtype=torch.float64)
    expected = [
        layer(torch.from_numpy(np.concatenate([[1.3], row])[:, None]))[0, 0].item()
        for row in others
    ]
    assert normalized(1.3, others, eps) == pytest.approx(expected)


@pytest.mark.parametrize("z", [-2.0, 0.0, 1.0])
@pytest.mark.parametrize("size", [3, 5, 40, 256])
def test_without_epsilon_the_output_is_a_noncentral_t(z: float, size: int) -> None:
    """sqrt(n) (z - m) / s sqrt((n - 1) / n) with n = B - 1, and y grows with it."""
    others = size - 1
    t = scipy.stats.nct.ppf(LEVELS, others - 1, z * np.sqrt(others)) / np.sqrt(others - 1)
    expected = np.sqrt(others / size) * t / np.sqrt(1 + t**2 / size)
    assert exact_quantiles(z, size, LEVELS) == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize("eps", [1e-3, 1.0, 1000.0])
@pytest.mark.parametrize("size", [2, 3, 8])
def test_exact_quantiles_against_simulation(size: int, eps: float) -> None:
    """Epsilon is inside the root: with 1000 variances of it the output is nearly linear."""
    others = np.random.default_rng(1).normal(size=(40_000, size - 1))
    y = normalized(1.0, others, eps)
    below = [(y <= quantile).mean() for quantile in exact_quantiles(1.0, size, LEVELS, eps)]
    assert below == pytest.approx(LEVELS, abs=0.01)


def test_a_nearly_constant_feature() -> None:
    """Its variance is 1e-8 and epsilon a thousand times that: two rows are far from +1 and -1."""
    config = BatchConfig(source="constant", features=2)
    dependence = batch_dependence(config, 1, 1.0, 1e-5, moments(config), None)
    assert dependence.exact and dependence.theory is not None
    spread = dependence.quantiles[:, -1] - dependence.quantiles[:, 0]
    assert dependence.theory == pytest.approx(dependence.quantiles, abs=0.06 * spread.max())
    assert verdict(dependence, 2, 1.0).key == "many" and dependence.theory[0, -1] < 0.1
    assert verdict(batch_dependence(NORMAL, 2, 1.0, 1e-9, moments(NORMAL), None), 2, 1.0).key == (
        "pair"
    )


def test_a_constant_feature_without_epsilon() -> None:
    config = BatchConfig(source="constant", features=2)
    dependence = batch_dependence(config, 0, 1.0, 0.0, moments(config), None)
    assert {verdict(dependence, size, 1.0).key for size in (2, 3, 256)} == {"undefined"}


@settings(max_examples=15)
@given(
    st.sampled_from(["normal", "skewed", "constant", "wine", "heavy_tails", "outliers"]),
    st.integers(0, 1),
    st.floats(-4, 4),
    st.sampled_from([1e-12, 1e-5, 1.0]),
    st.sampled_from([2, 3, 64]),
)
def test_what_is_said_is_measured(
    source: Source, feature: int, z: float, eps: float, size: int
) -> None:
    config = BatchConfig(source=source, features=2)
    dependence = batch_dependence(config, feature, z, eps, moments(config), None)
    said = verdict(dependence, size, z)
    outputs = dependence.outputs[dependence.sizes.index(size)]
    low, high = said.values["low"] - 1e-9, said.values["high"] + 1e-9  # of many equal outputs
    assert ((low <= outputs) & (outputs <= high)).mean() >= 0.9 - 2 / len(outputs)
    assert np.abs(outputs).max() <= size**0.5
    if said.key == "pair":
        assert size == 2 and np.quantile(np.abs(outputs), 0.5) > 0.99


def test_two_rows_collapse_to_a_sign() -> None:
    others = np.random.default_rng(2).normal(size=(1000, 1))
    y = normalized(0.5, others, 0.0)
    assert np.abs(y) == pytest.approx(1)
    assert exact_quantiles(0.5, 2, (0.30, 0.31)).tolist() == [-1.0, 1.0]  # P(x > 0.5) = 0.3085
    assert (y < 0).mean() == pytest.approx(0.3085, abs=0.04)


@pytest.mark.parametrize("source", ["skewed", "wine", "uniform"])
def test_large_batches_against_simulation(source: str) -> None:
    config = BatchConfig(source=source, features=2)
    truth = moments(config)
    size, z = 128, 1.5
    y = normalized(
        float(truth.mean[1] + z * truth.scale[1]), other_rows(config, 1)[:, : size - 1], 0.0
    )
    expected = large_batch(z, size, truth, 1)
    width = expected[-1] - expected[0]
    assert np.quantile(y, LEVELS) == pytest.approx(expected, abs=0.16 * width)


def test_the_whole_picture() -> None:
    dependence = batch_dependence(NORMAL, 2, 1.0, 1e-5, moments(NORMAL), None)
    assert dependence.exact and dependence.theory is not None
    assert dependence.whole == pytest.approx(1, abs=1e-3)
    assert len(dependence.outputs) == len(dependence.quantiles) == len(SIZES)
    for size, y in zip(SIZES, dependence.outputs, strict=True):
        assert np.abs(y).max() <= np.sqrt(size - 1) + 1e-9
    spread = dependence.quantiles[:, -1] - dependence.quantiles[:, 0]
    assert spread[4:] == pytest.approx(
        dependence.theory[4:, -1] - dependence.theory[4:, 0], rel=0.2
    )
    assert dependence.quantiles[-1, 2] == pytest.approx(1, abs=0.03)


def test_no_theory_without_variance_and_constant_features_stay_at_zero() -> None:
    heavy = BatchConfig(source="heavy_tails", features=1)
    assert batch_dependence(heavy, 0, 1.0, 1e-5, moments(heavy), None).theory is None
    constant = BatchConfig(source="constant", features=1)
    dependence = batch_dependence(constant, 0, 1.0, 1e-5, moments(constant), None)
    assert dependence.theory is None and dependence.whole == 0
    assert np.abs(np.concatenate(dependence.outputs)).max() < 1e-9


def test_other_rows_are_bounded_and_real_rows_are_not_repeated() -> None:
    wide = other_rows(BatchConfig(features=256), 255)
    assert wide.shape == (64, SIZES[-1] - 1)
    wine = BatchConfig(source="wine", features=1)
    rows = other_rows(wine, 0)
    assert rows.shape == (800, 178)
    assert np.all(np.sort(rows, axis=1) == np.sort(all_rows(wine)[:, 0]))
    assert batch_dependence(wine, 0, 1.0, 1e-5, moments(wine), None).sizes[-1] == 128


@pytest.mark.parametrize("factor", [0.01, 100.0])
def test_theory_knows_no_unit(factor: float) -> None:
    rows = np.random.default_rng(0).gamma(2.0, size=(500, 1))
    config = BatchConfig(source="table", table="d")
    one, other = (
        large_batch(1.5, 64, moments(config, Table("d", ("a",), rows * unit)), 0)
        for unit in (1.0, factor)
    )
    np.testing.assert_allclose(one, other, rtol=1e-9)
