"""What a random probe of the gradient really meets: curvature, the kinks of ReLU, or rounding.

A net of rectifiers is smooth as long as each of them stays on its side. A step that takes
one across makes the gradient jump, however short the step is, and |gradient change| / |step|
then measures the step's own length as much as the loss. Here each probe is taken apart:

    gradient change = smooth part + kinks' part

The smooth part is that of the same loss with every rectifier held as it was; as both
losses and their gradients agree where the step begins, the kinks' part is the difference
of their gradients where it ends, and exactly 0 if nothing crossed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bnviz.core.curvature import hessian_product
from bnviz.core.gradients import Gradient, gradient_of
from bnviz.core.lipschitz import changes
from bnviz.core.problem import Problem
from bnviz.core.snapshots import Floats
from bnviz.core.vectors import Tensors, flatten, unflatten


@dataclass(frozen=True)
class Split:
    """P random probes of one scale, each (P,); |.| are L2 norms over all parameters."""

    ratio: Floats
    """|gradient change| / |step|."""
    smooth: Floats
    """|smooth part| / |step|."""
    kinks: Floats
    """|kinks' part| / |step|."""
    share: Floats
    """<kinks' part, change> / |change|^2; the smooth part's is 1 less this. NaN for no change."""
    crossed: Floats
    """How many rectifiers stand on another side after the step."""


def split(
    problem: Problem,
    drawn: Tensor,
    scale: float,
    *,
    should_stop: Callable[[], bool] = lambda: False,
) -> Split | None:
    """Random probes taken apart: steps of `scale` times `drawn` (P, n); None once stopped.

    Works in the problem's precision and mode; directions are cast. In float32 the smooth part
    holds the rounding of the gradient change too (:func:`rounding` tells how much), and what
    crossed is decided in float32 as well. Beside `drawn` it needs the memory of a few chunks.
    """
    before = problem.sides(problem.params)
    between = _kinks_gradient(problem, before)
    found = []
    for steps, moved, change in _changes(problem, drawn, scale, problem.chunk):
        if should_stop():
            return None
        points = unflatten(moved, problem.params)
        crossed = (problem.sides(points) != before).sum(1)
        jump = torch.zeros_like(change)
        if (met := crossed > 0).any():
            some = {name: value[met] for name, value in points.items()}
            jump[met] = flatten(list(between(some).values()))
        found.append(_apart(steps.double(), change.double(), jump.double(), crossed))
    return Split(*torch.cat(found, dim=1).cpu().numpy())


def _kinks_gradient(problem: Problem, before: Tensor) -> Gradient:
    """The gradient less that with the rectifiers held where they were.

    Both by the same operations, so that where no rectifier crossed they round alike.
    """
    held = problem.frozen(before)

    def between(points: Tensors) -> Tensor:
        return problem.objective(points) - held(points)

    return gradient_of(between)


def _apart(steps: Tensor, change: Tensor, jump: Tensor, crossed: Tensor) -> Tensor:
    """(5, p) the fields of a Split."""
    length = torch.linalg.vector_norm(steps, dim=1)
    norms = [torch.linalg.vector_norm(each, dim=1) for each in (change, change - jump, jump)]
    share = torch.linalg.vecdot(jump, change) / norms[0].square()
    return torch.stack([*(norm / length for norm in norms), share, crossed.to(change.dtype)])


def _changes(
    problem: Problem, drawn: Tensor, scale: float, chunk: int
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    return changes(problem.gradient, problem.params, drawn, scale, chunk)


def rounding(
    problem: Problem,
    exact: Problem,
    drawn: Tensor,
    scale: float,
    *,
    should_stop: Callable[[], bool] = lambda: False,
) -> Floats | None:
    """(P,) what rounding makes of a probe: |gradient change - the exact one| / |step|.

    `exact` is the same problem in float64, and stands for a computation without rounding.
    In float32 the figure falls as 1 / scale: the noise floor of short steps. None once stopped.
    """
    pairs = (_changes(each, drawn, scale, problem.chunk) for each in (problem, exact))
    found = []
    for (_, _, change), (steps, _, true) in zip(*pairs, strict=True):
        if should_stop():
            return None
        error = torch.linalg.vector_norm(change - true, dim=1)
        found.append(error / torch.linalg.vector_norm(steps, dim=1))
    return torch.cat(found).cpu().double().numpy()


def limits(problem: Problem, drawn: Tensor) -> Floats:
    """(P,) |H d| / |d| for the directions `drawn` (P, n): what ever shorter probes come to.

    Hessian-vector products (Pearlmutter 1994) at the point itself, where a rectifier has
    curvature 0, in the problem's precision. Shorter probes come to it only as far as no
    rectifier stands exactly at its kink.
    """
    origin = flatten(list(problem.params.values()))
    product = hessian_product(problem.objective, problem.params, origin)
    images = torch.cat([product(each) for each in torch.split(drawn, 1)])
    norms = torch.linalg.vector_norm(images, dim=1) / torch.linalg.vector_norm(drawn, dim=1)
    return np.asarray(norms.cpu(), dtype=np.float64)
