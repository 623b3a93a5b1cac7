"""A loss as a function of a network's parameters: where every measure of smoothness begins.

A network of a stack becomes one with :mod:`bnviz.core.curvature.stack_problem`, any module, loss
and batch with :mod:`bnviz.core.curvature.module_problem`. Either way the network is copied first,
so nothing done to a problem leaves a trace in it, and every measure sees the parameters alone: it
may ask for the loss, the gradient or the Hessian at any number of points at once.

Products with a Hessian need no Hessian: the gradient's graph is built once, and every product runs
backward through it (Pearlmutter 1994). Double ``torch.autograd.grad`` is right where
``torch.func.hessian`` through BN in train mode is not (torch 2.13).
"""

from functools import cached_property
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from bnviz.core.curvature.lanczos import Product
from bnviz.core.nets.gradients import Objective, gradient_of
from bnviz.core.nets.vectors import Tensors, flatten, unflatten
from bnviz.core.types import Bool, Float


@runtime_checkable
class Problem(Protocol):
    """One network's loss on its rows, at `params` and around it.

    P stands for any number of points: parameter sets stacked along a first dimension. R counts
    the pairs of ReLU and row; 0 without ReLU. n is the number of parameters.
    """

    params: Tensors
    """The point where the network is, as a stack of one: every tensor (1, ...)."""
    chunk: int
    """How many points together run fastest; they take at most POINT_BYTES, or are one."""

    def objective(self, points: Tensors) -> Float[Tensor, " p"]:
        """Losses at P points, differentiable twice."""
        ...

    def gradient(self, points: Tensors) -> Tensors:
        """Their gradients, shaped as the points."""
        ...

    def activation_pattern(self, points: Tensors) -> Bool[Tensor, "p r"]:
        """Whether each ReLU is open."""
        ...

    def with_pattern(self, pattern: Bool[Tensor, "1 r"]) -> Objective:
        """The objective whose ReLUs stay as in `pattern`, wherever the parameters go."""
        ...

    @property
    def size(self) -> int:
        """n, the number of parameters."""
        return sum(value[0].numel() for value in self.params.values())

    @property
    def dtype(self) -> torch.dtype:
        """The precision that everything is computed in."""
        return next(iter(self.params.values())).dtype

    @property
    def point(self) -> Float[Tensor, "1 n"]:
        """`params` as one row."""
        return flatten(list(self.params.values()))

    @torch.no_grad()
    def losses_at(self, points: Float[Tensor, "p n"]) -> Float[Tensor, " p"]:
        """Losses at all `points` at once; for more than `chunk` it pays to split them."""
        return self.objective(unflatten(points, self.params))

    def gradients_at(self, points: Float[Tensor, "p n"]) -> Float[Tensor, "p n"]:
        """Gradients at all `points` at once."""
        gradient = self.gradient(unflatten(points, self.params))
        return flatten([gradient[name] for name in self.params])

    @cached_property
    def pattern(self) -> Bool[Tensor, "1 r"]:
        """Whether each ReLU is open at `params`."""
        return self.activation_pattern(self.params)

    def kinks_at(
        self, points: Float[Tensor, "p n"]
    ) -> tuple[Float[Tensor, "p n"], Float[Tensor, " p"]]:
        """The gradient less that with all ReLUs as at `params`; how many are not as there.

        Both gradients by the same operations, so that rounding leaves no difference where there
        is none. NaN where ReLUs cannot be seen.
        """
        some = unflatten(points, self.params)
        crossed = (self.activation_pattern(some) != self.pattern).sum(1)
        jump = torch.zeros_like(points)
        if (met := crossed > 0).any():
            held = self.with_pattern(self.pattern)
            between = gradient_of(lambda params: self.objective(params) - held(params))
            part = between({name: value[met] for name, value in some.items()})
            jump[met] = flatten(list(part.values()))
        return jump, crossed.to(points)

    def hessian_at(self, points: Float[Tensor, "p n"]) -> Product:
        """The function from (P, n) vectors to the Hessian at each of `points` times its own."""
        return hessian_product(self.objective, self.params, points)

    def hessian_here(self, copies: int) -> Product:
        """The function from (copies, n) vectors to the Hessian at `params` times each."""
        return self.hessian_at(self.point.expand(copies, -1))

    @cached_property
    def rounding(self) -> float:
        """About |H as computed - H| in float32, the Frobenius norm; 0 in float64.

        Measured: the parameters move by one unit in their last place, by which all that follows
        is rounded anew, and what that changes of Hg is the error's own size for a standard
        normal g. Rows that were cast count for at least one unit more.
        """
        if self.dtype == torch.float64:
            return 0.0
        point, eps = self.point, torch.finfo(self.dtype).eps
        generator = torch.Generator().manual_seed(0)
        signs = torch.randint(0, 2, point.shape, generator=generator).to(point) * 2 - 1
        vector = gaussian(1, point, generator).to(point)
        here, there = (self.hessian_at(at)(vector) for at in (point, point * (1 + eps * signs)))
        norm = torch.linalg.vector_norm
        return float(norm(there - here) + eps * norm(here))

    def products_per_call(self, count: int) -> int:
        """How many of `count` products with the Hessian run together fastest."""
        return max(1, min(self.chunk // 2, count))

    def hessian(self, count: int = 1) -> Product:
        """The function from any number of vectors, (M, n) float64, to the Hessian times each.

        It is fastest for `count` of them, or more: up to so many run together, if the network's
        activations, of which a product needs several, are small.
        """
        copies = self.products_per_call(count)
        some = self.hessian_here(copies)

        def product(vectors: Tensor) -> Tensor:
            if len(vectors) == copies:
                return some(vectors.to(self.dtype)).to(vectors.dtype)
            padding = vectors.new_zeros(-len(vectors) % copies, vectors.shape[1])
            parts = torch.split(torch.cat([vectors, padding]), copies)
            return torch.cat([product(part) for part in parts])[: len(vectors)]

        return product


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
