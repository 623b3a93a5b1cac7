"""Products of Hessians with vectors, without the Hessians.

The gradient's graph is built once, and every product runs backward through it
(Pearlmutter 1994). Double ``torch.autograd.grad`` is right where ``torch.func.hessian``
through BN in train mode is not (torch 2.13).
"""

import torch
from torch import Tensor

from bnviz.core.curvature.lanczos import Product
from bnviz.core.nets.gradients import Objective
from bnviz.core.nets.vectors import Tensors, unflatten
from bnviz.core.types import Float


@torch.enable_grad()
def hessian_product(objective: Objective, like: Tensors, point: Float[Tensor, "k n"]) -> Product:
    """The function from (K, n) vectors to each network's Hessian at `point` times its own.

    The parameters are shaped as `like`, whose K does not matter.
    """
    leaf = point.detach().clone().requires_grad_()
    losses = objective(unflatten(leaf, like))
    if not losses.requires_grad:  # constant in the parameters
        return torch.zeros_like
    (gradient,) = torch.autograd.grad(losses.sum(), leaf, create_graph=True)
    if not gradient.requires_grad:  # linear in the parameters
        return torch.zeros_like

    def product(vectors: Tensor) -> Tensor:
        return torch.autograd.grad(gradient, leaf, vectors, retain_graph=True)[0]

    return product


def gaussian(
    count: int, like: Float[Tensor, "k n"], seed: int | torch.Generator
) -> Float[Tensor, "count n"]:
    """(count, n) standard normal numbers, float64, where `like` is.

    A generator, which goes on, lives on the CPU. The rows are the same however many are
    drawn at a time.
    """
    generator = torch.Generator().manual_seed(seed) if isinstance(seed, int) else seed
    drawn = [torch.randn(like.shape[1], generator=generator) for _ in range(count)]
    rows = torch.stack(drawn) if drawn else torch.empty(0, like.shape[1])
    return rows.to(like.device, torch.float64)
