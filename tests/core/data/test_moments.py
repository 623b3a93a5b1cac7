"""Closed-form moments against large draws, finite-table formulas against every possible sample."""

from itertools import combinations
from typing import get_args

import numpy as np
import pytest

from bnviz.core.configs import BatchConfig, Source
from bnviz.core.data.batches import REAL, draw
from bnviz.core.data.moments import moments
from bnviz.core.data.tables import Table

SYNTHETIC = [s for s in get_args(Source) if s not in REAL and s not in ("table", "heavy_tails")]


@pytest.mark.parametrize("source", SYNTHETIC)
def test_closed_forms_agree_with_draws(source: Source) -> None:
    truth = moments(BatchConfig(source=source, features=4))
    x = np.vstack(
        [
            draw(BatchConfig(source=source, features=4, batch_size=65_536, seed=seed)).values
            for seed in range(6)
        ]
    )
    # In units of each feature's own spread; a constant feature has none.
    scale = np.where(truth.scale > 0, truth.scale, 1.0)
    z = (x - truth.mean) / scale
    for power, closed in ((1, 0.0), (2, truth.variance), (3, truth.third), (4, truth.fourth)):
        samples = z**power
        error = samples.std(axis=0) / np.sqrt(len(z))
        expected = closed / scale**power
        assert np.all(np.abs(samples.mean(axis=0) - expected) <= 5 * error + 1e-12), power


def test_heavy_tails_have_a_mean_only() -> None:
    truth = moments(BatchConfig(source="heavy_tails", features=3))
    x = draw(BatchConfig(source="heavy_tails", features=3, batch_size=65_536)).values
    assert np.allclose(truth.mean, np.median(x, axis=0), atol=0.1)
    assert np.isinf(truth.variance).all()
    assert np.isinf(truth.variance_of_mean(8)).all()
    assert not np.isfinite(truth.variance_of_variance(8)).any()
    assert np.isfinite(truth.scale).all()


def table(values: np.ndarray) -> tuple[BatchConfig, Table]:
    names = tuple(f"c{i}" for i in range(values.shape[1]))
    return BatchConfig(source="table", table="abc", features=2), Table("abc", names, values)


@pytest.mark.parametrize("size", [2, 3, 5, 7])
def test_without_replacement_equals_every_possible_sample(size: int) -> None:
    rng = np.random.default_rng(0)
    values = np.column_stack([rng.exponential(size=7), 100 + rng.normal(size=7)])
    truth = moments(*table(values))
    samples = np.array([values[list(rows)] for rows in combinations(range(7), size)])
    means, variances = samples.mean(axis=1), samples.var(axis=1, ddof=1)
    assert np.allclose(truth.mean, means.mean(axis=0))
    assert np.allclose(truth.variance_of_mean(size), means.var(axis=0))
    assert np.allclose(truth.expected_variance(size), variances.mean(axis=0))
    assert np.allclose(truth.variance_of_variance(size), variances.var(axis=0), atol=1e-12)


def test_with_replacement_equals_every_possible_sample() -> None:
    values = np.array([[1.0], [2.0], [7.0]])
    truth = moments(*table(values))
    samples = np.stack(np.meshgrid(*[values[:, 0]] * 4), axis=-1).reshape(-1, 4)
    assert np.allclose(truth.variance_of_mean(4), samples.mean(axis=1).var())
    variances = samples.var(axis=1, ddof=1)
    assert np.allclose(truth.expected_variance(4), variances.mean())
    assert np.allclose(truth.variance_of_variance(4), variances.var())


def test_real_data_uses_all_rows() -> None:
    truth = moments(BatchConfig(source="wine", features=13))
    assert truth.rows == 178
    assert truth.whole(178) and not truth.whole(179)
    assert truth.mean[0] == pytest.approx(13.000617977528083)


def test_one_row_has_no_variance_of_variance() -> None:
    assert np.isnan(moments(BatchConfig(features=2)).variance_of_variance(1)).all()
