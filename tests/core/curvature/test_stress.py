"""Curvature of losses from 1e-60 to 1e60, where it is known: of a linear net without bias."""

import numpy as np
import pytest
import torch
from torch import nn

from bnviz.core.curvature.extremes import problem_extremes
from bnviz.core.curvature.probes import directions, estimates
from bnviz.core.curvature.traces import traces
from tests.core.curvature.problems import of_module

U = 2.0**-53


@pytest.mark.parametrize("scale", [1e-30, 1e-15, 1e-3, 1.0, 1e6, 1e30])
def test_spectra_traces_and_probes_at_any_scale(scale: float) -> None:
    """Spectra and sums to 64 roundings. A probe is off by roundings of the gradient over its step:
    where that is more than the curvature it is all that it measures.
    """
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(64, 6, generator=generator, dtype=torch.float64) * scale
    y = torch.randn(64, 1, generator=generator, dtype=torch.float64)
    module = nn.Linear(6, 1, bias=False, dtype=torch.float64)
    with torch.no_grad():
        module.weight.copy_(torch.linspace(-1, 1, 6))
    problem = of_module(module, nn.MSELoss(), x, y)
    hessian = 2 * x.T @ x / len(x)
    exact = torch.linalg.eigvalsh(hessian).numpy()
    ends, sums = problem_extremes(problem), traces(problem, 8)
    np.testing.assert_allclose([ends.minimum[0], ends.maximum[0]], exact[[0, -1]], rtol=64 * U)
    np.testing.assert_allclose(sums.trace, exact.sum(), rtol=64 * U)
    np.testing.assert_allclose(sums.mean_square, np.mean(exact**2), rtol=64 * U)
    drawn = directions(problem.params, 5, 0)
    ratios = estimates(problem.gradient, problem.params, drawn, 1e-5)
    right = (drawn @ hessian).norm(dim=1) / drawn.norm(dim=1)
    gradient = problem.gradients_at(problem.point).norm()
    step = 1e-5 * drawn.norm(dim=1)
    off = 64 * U * ((gradient + right) / step + 1e5 * right)
    assert (np.abs(ratios - right.numpy()) <= off.numpy()).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e200])
def test_what_has_no_curvature_is_refused_by_name(value: float) -> None:
    x = torch.ones(8, 3, dtype=torch.float64)
    x[3, 1] = value
    with pytest.raises(ValueError, match=r"not finite|turns finite"):
        of_module(nn.Linear(3, 1, dtype=torch.float64), nn.MSELoss(), x, torch.zeros(8, 1))
