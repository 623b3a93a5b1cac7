"""The walk starts at the raw batch, ends at BN's output and moves evenly between them."""

import numpy as np
import pytest
import torch

from bnviz.core.batchnorm.equations import forward
from bnviz.core.batchnorm.interpolation import partway, stage_of

X = np.random.default_rng(0).normal([13, 5], [0.8, 2.3], (178, 2))
RESULT = forward(X)


def test_ends() -> None:
    assert np.array_equal(partway(X, RESULT, 0.0), X)
    torchs = torch.nn.BatchNorm1d(2, affine=False, dtype=torch.float64)(torch.tensor(X)).numpy()
    assert np.allclose(partway(X, RESULT, 2.0), torchs, atol=1e-12)
    assert np.allclose(partway(X, RESULT, 2.0), RESULT.x_hat, atol=1e-12)


@pytest.mark.parametrize("progress", [0.25, 0.5, 1.0])
def test_first_half_moves_the_mean_and_nothing_else(progress: float) -> None:
    now = partway(X, RESULT, progress)
    assert np.allclose(now.mean(axis=0), (1 - progress) * X.mean(axis=0), atol=1e-12)
    assert np.allclose(now.std(axis=0), X.std(axis=0))


@pytest.mark.parametrize("progress", [1.25, 1.5, 1.9])
def test_second_half_stretches_and_nothing_else(progress: float) -> None:
    now = partway(X, RESULT, progress)
    assert np.allclose(now.mean(axis=0), 0, atol=1e-12)
    assert np.allclose(now.std(axis=0), X.std(axis=0) ** (2 - progress), rtol=1e-4)


def test_correlation_never_changes() -> None:
    correlations = [
        np.corrcoef(partway(X, RESULT, progress).T)[0, 1] for progress in np.linspace(0, 2, 9)
    ]
    assert np.ptp(correlations) < 1e-12


def test_gamma_and_beta_come_last_and_make_torchs_output() -> None:
    gamma, beta = np.array([1.5, -0.5]), np.array([6.0, 3.0])
    layer = torch.nn.BatchNorm1d(2, dtype=torch.float64)
    layer.load_state_dict(
        layer.state_dict() | {"weight": torch.tensor(gamma), "bias": torch.tensor(beta)}
    )
    y = layer(torch.tensor(X)).detach().numpy()
    assert np.allclose(partway(X, RESULT, 4.0, gamma, beta), y, atol=1e-12)
    assert np.allclose(partway(X, RESULT, 3.0, gamma, beta), y - beta, atol=1e-12)
    halfway = (partway(X, RESULT, 2.0) + partway(X, RESULT, 3.0, gamma)) / 2
    assert np.allclose(partway(X, RESULT, 2.5, gamma, beta), halfway, atol=1e-12)


def test_stages() -> None:
    progress = (0.0, 0.05, 1.0, 1.05, 1.95, 2.0, 2.05, 3.0, 3.01, 4.0)
    assert [stage_of(place) for place in progress] == [
        *("raw", "center", "center", "scale", "scale", "done", "gamma", "gamma", "beta", "beta")
    ]
