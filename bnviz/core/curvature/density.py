"""The density of a Hessian's spectrum by stochastic Lanczos quadrature.

A random unit vector v sees the eigenvalues with weights whose mean is 1 / n; m steps of
Lanczos from v give the m nodes and weights of the Gauss quadrature for that measure, exact
for polynomials of degree 2m - 1 (Golub & Meurant 2010, section 6.2; Lin, Saad & Yang 2016,
section 3.2.2; Ghorbani, Krishnan & Xiao 2019, appendix A). Full reorthogonalization, so
that no eigenvalue appears twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from bnviz.core.curvature.lanczos import Lanczos, room
from bnviz.core.curvature.problem import Problem, gaussian
from bnviz.core.types import Float, Floats, StopFlag, check, never


@dataclass(frozen=True)
class Nodes:
    """P probes' quadratures of m nodes each; NaN where the Hessian is not finite.

    The spectrum's mean of f is about the mean over probes of ``(weights * f(values)).sum(1)``.
    """

    values: Floats
    """(P, m) nodes, ascending: eigenvalues as far as they stand apart."""
    weights: Floats
    """(P, m) nonnegative, with sum 1."""


def quadratures(
    problem: Problem,
    probes: int = 16,
    steps: int = 80,
    seed: int = 0,
    should_stop: StopFlag = never,
) -> Iterator[Nodes]:
    """The quadratures of `probes` Gaussian directions, some at a time. Raises Stopped.

    Those of a group run in lockstep, as many as run fast together and have their basis
    within :data:`bnviz.core.memory.BASIS_BYTES`. Not all `steps` are taken where n is
    smaller, or where the basis of one would be too large: 33 at a million parameters. Products are
    computed in the problem's precision, all else in float64.
    """
    steps = steps_taken(problem, steps)
    group = min(problem.products_per_call(probes), max(1, room(1, problem.size) // steps))
    groups = -(-probes // group)
    generator = torch.Generator().manual_seed(seed)
    for index in range(groups):
        count = (probes + index) // groups
        start = gaussian(count, problem.point, generator)
        lanczos = Lanczos(problem.hessian(count), start, steps)
        for _ in range(steps):
            check(should_stop)
            lanczos.advance()
        ritz = lanczos.ritz()
        nodes = torch.stack([ritz.values, ritz.vectors[:, 0].square()])
        nodes = torch.where(lanczos.finite.view(1, -1, 1), nodes, torch.nan)
        values, weights = np.asarray(nodes.cpu(), dtype=np.float64)
        yield Nodes(values, weights)


def steps_taken(problem: Problem, steps: int) -> int:
    """How many of so many `steps` are taken, as :func:`quadratures` says."""
    return min(steps, problem.size, room(1, problem.size))


def joined(parts: list[Nodes]) -> Nodes:
    """All probes of several groups."""
    return Nodes(
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.weights for part in parts]),
    )


def smoothed(
    nodes: Nodes, grid: Float[Floats, " g"], unit: float, width: float
) -> Float[Floats, "p g"]:
    """Each probe's density at the eigenvalues `grid`, over asinh(eigenvalue / unit).

    Every node is a Gaussian of standard deviation `width` on that axis, linear within `unit`
    of 0 and logarithmic beyond; its area is the node's weight.
    """
    at, nodes_at = np.arcsinh(grid / unit), np.arcsinh(nodes.values / unit)
    distance = (at - nodes_at[..., np.newaxis]) / width
    bells = np.exp(-0.5 * distance**2) / (width * np.sqrt(2 * np.pi))
    density: Floats = np.einsum("pm,pmg->pg", nodes.weights, bells)
    return density


def of_eigenvalues(values: Float[Floats, " n"]) -> Nodes:
    """An exact spectrum as one quadrature."""
    weights = np.full((1, len(values)), 1 / len(values))
    return Nodes(values[np.newaxis], np.where(np.isfinite(values), weights, np.nan))
