"""Products of Hessians with vectors, without the Hessians.

The gradient's graph is built once, and every product runs backward through it
(Pearlmutter 1994). Double ``torch.autograd.grad`` is right where ``torch.func.hessian``
through BN in train mode is not (torch 2.13).
"""

import torch
from torch import Tensor

from bnviz.core.curvature.lanczos import Product
from bnviz.core.curvature.problem import Problem
from bnviz.core.nets.gradients import Objective
from bnviz.core.nets.vectors import Tensors, flatten, unflatten


@torch.enable_grad()
def hessian_product(objective: Objective, like: Tensors, point: Tensor) -> Product:
    """The function from (K, n) vectors to each network's Hessian at `point` (K, n) times its own.

    The parameters are shaped as `like`, whose K does not matter.
    """
    leaf = point.detach().clone().requires_grad_()
    losses = objective(unflatten(leaf, like))
    (gradient,) = torch.autograd.grad(losses.sum(), leaf, create_graph=True)
    if not gradient.requires_grad:  # linear in the parameters
        return torch.zeros_like

    def product(vectors: Tensor) -> Tensor:
        return torch.autograd.grad(gradient, leaf, vectors, retain_graph=True)[0]

    return product


def together(problem: Problem, count: int) -> int:
    """How many of `count` products run together fastest."""
    return max(1, min(problem.chunk // 2, count))


def problem_product(problem: Problem, count: int = 1) -> Product:
    """The function from any number of vectors, (M, n) float64, to the Hessian times each.

    It is fastest for `count` of them, or more: up to so many run together, if the network's
    activations, of which a product needs several, are small.
    """
    copies = together(problem, count)
    if problem.products is not None:
        some = problem.products()
    else:
        point = flatten(list(problem.params.values())).expand(copies, -1)
        some = hessian_product(problem.objective, problem.params, point)

    def product(vectors: Tensor) -> Tensor:
        if len(vectors) == copies:
            return some(vectors.to(problem.dtype)).to(vectors.dtype)
        padding = vectors.new_zeros(-len(vectors) % copies, vectors.shape[1])
        parts = torch.split(torch.cat([vectors, padding]), copies)
        return torch.cat([product(part) for part in parts])[: len(vectors)]

    return product


def gaussian(count: int, like: Tensor, seed: int | torch.Generator) -> Tensor:
    """(count, n) standard normal numbers, float64, where `like` (K, n) is.

    A generator, which goes on, lives on the CPU. The rows are the same however many are
    drawn at a time.
    """
    generator = torch.Generator().manual_seed(seed) if isinstance(seed, int) else seed
    drawn = [torch.randn(like.shape[1], generator=generator) for _ in range(count)]
    rows = torch.stack(drawn) if drawn else torch.empty(0, like.shape[1])
    return rows.to(like.device, torch.float64)
