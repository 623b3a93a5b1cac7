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
seed means the same everywhere.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bnviz.core.curvature.hessian import gaussian, problem_product
from bnviz.core.curvature.hessian import hessian_product as hessian_product
from bnviz.core.curvature.lanczos import BASIS_BYTES, Lanczos, Product, room
from bnviz.core.curvature.problem import Problem
from bnviz.core.nets.chunks import keep_freed_memory
from bnviz.core.nets.gradients import Objective
from bnviz.core.nets.vectors import Tensors, flatten
from bnviz.core.types import Floats, StopFlag

#: Residuals are judged against the eigenvalue, or this share of the larger end if that is more.
FLOOR = 1e-3


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
    iterations: NDArray[np.int64]
    converged: NDArray[np.bool_]


def extremes(
    objective: Objective,
    params: Tensors,
    *,
    tolerance: float = 1e-4,
    max_iterations: int = 300,
    seed: int = 0,
    memory: int = BASIS_BYTES,
    should_stop: StopFlag = lambda: False,
) -> Extremes | None:
    """The extreme Hessian eigenvalues of each network's loss; None once stopped.

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
    start = gaussian(1, point, seed).expand_as(point)
    lanczos, limit = _begin(product, start, max_iterations, memory)
    lanczos.finite &= finite
    return _Ends(lanczos, limit, tolerance).run(should_stop)


def problem_extremes(
    problem: Problem,
    *,
    tolerance: float = 1e-6,
    max_iterations: int = 500,
    seed: int = 0,
    memory: int = BASIS_BYTES,
    should_stop: StopFlag = lambda: False,
) -> Extremes | None:
    """:func:`extremes` of one network, any module's too: the arrays have length 1.

    Products are computed in the problem's precision, all else in float64. An eigenvalue
    that has converged is right to `tolerance`, relative, in float64; float32 products leave
    an error of about 1e-6 times the larger end, of which the residual does not know.
    """
    keep_freed_memory()
    start = gaussian(1, flatten(list(problem.params.values())), seed)
    lanczos, limit = _begin(problem_product(problem), start, max_iterations, memory)
    return _Ends(lanczos, limit, tolerance).run(should_stop)


def top_vectors(
    problem: Problem,
    count: int = 2,
    *,
    tolerance: float = 1e-6,
    max_iterations: int = 500,
    seed: int = 0,
    memory: int = BASIS_BYTES,
    should_stop: StopFlag = lambda: False,
) -> tuple[Tensor, Tensor] | None:
    """The `count` largest eigenvalues, (count,) descending, and unit vectors of them, (count, n).

    Largest algebraically, and float64; None once stopped. They are found one after the other,
    each with those before it moved out of the way (Wielandt's deflation; Saad 2011, section
    4.2), so that a multiple one is found as often as it is there. An eigenvalue whose
    residual exceeds `tolerance` times the largest |eigenvalue| is NaN, its vector the best
    there was; where the Hessian is not finite, all is NaN. Precision and memory as in
    :func:`problem_extremes`. Raises ValueError if there are not that many.
    """
    if not 1 <= count <= problem.size:
        raise ValueError(f"There are {problem.size} eigenvalues; {count} were asked for.")
    keep_freed_memory()
    like = flatten(list(problem.params.values()))
    product, vectors = problem_product(problem), gaussian(0, like, seed)
    values = away = vectors.new_empty(0)
    for index in range(count):
        deflated = _deflated(product, vectors, away)
        start = gaussian(1, like, seed + index)
        lanczos, limit = _begin(deflated, start, max_iterations, memory)
        found = _top(lanczos, limit, tolerance, should_stop)
        if found is None:
            return None
        vector, scale = found
        vector = vector - (vector @ vectors.mT) @ vectors
        vector = vector / torch.linalg.vector_norm(vector)
        image = product(vector)
        value = (vector * image).sum(1)
        good = torch.linalg.vector_norm(image - value * vector) <= tolerance * scale
        values = torch.cat([values, torch.where(good, value, torch.nan)])
        vectors, away = torch.cat([vectors, vector]), torch.cat([away, 2 * scale])
    order = torch.argsort(values.nan_to_num(-torch.inf), descending=True, stable=True)
    return values[order], vectors[order]


def _begin(product: Product, start: Tensor, most: int, memory: int) -> tuple[Lanczos, int]:
    """An iteration from `start` (K, n), and its limit: exhausting the space needs no more."""
    space = room(len(start), start.shape[1], memory)
    limit = min(most, start.shape[1]) if space >= start.shape[1] else most
    return Lanczos(product, start, min(space, limit)), limit


def _due(lanczos: Lanczos, limit: int) -> bool:
    """Whether to look at the Ritz values: they cost the more, the larger the basis is."""
    return lanczos.steps == limit or lanczos.steps % (2 + 2 * (lanczos.size // 100)) == 0


class _Ends:
    """Goes on until both ends of every network's spectrum are found."""

    def __init__(self, lanczos: Lanczos, limit: int, tolerance: float) -> None:
        self.lanczos, self.limit, self.tolerance = lanczos, limit, tolerance
        self.done = ~lanczos.finite
        self.found = lanczos.coupling.new_full((5, len(self.done)), torch.nan)

    def run(self, should_stop: StopFlag) -> Extremes | None:
        while self.lanczos.steps < self.limit and not self.done.all():
            if should_stop():
                return None
            beta = self.lanczos.advance()
            self.done = self.done | ~self.lanczos.finite
            exhausted = (beta == 0) & ~self.done
            if exhausted.any() or _due(self.lanczos, self.limit):
                self.look()
        low, high, low_residual, high_residual, iterations = self.found.cpu().numpy()
        return Extremes(
            low,
            high,
            low_residual,
            high_residual,
            np.nan_to_num(iterations).astype(np.int64),
            (self.within(self.found) & self.lanczos.finite).cpu().numpy(),
        )

    def look(self) -> None:
        """Take down the ends of those networks that have just converged, or of all at the last."""
        ritz, steps = self.lanczos.ritz(), self.lanczos.steps
        ends = [each[:, end] for each in (ritz.values, ritz.residuals) for end in (0, -1)]
        now = torch.stack([*ends, torch.full_like(ends[0], steps)])
        news = ~self.done & (self.within(now) | (steps == self.limit))
        self.found = torch.where(news, now, self.found)
        self.done = self.done | news

    def within(self, found: Tensor) -> Tensor:
        """(K,) whether both residuals in a (5, K) finding are small enough."""
        ends, residuals = found[:2].abs(), found[2:4]
        judge = torch.maximum(ends, FLOOR * ends.amax(0))
        return (residuals <= self.tolerance * judge).all(0)


def _top(
    lanczos: Lanczos, limit: int, tolerance: float, should_stop: StopFlag
) -> tuple[Tensor, Tensor] | None:
    """The vector (1, n) of the topmost eigenvalue, and the largest |eigenvalue| (1,) met.

    None once stopped; NaN where the matrix is not finite.
    """
    while lanczos.steps < limit:
        if should_stop():
            return None
        beta = lanczos.advance()
        if not lanczos.finite.all():
            return torch.full_like(lanczos.vector, torch.nan), torch.full_like(beta, torch.nan)
        if beta == 0 or lanczos.size < 16 or _due(lanczos, limit):
            ritz = lanczos.ritz()
            scale = ritz.values.abs().amax(1)
            if ritz.residuals[0, -1] <= tolerance * scale:
                break
    return lanczos.combined(ritz.vectors[:, :, -1:]).squeeze(1), scale


def _deflated(product: Product, vectors: Tensor, away: Tensor) -> Product:
    """H without its eigenpairs `vectors` (M, n), whose eigenvalues move down by `away` (M,)."""
    return lambda v: product(v) - (v @ vectors.mT * away) @ vectors


#: Relative, of the residual; the error is smaller by far (Parlett 1998, section 11.7).
TOLERANCE = 1e-3


def sharpest(
    problem: Problem,
    points: Tensor,
    *,
    start: Tensor | None = None,
    tolerance: float = TOLERANCE,
    max_iterations: int = 300,
    should_stop: StopFlag = lambda: False,
) -> tuple[Tensor, Tensor] | None:
    """The largest Hessian eigenvalue at each of `points` (P, n), (P,), and its unit vector, (P, n).

    By Lanczos in lockstep, in float64 with products in the problem's precision; `start`
    (P, n) are vectors to begin near. NaN where the Hessian is not finite, or the residual
    exceeds `tolerance` times the largest |eigenvalue| after so many iterations; None once stopped.
    """
    keep_freed_memory()
    vectors = gaussian(1, points, 0).expand(len(points), -1)
    if start is not None:
        noise = vectors / torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
        vectors = noise + start.nan_to_num().to(noise)
    found = [
        _sharpest(problem, point, vector, tolerance, max_iterations, should_stop)
        for point, vector in zip(
            torch.split(points, problem.chunk), torch.split(vectors, problem.chunk), strict=True
        )
    ]
    done = [each for each in found if each is not None]
    if len(done) < len(found):
        return None
    values, tops = zip(*done, strict=True)
    return torch.cat(values), torch.cat(tops)


def _sharpest(
    problem: Problem,
    points: Tensor,
    start: Tensor,
    tolerance: float,
    most: int,
    should_stop: StopFlag,
) -> tuple[Tensor, Tensor] | None:
    product = hessian_product(problem.objective, problem.params, points)
    capacity = min(room(*start.shape), start.shape[1], most)
    lanczos = Lanczos(lambda v: product(v.to(points)).double(), start, capacity)
    limit = most if capacity < start.shape[1] else capacity
    while lanczos.steps < limit:
        if should_stop():
            return None
        beta = lanczos.advance()
        if lanczos.steps % 4 and lanczos.steps < limit and not (beta == 0).all():
            continue
        ritz = lanczos.ritz()
        scale = ritz.values.abs().amax(1)
        good = ritz.residuals[:, -1] <= tolerance * scale
        if (good | ~lanczos.finite).all():
            break
    good &= lanczos.finite
    vectors = lanczos.combined(ritz.vectors[:, :, -1:]).squeeze(1)
    values = torch.where(good, ritz.values[:, -1], torch.nan)
    return values, torch.where(good[:, None], vectors, torch.nan)
