"""What a random probe of the gradient really meets: curvature, the kinks of ReLU, or rounding.

A net of rectifiers is smooth as long as each of them stays on its side. A step that takes
one across makes the gradient jump, however short the step is, and |gradient change| / |step|
then measures the step's own length as much as the loss. Here each probe is taken apart:

    gradient change = smooth part + kinks' part

The smooth part is that of the same loss with every rectifier held as it was; as both
losses and their gradients agree where the step begins, the kinks' part is the difference
of their gradients where it ends, and exactly 0 if nothing crossed.

What looks at many probes is a generator: a chunk of them at a time, in order, so that
beside the directions no more than a few chunks are in memory, and one may stop anywhere.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from bnviz.core.curvature.extremes import hessian_product
from bnviz.core.curvature.probes import changes
from bnviz.core.curvature.problem import Problem
from bnviz.core.nets.gradients import Gradient, gradient_of
from bnviz.core.nets.vectors import Tensors, flatten, unflatten
from bnviz.core.types import Floats


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


def split(problem: Problem, drawn: Tensor, scale: float) -> Split:
    """Random probes taken apart: steps of `scale` times `drawn` (P, n), cast to the problem.

    Works in the problem's mode and precision. In float32 the smooth part holds the rounding of
    the gradient change too (:func:`rounding` tells how much), and what crossed is decided in
    float32 as well.

    >>> from torch import nn
    >>> from bnviz.core import lipschitz, problem
    >>> net = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
    >>> x, y = torch.randn(64, 2), torch.randn(64, 1)
    >>> loss = problem.of_module(net, nn.functional.mse_loss, x, y, mode="train")
    >>> drawn = lipschitz.directions(loss.params, 16, seed=0)
    >>> bool(split(loss, drawn, 0.1).crossed.any()), bool(split(loss, drawn, 1e-12).crossed.any())
    (True, False)
    """
    return joined(splits(problem, drawn, scale))


def splits(problem: Problem, drawn: Tensor, scale: float) -> Iterator[Split]:
    """:func:`split`, a chunk of probes at a time."""
    before = problem.sides(problem.params)
    between = _kinks_gradient(problem, before)
    for steps, moved, change in changes(
        problem.gradient, problem.params, drawn, scale, problem.chunk
    ):
        points = unflatten(moved, problem.params)
        crossed = (problem.sides(points) != before).sum(1)
        jump = torch.zeros_like(change)
        if (met := crossed > 0).any():
            some = {name: value[met] for name, value in points.items()}
            jump[met] = flatten(list(between(some).values()))
        yield _apart(steps.double(), change.double(), jump.double(), crossed)


def joined(parts: Iterable[Split]) -> Split:
    """Splits of several chunks as one."""
    found = list(parts)
    return Split(*(np.concatenate([getattr(p, f.name) for p in found]) for f in fields(Split)))


def _kinks_gradient(problem: Problem, before: Tensor) -> Gradient:
    """The gradient less that with the rectifiers held where they were.

    Both by the same operations, so that rounding leaves no difference where there is none.
    """
    held = problem.frozen(before)

    def between(points: Tensors) -> Tensor:
        return problem.objective(points) - held(points)

    return gradient_of(between)


def _apart(steps: Tensor, change: Tensor, jump: Tensor, crossed: Tensor) -> Split:
    length = torch.linalg.vector_norm(steps, dim=1)
    norms = [torch.linalg.vector_norm(each, dim=1) for each in (change, change - jump, jump)]
    share = torch.linalg.vecdot(jump, change) / norms[0].square()
    figures = (*(norm / length for norm in norms), share, crossed.double())
    return Split(*(figure.cpu().numpy() for figure in figures))


def rounding(problem: Problem, exact: Problem, drawn: Tensor, scale: float) -> Iterator[Floats]:
    """What rounding makes of probes: |gradient change - the exact one| / |step|, by chunks (p,).

    `exact` is the same problem in float64, and stands for a computation without rounding.
    In float32 the figure falls as 1 / scale: the noise floor of short steps.
    """
    pairs = (
        changes(each.gradient, each.params, drawn, scale, exact.chunk) for each in (problem, exact)
    )
    for (_, _, change), (steps, _, true) in zip(*pairs, strict=True):
        error = torch.linalg.vector_norm(change - true, dim=1)
        yield (error / torch.linalg.vector_norm(steps, dim=1)).cpu().numpy()


def limits(problem: Problem, drawn: Tensor) -> Iterator[Floats]:
    """|H d| / |d| for directions `drawn` (P, n), one by one (1,): what shorter probes come to.

    Hessian-vector products (Pearlmutter 1994) at the point itself, where a rectifier has no
    curvature, in the problem's precision. Probes come to it as their steps get shorter,
    but for rectifiers that stand exactly on their kink.
    """
    product = hessian_product(
        problem.objective, problem.params, flatten(list(problem.params.values()))
    )
    for each in torch.split(drawn, 1):
        ratio = torch.linalg.vector_norm(product(each)) / torch.linalg.vector_norm(each)
        yield np.array([float(ratio)])
