"""How predictable loss and gradient are along the step that training takes.

Santurkar et al. 2018 ("How Does Batch Normalization Help Optimization?"), section 3.1
and figure 4: from weights w and their gradient g one moves along w - eta g for several
eta, and looks at the range of the loss, at how far the gradient moves away from g
("gradient predictiveness"), and at the largest |gradient change| / |step|, the
"effective beta-smoothness". Unlike a random probe this looks where training goes.

All points of all networks are evaluated together, a chunk at a time; memory is that of
the networks' own parameters and gradients and a few chunks.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from bnviz.core.curvature.problem import Problem
from bnviz.core.nets.backpropagation import Workspace
from bnviz.core.nets.chunks import chunk_size, keep_freed_memory
from bnviz.core.nets.gradients import loss_and_gradient
from bnviz.core.nets.stack import Stack
from bnviz.core.nets.vectors import flatten, unflatten
from bnviz.core.types import Float

#: Losses (p,) and gradients (p, n) at points (p, n), each of the network `which` (p,).
_Evaluate = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Along:
    """K networks, each at Q points along its own gradient."""

    loss: Tensor
    """(K,) where the step begins."""
    losses: Tensor
    """(K, Q) where it leads."""
    changes: Tensor
    """(K, Q) |gradient there - gradient where the step begins|, L2."""
    smoothness: Tensor
    """(K,) the largest |gradient change| / |step| over the sizes; NaN where the gradient is 0."""


def along(problem: Problem, sizes: Float[Tensor, " q"], *, unit: bool = False) -> Along:
    """Steps against the gradient of any problem, from its point, in its mode and precision.

    `sizes` multiply the gradient; with `unit` the gradient's direction, and
    are distances then. K is 1.

    See :meth:`bnviz.library.Loss.along_gradient` for an example.
    """

    def evaluate(points: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
        params = unflatten(points, problem.params)
        with torch.no_grad():
            losses = problem.objective(params)
        return losses, problem.gradients_at(points)

    return _along(evaluate, problem.point, sizes, unit, problem.chunk)


@torch.no_grad()
def along_stack(
    stack: Stack,
    x: Float[Tensor, "k d b"],
    y: Float[Tensor, "k b"],
    sizes: Float[Tensor, " q"],
    *,
    unit: bool = False,
) -> Along:
    """:func:`along` for a stack in training: K networks, each on its own batch at once.

    The mean squared error, BN in train mode, in float64 whatever
    the stack is in. Running statistics stay as they are.
    """
    exact, x, y = stack.cast(torch.float64), x.double(), y.double()
    workspace = Workspace()

    def evaluate(points: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
        buffers = {name: value[which] for name, value in exact.buffers.items()}
        moved = replace(exact, params=unflatten(points, exact.params), buffers=buffers)
        losses, gradient = loss_and_gradient(moved, x[which], y[which], workspace)
        return losses, flatten(list(gradient.values()))

    origin = flatten(list(exact.params.values()))
    chunk = chunk_size(x.shape[2], stack.network.width, x.dtype)
    return _along(evaluate, origin, sizes, unit, chunk)


def _along(evaluate: _Evaluate, origin: Tensor, sizes: Tensor, unit: bool, chunk: int) -> Along:
    """The three measures of networks at `origin` (K, n)."""
    keep_freed_memory()
    sizes = sizes.to(origin)
    networks = torch.arange(len(origin), device=origin.device)
    begun = [evaluate(origin[part], part) for part in torch.split(networks, chunk)]
    loss, gradient = (torch.cat(each) for each in zip(*begun, strict=True))
    norm = torch.linalg.vector_norm(gradient, dim=1)
    factors = sizes / norm.unsqueeze(1) if unit else sizes.expand(len(origin), -1)
    losses, changes = torch.empty_like(factors), torch.empty_like(factors)
    for part in torch.split(torch.arange(factors.numel(), device=origin.device), chunk):
        which, size = part // len(sizes), part % len(sizes)
        steps = factors[which, size].unsqueeze(1) * gradient[which]
        losses[which, size], there = evaluate(origin[which] - steps, which)
        changes[which, size] = torch.linalg.vector_norm(there - gradient[which], dim=1)
    lengths = factors * norm.unsqueeze(1)
    return Along(loss, losses, changes, (changes / lengths).amax(1))
