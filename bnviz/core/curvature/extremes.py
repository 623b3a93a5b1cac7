"""The extreme eigenvalues of Hessians, for a whole stack of networks at once.

Lanczos with full reorthogonalization and thick restarts (:mod:`bnviz.core.curvature.lanczos`);
plain power iteration stalls where the two ends are nearly opposite. A Hessian is
never built: the gradient's graph is, once, and every product with a vector runs
backward through it (Pearlmutter 1994).

Memory: the basis takes at most BASIS_BYTES, 256 MB, but 12 vectors a network in any case.
So one network of a million parameters keeps 33 vectors, and beyond 2.8 million parameters
the basis takes 96 bytes a parameter. To that come the activations, and at most ten vectors
for the gradient's graph and the work: 332 MB for a million parameters, and 380 MB where two
eigenvectors are kept. The C library may hold on to another 150 MB that was freed
(:func:`bnviz.core.nets.chunks.keep_freed_memory`).

All runs on the device of the parameters; random numbers are drawn on the CPU, so that a
seed means the same everywhere. What is stopped raises :class:`bnviz.core.types.Stopped`.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bnviz.core.curvature.lanczos import Product, Search, begin, due
from bnviz.core.curvature.problem import Problem, gaussian, hessian_product
from bnviz.core.memory import BASIS_BYTES
from bnviz.core.nets.chunks import keep_freed_memory
from bnviz.core.nets.gradients import Objective
from bnviz.core.nets.vectors import Tensors, flatten
from bnviz.core.types import Bools, Float, Floats, Ints, StopFlag, never

#: Residuals are judged against the eigenvalue, or this share of the larger end if that is more.
FLOOR = 1e-3

#: The error of an eigenvalue by rounding is at most so many times |H as computed - H|, as measured.
_SAFETY = 2.0

#: The relative residual at which :func:`sharpest` ends; the error is far smaller (Parlett 1998,
#: section 11.7).
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Extremes:
    """Both ends of each network's Hessian spectrum, (K,); NaN where it has non-finite numbers.

    A residual is |Hv - lambda v| for the unit vector v found with lambda: some
    eigenvalue lies within that of lambda, and the error of one that stands alone is
    about residual^2 / gap (Parlett 1998, section 11.7).
    """

    minimum: Floats
    maximum: Floats
    minimum_residual: Floats
    maximum_residual: Floats
    iterations: Ints
    converged: Bools
    minimum_vectors: Tensor | None = None
    """(K, n) unit eigenvectors, where they were asked for."""
    maximum_vectors: Tensor | None = None


class Eigenpairs(NamedTuple):
    """Eigenvalues of one Hessian at one end of its spectrum, the outermost first."""

    values: Tensor
    """(count,) float64; NaN where the residual is too large."""
    vectors: Tensor
    """(count, n) unit vectors, the best there were."""
    residuals: Tensor
    """(count,) |Hv - value v|."""


def extremes(
    objective: Objective,
    params: Tensors,
    *,
    tolerance: float = 1e-4,
    max_iterations: int = 300,
    seed: int = 0,
    memory: int = BASIS_BYTES,
    should_stop: StopFlag = never,
) -> Extremes:
    """The extreme Hessian eigenvalues of each network's loss.

    `objective` maps stacked parameters to (K,) losses, each depending on its own
    network alone; `params` is where. Works in float64 whatever `params` are. A
    network has converged when both residuals are at most `tolerance` times their
    eigenvalue (see FLOOR); 1e-4 gives the document's nets eight digits. The start
    vector is drawn with `seed`, alike for all. `memory` bounds the basis, in bytes.
    """
    keep_freed_memory()
    point = flatten(list(params.values())).detach().to(torch.float64)
    finite = point.isfinite().all(1)
    point = torch.where(finite.unsqueeze(1), point, 0.0)
    product = hessian_product(objective, params, point)
    search = begin(product, gaussian(1, point, seed).expand_as(point), max_iterations, memory)
    search.lanczos.finite &= finite
    return _both_ends(search, tolerance, should_stop)


def problem_extremes(
    problem: Problem,
    *,
    tolerance: float = 1e-6,
    max_iterations: int = 500,
    seed: int = 0,
    should_stop: StopFlag = never,
) -> Extremes:
    """:func:`extremes` of one network, any module's too: the arrays have length 1.

    Products are computed in the problem's precision, all else in float64. An eigenvalue
    that has converged is right to `tolerance`, relative, in float64; the residuals of float32
    have the rounding of its products in them, as it is measured (:attr:`Problem.rounding`).
    """
    keep_freed_memory()
    start = gaussian(1, problem.point, seed)
    search = begin(problem.hessian(), start, max_iterations)
    ends, rounding = _both_ends(search, tolerance, should_stop), _SAFETY * problem.rounding
    return replace(
        ends,
        minimum_residual=ends.minimum_residual + rounding,
        maximum_residual=ends.maximum_residual + rounding,
    )


def _both_ends(search: Search, tolerance: float, should_stop: StopFlag) -> Extremes:
    """Each network's ends when they have converged, or at the last."""
    lanczos, done = search.lanczos, ~search.lanczos.finite
    known = lanczos.coupling.new_full((5, len(done)), torch.nan)
    for ritz in () if done.all() else search.looks(should_stop):
        done = done | ~lanczos.finite
        ends = [each[:, end] for each in (ritz.values, ritz.residuals) for end in (0, -1)]
        now = torch.stack([*ends, torch.full_like(ends[0], lanczos.steps)])
        news = ~done & (_within(now, tolerance) | (lanczos.steps == search.limit))
        known = torch.where(news, now, known)
        done = done | news
        if done.all():
            break
    converged = (_within(known, tolerance) & lanczos.finite).cpu().numpy()
    low, high, low_residual, high_residual, steps = known.cpu().numpy()
    iterations = np.nan_to_num(steps).astype(np.int64)
    return Extremes(low, high, low_residual, high_residual, iterations, converged)


def _within(ends: Float[Tensor, "5 k"], tolerance: float) -> Tensor:
    """(K,) whether both residuals of the `ends` are small enough."""
    values, residuals = ends[:2].abs(), ends[2:4]
    judge = torch.maximum(values, FLOOR * values.amax(0))
    return (residuals <= tolerance * judge).all(0)


def top_vectors(
    problem: Problem,
    count: int = 2,
    *,
    smallest: bool = False,
    tolerance: float = 1e-6,
    max_iterations: int = 500,
    seed: int = 0,
    memory: int = BASIS_BYTES,
    should_stop: StopFlag = never,
) -> Eigenpairs:
    """The `count` largest eigenvalues, or the smallest, and unit vectors of them.

    Largest algebraically, and float64. They are found one after the other, each with those
    before it moved out of the way (Wielandt's deflation; Saad 2011, section 4.2), so that a
    multiple one is found as often as it is there. An eigenvalue whose residual exceeds
    `tolerance` times the largest |eigenvalue|, and rounding, is NaN, its vector the best there
    was; where the Hessian is not finite, all is NaN. Precision and memory as in
    :func:`problem_extremes`. Raises ValueError if there are not that many.
    """
    if not 1 <= count <= problem.size:
        raise ValueError(f"There are {problem.size} eigenvalues; {count} were asked for.")
    keep_freed_memory()
    like, upward = problem.point, problem.hessian()
    product: Product = (lambda v: -upward(v)) if smallest else upward
    vectors = gaussian(0, like, seed)
    values = residuals = away = vectors.new_empty(0)
    rounding = _SAFETY * problem.rounding
    for index in range(count):
        start = gaussian(1, like, seed + index)
        search = begin(_deflated(product, vectors, away), start, max_iterations, memory)
        top = search.top(tolerance, should_stop, lambda each: each.size < 16 or due(each))
        vector, value, residual = _pair(product, top.vectors, vectors)
        good = residual <= tolerance * top.scale + rounding
        values = torch.cat([values, torch.where(good, value, torch.nan)])
        residuals = torch.cat([residuals, residual + rounding])
        vectors, away = torch.cat([vectors, vector]), torch.cat([away, 2 * top.scale])
    order = torch.argsort(values.nan_to_num(-torch.inf), descending=True, stable=True)
    return Eigenpairs((-values if smallest else values)[order], vectors[order], residuals[order])


def _pair(product: Product, vector: Tensor, vectors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """`vector` (1, n) apart from the unit `vectors` (M, n) before it, with its Rayleigh quotient.

    The unit vector v, v . Hv and the residual |Hv - (v . Hv) v|, (1,) each.
    """
    vector = vector - (vector @ vectors.mT) @ vectors
    vector = vector / torch.linalg.vector_norm(vector)
    image = product(vector)
    value = (vector * image).sum(1)
    return vector, value, torch.linalg.vector_norm(image - value * vector).reshape(1)


def _deflated(product: Product, vectors: Tensor, away: Tensor) -> Product:
    """H without its eigenpairs `vectors` (M, n), whose eigenvalues move down by `away` (M,)."""
    return lambda v: product(v) - (v @ vectors.mT * away) @ vectors


def sharpest(
    problem: Problem,
    points: Float[Tensor, "p n"],
    *,
    start: Float[Tensor, "p n"] | None = None,
    tolerance: float = TOLERANCE,
    max_iterations: int = 300,
    should_stop: StopFlag = never,
) -> tuple[Float[Tensor, " p"], Float[Tensor, "p n"]]:
    """The largest Hessian eigenvalue at each of `points`, and its unit vector.

    By Lanczos in lockstep, in float64 with products in the problem's precision; `start` are
    vectors to begin near. NaN where the Hessian is not finite, or the residual exceeds
    `tolerance` times the largest |eigenvalue| after so many iterations.
    """
    keep_freed_memory()
    vectors = gaussian(1, points, 0).expand(len(points), -1)
    if start is not None:
        noise = vectors / torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
        vectors = noise + start.nan_to_num().to(noise)
    chunks = (torch.split(each, problem.chunk) for each in (points, vectors))
    values, tops = [], []
    for some, near in zip(*chunks, strict=True):
        product = _in_double(problem.hessian_at(some), some)
        search = begin(product, near, max_iterations)
        top = search.top(tolerance, should_stop, lambda each: each.steps % 4 == 0)
        values.append(torch.where(top.sure, top.values, torch.nan))
        tops.append(torch.where(top.sure[:, None], top.vectors, torch.nan))
    return torch.cat(values), torch.cat(tops)


def _in_double(product: Product, like: Tensor) -> Product:
    return lambda vectors: product(vectors.to(like)).double()
