"""What a random probe of the gradient really meets: curvature, the kinks of ReLU, or rounding.

A ReLU net is piecewise smooth: its loss is smooth as long as each ReLU stays on its side of 0.
A step that takes one across makes the gradient jump, however short the step is, and
|gradient change| / |step| then measures the step's own length as much as the loss. Here each
probe is taken apart:

    gradient change = smooth part + kinks' part

The smooth part is that of the same loss with every ReLU held open or closed as it was; as both
losses and their gradients agree where the step begins, the kinks' part is the difference
of their gradients where it ends, and exactly 0 if nothing crossed.

What looks at many probes is a generator: a chunk of them at a time, in order, so that
beside the directions no more than a few chunks are in memory, and one may stop anywhere.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bnviz.core.curvature.probes import changes
from bnviz.core.curvature.problem import Problem
from bnviz.core.types import Float, Floats, each_array


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
    """How many pairs of ReLU and row have changed side after the step."""


def split(problem: Problem, drawn: Float[Tensor, "p n"], scale: float) -> Split:
    """Random probes taken apart: steps of `scale` times `drawn`, cast to the problem.

    Works in the problem's mode and precision. In float32 the smooth part holds the rounding of
    the gradient change too (:func:`rounding` tells how much), and what crossed is decided in
    float32 as well.
    """
    return joined(splits(problem, drawn, scale))


def splits(problem: Problem, drawn: Float[Tensor, "p n"], scale: float) -> Iterator[Split]:
    """:func:`split`, a chunk of probes at a time."""
    parts = changes(problem.gradient, problem.params, drawn, scale, problem.chunk)
    for steps, moved, change in parts:
        jump, crossed = problem.kinks_at(moved)
        yield _apart(steps.double(), change.double(), jump.double(), crossed.double())


def joined(parts: Iterable[Split]) -> Split:
    """Splits of several chunks as one."""
    return each_array(lambda *arrays: np.concatenate(arrays), *parts)


def _apart(steps: Tensor, change: Tensor, jump: Tensor, crossed: Tensor) -> Split:
    length = torch.linalg.vector_norm(steps, dim=1)
    norms = [torch.linalg.vector_norm(each, dim=1) for each in (change, change - jump, jump)]
    share = torch.linalg.vecdot(jump, change) / norms[0].square()
    figures = (*(norm / length for norm in norms), share, crossed)
    return Split(*(figure.cpu().numpy() for figure in figures))


def rounding(
    problem: Problem, exact: Problem, drawn: Float[Tensor, "p n"], scale: float
) -> Iterator[Floats]:
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


def limits(problem: Problem, drawn: Float[Tensor, "p n"]) -> Iterator[Floats]:
    """|H d| / |d| for directions `drawn`, one by one (1,): what shorter probes come to.

    Hessian-vector products (Pearlmutter 1994) at the point itself, where a ReLU has no
    curvature, in the problem's precision. Probes come to it as their steps get shorter,
    but for ReLUs that stand exactly on their kink.
    """
    product = problem.hessian_at(problem.point)
    for each in torch.split(drawn, 1):
        ratio = torch.linalg.vector_norm(product(each)) / torch.linalg.vector_norm(each)
        yield np.array([float(ratio)])
