"""A loss as a function of a network's parameters: where every measure of smoothness begins.

Any module, loss and batch become one with :func:`of_module`, a network of a stack with
:func:`of_stack`. Either way the network is copied first, so nothing done to a problem
leaves a trace in it, and every measure sees the parameters alone: it may ask for the
loss or the gradient at any number of points at once.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from bnviz.core.configs import BnMode, Precision
from bnviz.core.curvature.lanczos import Product
from bnviz.core.nets.chunks import chunk_size
from bnviz.core.nets.gradients import (
    Gradient,
    Objective,
    gradient_of,
    mean_squared_error,
    network_gradient,
    network_losses,
    objective_of,
)
from bnviz.core.nets.hessian_product import network_product
from bnviz.core.nets.stack import Stack, forward
from bnviz.core.nets.vectors import Tensors, flatten, unflatten

Loss = Callable[[Tensor, Tensor], Tensor]

#: Points that run together take at most so much memory, one point at least.
POINT_BYTES = 2**23


@dataclass(frozen=True)
class Problem:
    """One network's loss on one batch, at `params` and around it.

    P stands for any number of points: parameter sets stacked along a first dimension.
    R counts the rectifiers, one for each ReLU unit and row of the batch; 0 without ReLU.
    """

    params: Tensors
    """The point where the network is, as a stack of one: every tensor (1, ...)."""
    objective: Objective
    """(P,) losses at P points, differentiable twice."""
    gradient: Gradient
    """Their gradients, shaped as the points."""
    sides: Callable[[Tensors], Tensor]
    """(P, R) whether each rectifier is open."""
    frozen: Callable[[Tensor], Objective]
    """The objective whose rectifiers stay as in `sides` (1, R), wherever the parameters go."""
    chunk: int
    """How many points together run fastest; they take at most POINT_BYTES, or are one."""
    losses: Objective | None = None
    """The objective without a graph, where there is a faster way to it."""
    products: Callable[[], Product] | None = None
    """Makes the function from (M, n) vectors to the Hessian times each, where there is a faster
    way to it than :mod:`bnviz.core.curvature.hessian` knows."""

    @property
    def size(self) -> int:
        """n, the number of parameters."""
        return sum(value[0].numel() for value in self.params.values())

    @torch.no_grad()
    def losses_at(self, points: Tensor) -> Tensor:
        """(P,) at `points` (P, n), all at once; for more than `chunk` it pays to split them."""
        return (self.losses or self.objective)(unflatten(points, self.params))

    def gradients_at(self, points: Tensor) -> Tensor:
        """(P, n) at `points` (P, n), all at once."""
        found = self.gradient(unflatten(points, self.params))
        return flatten([found[name] for name in self.params])

    @property
    def dtype(self) -> torch.dtype:
        """The precision that everything is computed in."""
        return next(iter(self.params.values())).dtype


def of_stack(
    stack: Stack, x: Tensor, y: Tensor, mode: BnMode, precision: Precision = "float64"
) -> Problem:
    """The mean squared error of a stack's one network on rows x (D, N), y (N,)."""
    if stack.size != 1:
        raise ValueError(f"A problem is about one network; this stack holds {stack.size}.")
    dtype = getattr(torch, precision)
    one, x, y = stack.cast(dtype), x.to(dtype), y.to(dtype)
    relu = stack.network.activation == "relu"
    objective = objective_of(one, x, y, mode)

    @torch.no_grad()
    def sides(params: Tensors) -> Tensor:
        points = len(params["output.bias"])
        if not relu:
            return torch.empty(points, 0, dtype=torch.bool)
        entering = forward(one.with_params(params), x, mode).entering
        return torch.cat([(each > 0).flatten(1) for each in entering], dim=1)

    def frozen(open_sides: Tensor) -> Objective:
        if not relu:
            return objective
        layers = open_sides.to(dtype).chunk(stack.network.depth, dim=1)
        gates = [layer.view(1, stack.network.width, -1) for layer in layers]

        def losses(params: Tensors) -> Tensor:
            passed = forward(one.with_params(params), x, mode, gates=gates)
            return mean_squared_error(passed.output, y)

        return losses

    return Problem(
        one.params,
        objective,
        network_gradient(one, x, y, mode),
        sides,
        frozen,
        min(
            chunk_size(x.shape[1], stack.network.width, dtype),
            max(1, POINT_BYTES // sum(value.nbytes for value in one.params.values())),
        ),
        network_losses(one, x, y, mode),
        lambda: network_product(one, x, y, mode),
    )


def of_module(
    module: nn.Module,
    loss: Loss,
    x: Any,
    y: Tensor,
    *,
    mode: BnMode = "eval",
    precision: Precision = "float64",
) -> Problem:
    """``loss(module(x), y)`` of any module, a scalar, as a function of its trainable parameters.

    In "train" mode BN layers use the statistics of `x`; every other layer is in eval mode
    either way, so that dropout does not make the loss random. Parameters that need no
    gradient stay as they are. The module may live on any device; `x` and `y` must be there
    too. Rectifiers are its ``nn.ReLU`` modules: ``torch.relu`` in a forward method is not seen.
    Raises ValueError if nothing is trainable or the loss is no scalar.
    """
    dtype = getattr(torch, precision)
    twin = copy.deepcopy(module).to(dtype).eval()
    rectifiers = _Rectifiers()
    twin = _with_gates(twin, rectifiers)
    for layer in twin.modules():
        if mode == "train" and isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.train()
            layer.momentum = 0.0  # the twin's running statistics stay
    x, y = _cast(x, dtype), _cast(y, dtype)
    params = {
        name: value.detach().clone().unsqueeze(0)
        for name, value in twin.named_parameters()
        if value.requires_grad
    }
    if not params:
        raise ValueError("The module has no parameter that requires a gradient.")

    def single(own: Tensors, held: Tensor | None = None) -> Tensor:
        rectifiers.begin(held)
        found = loss(torch.func.functional_call(twin, own, (x,)), y)
        if found.numel() != 1:
            raise ValueError(f"The loss must be one number; it has shape {tuple(found.shape)}.")
        return found.reshape(())

    def objective(points: Tensors) -> Tensor:
        return torch.stack([single(own) for own in _apart(points)])

    with torch.no_grad():
        objective(params)  # what is wrong with the loss shows here

    @torch.no_grad()
    def sides(points: Tensors) -> Tensor:
        found = []
        for own in _apart(points):
            single(own)
            found.append(rectifiers.sides())
        return torch.stack(found)

    def frozen(open_sides: Tensor) -> Objective:
        return lambda points: torch.stack([single(own, open_sides[0]) for own in _apart(points)])

    return Problem(params, objective, gradient_of(objective), sides, frozen, 1)


class _Rectifiers:
    """The sides of all rectifiers in one forward pass, in the order they are met."""

    def begin(self, held: Tensor | None) -> None:
        """A forward pass begins; its rectifiers stay on the sides `held` (R,), if given."""
        self._seen: list[Tensor] = []
        self._held, self._at = held, 0

    def sides(self) -> Tensor:
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
