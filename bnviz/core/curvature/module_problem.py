"""The loss of any module on one batch as a problem."""

import math
import warnings
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from bnviz.core.curvature.lanczos import Product
from bnviz.core.curvature.problem import Problem, gaussian, hessian_product
from bnviz.core.nets.beneath import Beneath
from bnviz.core.nets.forward_pass import ForwardPass
from bnviz.core.nets.gradients import Objective, gradient_of
from bnviz.core.nets.inputs import in_precision, in_words, not_finite
from bnviz.core.nets.twin import Twin
from bnviz.core.nets.vectors import Tensors
from bnviz.core.types import Bool, Float

#: Of u'Hv and v'Hu, relative to |u| |Hv|: more than rounding leaves.
_ASYMMETRY = {torch.float64: 1e-7, torch.float32: 1e-2}
#: Of Hv, relative: less than this is as good as agreement.
_DISAGREEMENT = 0.01


class ModuleProblem(Problem):
    """The loss of a module's twin on one batch, as a function of its trainable parameters.

    `weight_decay` adds half of it times the squared norm of all trainable parameters, whose
    gradient is what torch's optimizers add. A ReLU is also a leaky or parametric one, and clamping
    at 0, whoever calls it; they come in the order in which they are met.
    """

    chunk = 1

    def __init__(self, twin: Twin, x: Any, y: Any, weight_decay: float = 0.0) -> None:
        self.twin, self.weight_decay, self.params = twin, weight_decay, twin.params
        self.x, self.y = in_precision(x, twin.dtype), in_precision(y, twin.dtype)

    def objective(self, points: Tensors) -> Float[Tensor, " p"]:
        """Losses at P points, differentiable twice."""
        return torch.stack([self._loss(own) for own in _apart(points)])

    def gradient(self, points: Tensors) -> Tensors:
        """Their gradients, by autograd; 0 for a parameter that the loss does not depend on."""
        return gradient_of(self.objective)(points)

    @torch.no_grad()
    def activation_pattern(self, points: Tensors) -> Bool[Tensor, "p r"]:
        """Whether each ReLU is open."""
        patterns = []
        for own in _apart(points):
            forward = ForwardPass(self.twin.mode, self.twin.dtype, record=True)
            with Beneath() as beneath:
                self._loss(own, forward)
            patterns.append(forward.pattern)
            self._hidden = forward.unheld or beneath.kinked is not None
        return torch.stack(patterns)

    def with_pattern(self, pattern: Bool[Tensor, "1 r"]) -> Objective:
        """The objective whose ReLUs stay as in `pattern`."""

        def held(own: Tensors) -> Tensor:
            return self._loss(own, ForwardPass(self.twin.mode, self.twin.dtype, pattern[0]))

        return lambda points: torch.stack([held(own) for own in _apart(points)])

    def kinks_at(
        self, points: Float[Tensor, "p n"]
    ) -> tuple[Float[Tensor, "p n"], Float[Tensor, " p"]]:
        """As of any problem; NaN where some ReLUs cannot be held."""
        jump, crossed = super().kinks_at(points)
        if self._hidden:
            return torch.full_like(jump, torch.nan), torch.full_like(crossed, torch.nan)
        return jump, crossed

    def hessian_at(self, points: Float[Tensor, "p n"]) -> Product:
        """Through the gradient's graph; ValueError where torch's second derivatives are wrong."""
        try:
            product = hessian_product(self.objective, self.params, points)
            if not self.twin.twice:
                self._check_symmetry(product, points)
                self.twin.twice = True
        except RuntimeError as error:
            raise ValueError(
                f"The loss cannot be differentiated twice ({error}). Probes, steps along the "
                "gradient and landscapes, which need no Hessian, can be measured."
            ) from error
        return product

    def _check_symmetry(self, product: Product, like: Tensor) -> None:
        """Some functions of torch have wrong second derivatives, as a rule no symmetric ones."""
        u, v = (gaussian(1, like, seed).expand_as(like).to(like) for seed in (0, 1))
        hu, hv = product(u), product(v)
        norm = torch.linalg.vector_norm
        scale = norm(u) * norm(hv) + norm(v) * norm(hu)
        # What is smaller than the rounding of the loss, over the length of the point, is 0.
        least = self.losses_at(like).abs().max() * norm(u) * norm(v) / (1 + norm(like)) ** 2
        scale += torch.finfo(self.dtype).eps / _ASYMMETRY[self.dtype] * least
        if ((u * hv).sum() - (v * hu).sum()).abs() > _ASYMMETRY[self.dtype] * scale:
            raise ValueError(
                "The second derivatives that torch computes of this loss are not symmetric, so "
                "they are wrong: some function in the module or the loss has a wrong second "
                "derivative. Write it with elementary operations."
            )
        if self.dtype == torch.float64:
            self._compare_with_gradients(product, like)

    def _compare_with_gradients(self, product: Product, points: Tensor) -> None:
        """Warn where the gradient changes otherwise than Hv says, alike for two short steps.

        Rounding, and kinks that a step crosses, differ from one step to the other. What has no
        gradient, as an embedding's padding, does not move.
        """
        norm = torch.linalg.vector_norm
        point = points[:1]
        here = self.gradients_at(point)
        v = gaussian(1, point, 1).to(point) * (here != 0)
        if not v.any():
            return
        hv = product(v.expand_as(points))[:1]
        short = 1e-8 * (1 + norm(point)) / norm(v)
        one, other = (
            (self.gradients_at(point + size * v) - here) / size for size in (short, 3 * short)
        )
        gap = norm(one - hv)
        seen = short * gap > 1e4 * torch.finfo(self.dtype).eps * norm(here)
        apart = gap > _DISAGREEMENT * (norm(one) + norm(hv))
        if seen and apart and norm(one - other) < 0.1 * gap:
            warnings.warn(
                "The gradient of this loss changes otherwise than its second derivatives say: a "
                "part is held constant, by detach(), by rounding, or in the backward of a function "
                "of its own. Eigenvalues, traces and densities hold it constant too; probes, steps "
                "and landscapes do not.",
                stacklevel=2,
            )

    def check(self, where: str = "") -> None:
        """Raise ValueError that names what is not finite: the loss, its gradient, or why."""
        loss = float(self.losses_at(self.point))
        if not math.isfinite(loss):
            why = not_finite(self.twin.module, self.x, self.y)
            why = why or f"parameters, buffers and inputs are finite, {self._lost()}"
            raise ValueError(f"The loss{where} is {loss}: {why}.")
        for name, value in self.gradient(self.params).items():
            if words := in_words(f"that by {name}", value[0]):
                why = not_finite(self.twin.module, self.x, self.y)
                raise ValueError("; ".join(filter(None, [f"The gradient{where}: {words}", why])))

    def _lost(self) -> str:
        """Where the numbers cease to be finite, in words."""
        layer = self.twin.first_not_finite(self.x)
        return f"but {layer or 'the loss function'} turns finite numbers into one that is not"

    def _loss(self, own: Tensors, forward: ForwardPass | None = None) -> Tensor:
        loss = self.twin.loss(own, self.x, self.y, forward)
        if self.weight_decay:
            squares = [value.square().sum() for value in own.values()]
            loss = loss + self.weight_decay / 2 * torch.stack(squares).sum()
        return loss


def _apart(points: Tensors) -> Iterator[Tensors]:
    for index in range(len(next(iter(points.values())))):
        own = {name: value[index] for name, value in points.items()}
        # What may be viewed as complex numbers must begin at an even place, as a new tensor does.
        yield {name: 1 * v if v.shape[-1:] == (2,) else v for name, v in own.items()}
