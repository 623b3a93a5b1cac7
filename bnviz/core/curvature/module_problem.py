"""The loss of any module as a problem: ``loss(module(x), y)`` as a function of its parameters."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from bnviz.core.configs import BnMode, Precision
from bnviz.core.curvature.problem import Problem
from bnviz.core.nets.gradients import Objective, gradient_of
from bnviz.core.nets.vectors import Tensors
from bnviz.core.types import Bool, Float

LossFunction = Callable[[Any, Any], Tensor]


class ModuleProblem(Problem):
    """``loss(module(x), y)`` of any module, a scalar, as a function of its trainable parameters.

    In "train" mode BN layers use the statistics of `x`; every other layer is in eval mode
    either way, so that dropout does not make the loss random. Parameters that need no
    gradient stay as they are. The module may live on any device; `x` and `y` must be there
    too. Rectifiers are its ``nn.ReLU`` modules: ``torch.relu`` in a forward method is not seen.
    Raises ValueError if nothing is trainable or the loss is no scalar.
    """

    chunk = 1

    def __init__(
        self,
        module: nn.Module,
        loss: LossFunction,
        x: Any,
        y: Any,
        *,
        mode: BnMode = "eval",
        precision: Precision = "float64",
    ) -> None:
        dtype = getattr(torch, precision)
        self.rectifiers = _Rectifiers()
        self.twin = _with_gates(copy.deepcopy(module).to(dtype).eval(), self.rectifiers)
        for layer in self.twin.modules():
            if mode == "train" and isinstance(layer, nn.modules.batchnorm._BatchNorm):
                layer.train()
                layer.momentum = 0.0  # the twin's running statistics stay
        self.loss, self.x, self.y = loss, _cast(x, dtype), _cast(y, dtype)
        self.params = {
            name: value.detach().clone().unsqueeze(0)
            for name, value in self.twin.named_parameters()
            if value.requires_grad
        }
        if not self.params:
            raise ValueError("The module has no parameter that requires a gradient.")
        with torch.no_grad():
            self.objective(self.params)  # what is wrong with the loss shows here

    def objective(self, points: Tensors) -> Float[Tensor, " p"]:
        """Losses at P points, differentiable twice."""
        return torch.stack([self._single(own) for own in _apart(points)])

    def gradient(self, points: Tensors) -> Tensors:
        """Their gradients, by autograd."""
        return gradient_of(self.objective)(points)

    @torch.no_grad()
    def activation_pattern(self, points: Tensors) -> Bool[Tensor, "p r"]:
        """Whether each rectifier is open, in the order they are met."""
        patterns = []
        for own in _apart(points):
            self._single(own)
            patterns.append(self.rectifiers.pattern())
        return torch.stack(patterns)

    def with_pattern(self, pattern: Bool[Tensor, "1 r"]) -> Objective:
        """The objective whose rectifiers stay as in `pattern`."""
        return lambda points: torch.stack([self._single(o, pattern[0]) for o in _apart(points)])

    def _single(self, own: Tensors, held: Tensor | None = None) -> Tensor:
        self.rectifiers.begin(held)
        loss = self.loss(torch.func.functional_call(self.twin, own, (self.x,)), self.y)
        if loss.numel() != 1:
            raise ValueError(f"The loss must be one number; it has shape {tuple(loss.shape)}.")
        return loss.reshape(())


class _Rectifiers:
    """Which rectifiers are open in one forward pass, in the order they are met."""

    def begin(self, held: Tensor | None) -> None:
        """A forward pass begins; its rectifiers stay as `held` (R,), if given."""
        self._seen: list[Tensor] = []
        self._held, self._at = held, 0

    def pattern(self) -> Tensor:
        """(R,) of the pass that was last."""
        return torch.cat(self._seen) if self._seen else torch.empty(0, dtype=torch.bool)

    def pass_through(self, x: Tensor, inplace: bool) -> Tensor:
        """What leaves the next rectifiers, which x enters."""
        if self._held is None:
            self._seen.append((x.detach() > 0).flatten())
            return torch.relu_(x) if inplace else torch.relu(x)
        gate = self._held[self._at : self._at + x.numel()].view(x.shape)
        self._at += x.numel()
        return x.mul_(gate) if inplace else x * gate


class _Gate(nn.Module):
    """Stands where a ReLU stood."""

    def __init__(self, rectifiers: _Rectifiers, inplace: bool) -> None:
        super().__init__()
        self._rectifiers = rectifiers
        self._inplace = inplace  # what else reads x must find it as it would have

    def forward(self, x: Tensor) -> Tensor:
        return self._rectifiers.pass_through(x, self._inplace)


def _with_gates(module: nn.Module, rectifiers: _Rectifiers) -> nn.Module:
    if isinstance(module, nn.ReLU):
        return _Gate(rectifiers, module.inplace)
    for name, child in module._modules.items():  # named_children leaves out what comes again
        if child is not None:
            module._modules[name] = _with_gates(child, rectifiers)
    return module


def _apart(points: Tensors) -> Iterator[Tensors]:
    for index in range(len(next(iter(points.values())))):
        yield {name: value[index] for name, value in points.items()}


def _cast(value: Any, dtype: torch.dtype) -> Any:
    """Numbers with a fraction in `dtype`; labels, indices and what is no tensor as they are."""
    return value.to(dtype) if torch.is_tensor(value) and value.is_floating_point() else value
