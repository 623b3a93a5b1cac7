"""Running statistics against torch.nn.BatchNorm1d and Keras's documented formula."""

import statistics

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from bnviz.core.running import Running, start, update_cumulative, update_keras, update_torch

Batches = list[NDArray[np.float64]]


@pytest.fixture
def batches() -> Batches:
    """Five batches of 4 features, of unequal size."""
    rng = np.random.default_rng(0)
    return [rng.normal([0, 5, -300, 1e-3], [1, 2, 50, 1e-4], (b, 4)) for b in (8, 3, 2, 40, 8)]


@pytest.mark.parametrize("torch_momentum", [0.1, 0.3, 1.0, None])
def test_torch_convention(batches: Batches, torch_momentum: float | None) -> None:
    layer = torch.nn.BatchNorm1d(4, momentum=torch_momentum, dtype=torch.float64)
    running = start(4)
    assert np.array_equal(running.mean, layer.running_mean.numpy())
    assert np.array_equal(running.variance, layer.running_var.numpy())
    for x in batches:
        layer(torch.from_numpy(x))
        running = update_torch(running, x, torch_momentum)
        np.testing.assert_allclose(running.mean, layer.running_mean.numpy(), rtol=1e-12)
        np.testing.assert_allclose(running.variance, layer.running_var.numpy(), rtol=1e-12)
        assert running.batches_tracked == int(layer.num_batches_tracked)


def test_torchs_default_is_ours(batches: Batches) -> None:
    layer = torch.nn.BatchNorm1d(4, dtype=torch.float64)
    layer(torch.from_numpy(batches[0]))
    got = update_torch(start(4), batches[0]).mean
    np.testing.assert_allclose(got, layer.running_mean.numpy(), rtol=1e-12)


def test_cumulative_is_the_plain_average_of_the_batches(batches: Batches) -> None:
    running = start(4)
    for x in batches:
        running = update_cumulative(running, x)
    for d in range(4):
        means = [statistics.fmean(x[:, d].tolist()) for x in batches]
        spreads = [statistics.variance(x[:, d].tolist()) for x in batches]
        assert running.mean[d] == pytest.approx(statistics.fmean(means), rel=1e-12)
        assert running.variance[d] == pytest.approx(statistics.fmean(spreads), rel=1e-9)


@pytest.mark.parametrize("keras_momentum", [0.99, 0.5])
def test_keras_convention(batches: Batches, keras_momentum: float) -> None:
    """moving = moving * momentum + statistic(batch) * (1 - momentum), biased variance."""
    running = start(4)
    moving = [[0.0] * 4, [1.0] * 4]
    for x in batches:
        running = update_keras(running, x, keras_momentum)
        for d in range(4):
            values = x[:, d].tolist()
            for kept, new in zip(
                moving, (statistics.fmean(values), statistics.pvariance(values)), strict=True
            ):
                kept[d] = kept[d] * keras_momentum + new * (1 - keras_momentum)
    np.testing.assert_allclose(running.mean, moving[0], rtol=1e-12)
    np.testing.assert_allclose(running.variance, moving[1], rtol=1e-9)
    assert running.batches_tracked == 5


def test_the_conventions_by_hand() -> None:
    """Rows 0 and 4: mean 2, biased variance 4, unbiased variance 8."""
    x, before = np.array([[0.0], [4.0]]), Running(np.array([10.0]), np.array([3.0]), 7)
    torchs, kerass = update_torch(before, x, 0.1), update_keras(before, x, 0.9)
    assert torchs.mean == pytest.approx(0.9 * 10 + 0.1 * 2)
    assert torchs.variance == pytest.approx(0.9 * 3 + 0.1 * 8)
    assert kerass.mean == pytest.approx(0.9 * 10 + 0.1 * 2)
    assert kerass.variance == pytest.approx(0.9 * 3 + 0.1 * 4)
    assert before.mean[0] == 10.0 and before.batches_tracked == 7


def test_one_row_has_no_unbiased_variance() -> None:
    one = np.ones((1, 3))
    with pytest.raises(ValueError, match="2 rows or more"):
        update_torch(start(3), one)
    with pytest.raises(ValueError, match="2 rows or more"):
        update_torch(start(3), one, None)
    assert update_keras(start(3), one).variance == pytest.approx([0.99] * 3)
