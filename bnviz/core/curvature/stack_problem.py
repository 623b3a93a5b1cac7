"""The loss of a stack's network as a problem, by the fast ways written out for it."""

import torch
from torch import Tensor

from bnviz.core.configs import BnMode, Precision
from bnviz.core.curvature.lanczos import Product
from bnviz.core.curvature.problem import Problem
from bnviz.core.memory import POINT_BYTES
from bnviz.core.nets.chunks import chunk_size
from bnviz.core.nets.gradients import (
    Objective,
    mean_squared_error,
    network_gradient,
    network_losses,
    objective_of,
)
from bnviz.core.nets.hessian_product import network_product
from bnviz.core.nets.stack import Stack, forward
from bnviz.core.nets.vectors import Tensors, unflatten
from bnviz.core.types import Bool, Float


class StackProblem(Problem):
    """The mean squared error of a stack's one network on rows x (D, N), y (N,).

    Raises ValueError for a stack of several.
    """

    def __init__(
        self,
        stack: Stack,
        x: Float[Tensor, "d rows"],
        y: Float[Tensor, " rows"],
        mode: BnMode,
        precision: Precision = "float64",
    ) -> None:
        if stack.size != 1:
            raise ValueError(f"A problem is about one network; this stack holds {stack.size}.")
        dtype = getattr(torch, precision)
        self.stack, self.x, self.y, self.mode = stack.cast(dtype), x.to(dtype), y.to(dtype), mode
        self.params = self.stack.params
        rows, width = x.shape[1], stack.network.width
        most = max(1, POINT_BYTES // sum(value.nbytes for value in self.params.values()))
        self.chunk = min(chunk_size(rows, width, dtype), most)
        self.has_relu = stack.network.activation == "relu"
        self._objective = objective_of(self.stack, self.x, self.y, mode)
        self._gradient = network_gradient(self.stack, self.x, self.y, mode)
        self._losses = network_losses(self.stack, self.x, self.y, mode)

    def objective(self, points: Tensors) -> Float[Tensor, " p"]:
        """Losses at P points, differentiable twice."""
        return self._objective(points)

    def gradient(self, points: Tensors) -> Tensors:
        """Their gradients, by back-propagation written out."""
        return self._gradient(points)

    def losses_at(self, points: Float[Tensor, "p n"]) -> Float[Tensor, " p"]:
        """Losses without a graph, the fast way."""
        return self._losses(unflatten(points, self.params))

    def hessian_here(self, copies: int) -> Product:
        """Products with the Hessian; written out, and for any number of vectors, without other
        norms than BN.
        """
        if not (self.stack.has_bn or self.stack.norm is None):
            return super().hessian_here(copies)
        return network_product(self.stack, self.x, self.y, self.mode)

    @torch.no_grad()
    def activation_pattern(self, points: Tensors) -> Bool[Tensor, "p r"]:
        """Whether each ReLU is open: layer by layer, unit by unit, row by row."""
        if not self.has_relu:
            return torch.empty(len(points["output.bias"]), 0, dtype=torch.bool)
        entering = forward(self.stack.with_params(points), self.x, self.mode).entering
        return torch.cat([(each > 0).flatten(1) for each in entering], dim=1)

    def with_pattern(self, pattern: Bool[Tensor, "1 r"]) -> Objective:
        """The objective whose ReLUs stay as in `pattern`."""
        if not self.has_relu:
            return self._objective
        network = self.stack.network
        layers = pattern.to(self.dtype).chunk(network.depth, dim=1)
        gates = [layer.view(1, network.width, -1) for layer in layers]

        def losses(points: Tensors) -> Tensor:
            passed = forward(self.stack.with_params(points), self.x, self.mode, gates=gates)
            return mean_squared_error(passed.output, self.y)

        return losses
