"""Measures of smoothness for any ``torch.nn.Module``: ``from bnviz import eigenvalues``.

Every function takes a module, a loss ``loss(module(x), y)`` that returns a scalar, and the
batch `x`, `y`; then by name

- `mode`: "eval" or "train", of the BN layers; all other layers are in eval mode;
- `precision`: "float64" or "float32", which module and batch are computed in;
- `seed`, where something is random: the same seed gives the same figures.

The module, its buffers, its mode and torch's random state stay as they are, to the bit.
Everything runs on the device of the module, where `x` and `y` must be too. n is the number of
parameters that require a gradient; the functions behind these, in :mod:`bnviz.core`, say
what they cost in memory.

The examples measure :func:`quadratic`, whose Hessian is known by heart.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from bnviz.core.configs import BnMode, Precision
from bnviz.core.curvature import along_gradient as along
from bnviz.core.curvature import (
    density,
    extremes,
    kinks,
    landscape,
    stability,
)
from bnviz.core.curvature import probes as lipschitz
from bnviz.core.curvature import traces as spectrum
from bnviz.core.curvature.along_gradient import Along
from bnviz.core.curvature.density import Nodes
from bnviz.core.curvature.extremes import Extremes
from bnviz.core.curvature.kinks import Split
from bnviz.core.curvature.module_problem import LossFunction, ModuleProblem
from bnviz.core.curvature.normalized import NormalizedProblem
from bnviz.core.curvature.traces import Traces
from bnviz.core.nets.vectors import flatten
from bnviz.core.types import Floats


def quadratic() -> tuple[nn.Module, LossFunction, Tensor, Tensor]:
    """A module, a loss and a batch to try things on: (w1^2 + 4 w2^2) / 2 at w = (3, 4).

    Its Hessian is diag(1, 4) everywhere.

    >>> from bnviz import quadratic
    >>> net, loss, x, y = quadratic()
    >>> loss(net(x), y).item()
    36.5
    """
    net = nn.utils.skip_init(nn.Linear, 2, 1, bias=False)
    net.weight.data = torch.tensor([[3.0, 4.0]])
    return net, functional.mse_loss, torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.zeros(2, 1)


def lipschitz_probes(
    module: nn.Module,
    loss: LossFunction,
    x: Any,
    y: Tensor,
    *,
    scale: float = 1e-5,
    count: int = 100,
    seed: int = 0,
    mode: BnMode = "eval",
    precision: Precision = "float64",
) -> Floats:
    """(count,) |gradient change| / |step| of random steps with standard deviation `scale`.

    Lower bounds on the gradient's Lipschitz constant, and in high dimension low ones: for a
    quadratic loss their mean square is about tr(H^2) / n. See :mod:`bnviz.core.curvature.probes`.

    >>> from bnviz import lipschitz_probes, quadratic
    >>> probes = lipschitz_probes(*quadratic())
    >>> bool((probes > 1).all()), bool((probes < 4).all())
    (True, True)
    """
    problem = ModuleProblem(module, loss, x, y, mode=mode, precision=precision)
    drawn = lipschitz.directions(problem.params, count, seed)
    found = lipschitz.estimates(problem.gradient, problem.params, drawn, scale)
    return found


def scale_sweep(
    module: nn.Module,
    loss: LossFunction,
    x: Any,
    y: Tensor,
    *,
    scales: Sequence[float] = (1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1),
    count: int = 32,
    seed: int = 0,
    mode: BnMode = "eval",
    precision: Precision = "float64",
) -> dict[float, Split]:
    """The probes of each scale taken apart: smooth curvature, and the kinks of ReLU.

    Kinks are those of the module's ``nn.ReLU`` layers; see :mod:`bnviz.core.curvature.kinks`.

    >>> from bnviz import scale_sweep, quadratic
    >>> sweep = scale_sweep(*quadratic(), scales=[1e-4, 1e-2], count=5)
    >>> bool(abs(sweep[1e-4].ratio - sweep[1e-2].ratio).max() < 1e-6)  # quadratic: a plateau
    True
    >>> float(sweep[1e-2].crossed.sum())  # and no ReLU
    0.0
    """
    problem = ModuleProblem(module, loss, x, y, mode=mode, precision=precision)
    drawn = lipschitz.directions(problem.params, count, seed)
    return {scale: kinks.split(problem, drawn, scale) for scale in scales}


def eigenvalues(
    module: nn.Module,
    loss: LossFunction,
    x: Any,
    y: Tensor,
    *,
    tolerance: float = 1e-6,
    seed: int = 0,
    mode: BnMode = "eval",
    precision: Precision = "float64",
) -> Extremes:
    """Both ends of the Hessian's spectrum, by Lanczos, with their residuals; arrays (1,).

    See :func:`bnviz.core.curvature.extremes.problem_extremes`.

    >>> from bnviz import eigenvalues, quadratic
    >>> found = eigenvalues(*quadratic())
    >>> round(float(found.minimum[0]), 6), round(float(found.maximum[0]), 6)
    (1.0, 4.0)
    """
    problem = ModuleProblem(module, loss, x, y, mode=mode, precision=precision)
    found = extremes.problem_extremes(problem, tolerance=tolerance, seed=seed)
    return found


def traces(
    module: nn.Module,
    loss: LossFunction,
    x: Any,
    y: Tensor,
    *,
    probes: int = 64,
    seed: int = 0,
    mode: BnMode = "eval",
    precision: Precision = "float64",
) -> Traces:
    """tr(H) and tr(H^2) / n with 95 % confidence margins; see
    :func:`bnviz.core.curvature.traces.traces`.

    >>> from bnviz import traces, quadratic
    >>> found = traces(*quadratic())
    >>> round(found.trace, 6), round(found.mean_square, 6)
    (5.0, 8.5)
    """
    problem = ModuleProblem(module, loss, x, y, mode=mode, precision=precision)
    found = spectrum.traces(problem, probes, seed)
    return found


def normalized_sharpness(
    module: nn.Module,
    loss: LossFunction,
    x: Any,
    y: Tensor,
    *,
    tolerance: float = 1e-6,
    seed: int = 0,
    mode: BnMode = "eval",
    precision: Precision = "float64",
) -> float:
    """The largest eigenvalue with every weight measured in units of its filter's norm.

    Rescaling weights in a way that the net does not feel leaves it as it is; see
    :mod:`bnviz.core.curvature.normalized`.

    >>> from bnviz import normalized_sharpness, quadratic
    >>> round(normalized_sharpness(*quadratic()), 6)  # the filter's norm is 5
    100.0
    """
    problem = ModuleProblem(module, loss, x, y, mode=mode, precision=precision)
    found = extremes.problem_extremes(NormalizedProblem(problem), tolerance=tolerance, seed=seed)
    return float(found.maximum[0])


def spectral_density(
    module: nn.Module,
    loss: LossFunction,
    x: Any,
    y: Tensor,
    *,
    probes: int = 16,
    steps: int = 80,
    seed: int = 0,
    mode: BnMode = "eval",
    precision: Precision = "float64",
) -> Nodes:
    """Stochastic Lanczos quadrature: where the eigenvalues are, and what share of them.

    For any function f, tr f(H) / n is about the mean over the probes of
    ``(weights * f(values)).sum(1)``; see :mod:`bnviz.core.curvature.density`.

    >>> from bnviz import spectral_density, quadratic
    >>> nodes = spectral_density(*quadratic(), probes=2)
    >>> nodes.values.round(6).tolist()
    [[1.0, 4.0], [1.0, 4.0]]
    """
    problem = ModuleProblem(module, loss, x, y, mode=mode, precision=precision)
    return density.joined(list(density.quadratures(problem, probes, steps, seed)))


def along_gradient(
    module: nn.Module,
    loss: LossFunction,
    x: Any,
    y: Tensor,
    *,
    sizes: Sequence[float] = (0.01, 0.02, 0.05, 0.1),
    distances: bool = False,
    mode: BnMode = "train",
    precision: Precision = "float64",
) -> Along:
    """Loss and gradient after steps against the gradient (Santurkar et al. 2018, section 3.1).

    `sizes` multiply the gradient, or with `distances` are how far to go; see
    :mod:`bnviz.core.curvature.along_gradient`.

    >>> from bnviz import along_gradient, quadratic
    >>> found = along_gradient(*quadratic(), sizes=[0.1])  # the gradient is (3, 16)
    >>> round(float(found.loss), 4), round(float(found.losses), 4)
    (36.5, 15.165)
    """
    problem = ModuleProblem(module, loss, x, y, mode=mode, precision=precision)
    return along.along(problem, torch.tensor(sizes), unit=distances)


def landscape_lines(
    module: nn.Module,
    loss: LossFunction,
    x: Any,
    y: Tensor,
    *,
    distances: Sequence[float] = tuple(np.linspace(-1, 1, 51)),
    count: int = 16,
    seed: int = 0,
    mode: BnMode = "eval",
    precision: Precision = "float64",
) -> Floats:
    """(count, V) losses along random filter-normalized lines (Li et al. 2018, section 4).

    A distance of 1 changes every filter by its own norm, 0 is the module as it is.

    >>> from bnviz import landscape_lines, quadratic
    >>> losses = landscape_lines(*quadratic(), distances=[0.0, 1.0], count=3)
    >>> losses[:, 0].tolist()
    [36.5, 36.5, 36.5]
    """
    problem = ModuleProblem(module, loss, x, y, mode=mode, precision=precision)
    drawn = landscape.directions(problem.params, count, seed)
    found = landscape.lines(problem, drawn, np.asarray(distances, dtype=np.float64))
    return found


def landscape_plane(
    module: nn.Module,
    loss: LossFunction,
    x: Any,
    y: Tensor,
    *,
    coordinates: Sequence[float] = tuple(np.linspace(-1, 1, 51)),
    directions: Tensor | None = None,
    seed: int = 0,
    mode: BnMode = "eval",
    precision: Precision = "float64",
) -> Floats:
    """(V, V) losses on a plane: row i at ``coordinates[i]`` along the second direction.

    `directions` (2, n) span it, in the order of the parameters; without them two random
    filter-normalized ones (Li et al. 2018, section 4). See
    :func:`bnviz.core.curvature.landscape.plane`.

    >>> import torch
    >>> from bnviz import landscape_plane, quadratic
    >>> axes = torch.eye(2)
    >>> losses = landscape_plane(*quadratic(), coordinates=[0, 1], directions=axes)
    >>> losses.tolist()  # (w1^2 + 4 w2^2) / 2 around (3, 4)
    [[36.5, 40.0], [54.5, 58.0]]
    """
    problem = ModuleProblem(module, loss, x, y, mode=mode, precision=precision)
    if directions is None:
        directions = landscape.directions(problem.params, 2, seed)
    first, second = directions.to(problem.dtype)
    at = np.asarray(coordinates, dtype=np.float64)
    found = landscape.plane(problem, first, second, at, at)
    return found


def stability_threshold(
    module: nn.Module,
    loss: LossFunction,
    x: Any,
    y: Tensor,
    *,
    steps: int = 100,
    halvings: int = 12,
    mode: BnMode = "train",
    precision: Precision = "float64",
) -> tuple[float, float]:
    """Learning rates at which full-batch gradient descent becomes unstable: predicted, measured.

    Predicted is 2 / the largest Hessian eigenvalue (Cohen et al. 2021, section 2). Measured is
    the middle of the last stable and the first unstable trial, found by bisection; NaN where
    there is none. See :func:`bnviz.core.curvature.stability.trials` for what is unstable.

    >>> from bnviz import quadratic, stability_threshold
    >>> predicted, measured = stability_threshold(*quadratic())
    >>> round(predicted, 6), bool(abs(measured / predicted - 1) < 0.02)
    (0.5, True)
    """
    problem = ModuleProblem(module, loss, x, y, mode=mode, precision=precision)
    start = flatten(list(problem.params.values()))
    found = extremes.sharpest(problem, start)
    value, vector = found
    kicked = stability.kicked(problem, start, value, vector)
    measured = float("nan")
    for bracket in stability.thresholds(problem, kicked, 2 / value, steps=steps, halvings=halvings):
        measured = float(bracket.threshold)
    return float(2 / value), measured
