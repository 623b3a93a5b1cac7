"""Sharpness, the largest eigenvalue of the Hessian, at many points and along gradient descent.

Works in the mode and device of the problem: Lanczos in float64, products with the Hessian
in the problem's precision, gradient descent too. Memory: a chunk's graph of the gradient,
and Lanczos's basis, at most BASIS_BYTES (256 MB); 10^6 parameters on 1024 rows took 370 MB.
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from bnviz.core.chunking import keep_freed_memory
from bnviz.core.hessians import gaussian, hessian_product
from bnviz.core.lanczos import Lanczos, room
from bnviz.core.problem import Problem

StopFlag = Callable[[], bool]

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


def descents(
    problem: Problem,
    start: Tensor,
    rates: Tensor,
    moments: Sequence[int],
    *,
    should_stop: StopFlag = lambda: False,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Losses (C,) and sharpness (C,) of gradient descent from `start` (n,) at `rates` (C,).

    At each of `moments`, steps in ascending order; ends early once stopped. NaN from where the
    numbers are no longer finite. In training, sharpness tends to rise until it is at
    2 / rate, and to stay there (Cohen et al. 2021, section 3).
    """
    points = start.expand(len(rates), -1).clone()
    steps, vectors = 0, None
    for moment in moments:
        while steps < moment:
            if should_stop():
                return
            parts = [problem.gradients_at(part) for part in torch.split(points, problem.chunk)]
            points -= rates[:, None].to(points) * torch.cat(parts)
            steps += 1
        found = sharpest(problem, points, start=vectors, should_stop=should_stop)
        if found is None:
            return
        values, vectors = found
        parts = [problem.losses_at(part) for part in torch.split(points, problem.chunk)]
        losses = torch.cat(parts).double()
        finite = losses.isfinite()
        yield torch.where(finite, losses, torch.nan), torch.where(finite, values, torch.nan)
