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
from dataclasses import dataclass

import torch
from torch import Tensor

from bnviz.core.curvature.problem import Problem
from bnviz.core.nets.backpropagation import Workspace
from bnviz.core.nets.chunks import chunk_size, keep_freed_memory
from bnviz.core.nets.gradients import loss_and_gradient
from bnviz.core.nets.stack import Stack
from bnviz.core.nets.vectors import flatten, unflatten

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


def along(problem: Problem, sizes: Tensor, *, unit: bool = False) -> Along:
    """Steps against the gradient of any problem, from its point, in its mode and precision.

    `sizes` (Q,) multiply the gradient; with `unit` the gradient's direction, and
    are distances then. K is 1.

    >>> from torch import nn
    >>> from bnviz.core import problem
    >>> net = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
    >>> x, y = torch.randn(64, 2), torch.randn(64, 1)
    >>> loss = problem.of_module(net, nn.functional.mse_loss, x, y, mode="train")
    >>> found = along(loss, torch.tensor([0.05, 0.1, 0.2]))
    >>> found.losses.shape, bool(found.smoothness > 0)
    (torch.Size([1, 3]), True)
    """
    origin = flatten(list(problem.params.values()))

    @torch.no_grad()
    def evaluate(points: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
        params = unflatten(points, problem.params)
        gradient = problem.gradient(params)
        return problem.objective(params), flatten([gradient[name] for name in problem.params])

    return _along(evaluate, origin, sizes, unit, problem.chunk)


@torch.no_grad()
def along_stack(stack: Stack, x: Tensor, y: Tensor, sizes: Tensor, *, unit: bool = False) -> Along:
    """:func:`along` for a stack in training: K networks, each on its own batch at once.

    The mean squared error on x (K, D, B), y (K, B), BN in train mode, in float64 whatever
    the stack is in. Running statistics stay as they are.
    """
    exact, x, y = stack.cast(torch.float64), x.double(), y.double()
    workspace = Workspace()

    def evaluate(points: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
        moved = exact.with_params(unflatten(points, exact.params))
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
