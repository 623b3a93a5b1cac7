"""The loss as a function of weights in units of their filters' norms."""

import torch
from torch import Tensor

from bnviz.core.curvature.lanczos import Product
from bnviz.core.curvature.landscape import filter_norms
from bnviz.core.curvature.problem import Problem
from bnviz.core.nets.gradients import Objective
from bnviz.core.nets.vectors import Tensors, flatten, unflatten
from bnviz.core.types import Bool, Float


class NormalizedProblem(Problem):
    """The same loss, with every weight measured in units of its filter's norm.

    The weights are u times the norm that their filter has now, so that u is the direction of
    each filter, of norm 1; biases and BN's parameters stay where they are, as in filter
    normalization (Li et al. 2018, section 4). What rescales weights without changing the
    function (one ReLU layer up and the next down; all that feeds a BN in train mode) leaves
    this loss as it is, and so the largest eigenvalue of its Hessian is a sharpness by which
    nets with different scales of weights can be compared (Dinh et al. 2017, section 5; Kwon et
    al. 2021, definition 2 with filter-wise T_w). Raises ValueError if nothing is a filter.
    """

    def __init__(self, problem: Problem) -> None:
        self.raw, self.chunk = problem, problem.chunk
        self.units = unflatten(filter_norms(problem.params), problem.params)
        moving = [name for name, value in problem.params.items() if value.dim() > 2]
        if not moving:
            raise ValueError("No parameter has two dimensions or more, so there are no filters.")
        self.params = {
            name: torch.where(self.units[name] > 0, problem.params[name] / self.units[name], 0.0)
            for name in moving
        }

    def there(self, u: Tensors) -> Tensors:
        """The raw parameters that directions `u` stand for."""
        points = len(next(iter(u.values())))
        return {
            name: u[name] * self.units[name]
            if name in u
            else value.expand(points, *value.shape[1:])
            for name, value in self.raw.params.items()
        }

    def objective(self, points: Tensors) -> Float[Tensor, " p"]:
        """Losses at P points, differentiable twice."""
        return self.raw.objective(self.there(points))

    def losses_at(self, points: Float[Tensor, "p n"]) -> Float[Tensor, " p"]:
        """Losses without a graph."""
        return self.raw.losses_at(self._raw_points(points))

    def gradient(self, points: Tensors) -> Tensors:
        """Their gradients: the chain rule of a change of units."""
        gradient = self.raw.gradient(self.there(points))
        return {name: gradient[name] * self.units[name] for name in points}

    def activation_pattern(self, points: Tensors) -> Bool[Tensor, "p r"]:
        """Whether each ReLU is open."""
        return self.raw.activation_pattern(self.there(points))

    def with_pattern(self, pattern: Bool[Tensor, "1 r"]) -> Objective:
        """The objective whose ReLUs stay as in `pattern`."""
        held = self.raw.with_pattern(pattern)
        return lambda points: held(self.there(points))

    def hessian_at(self, points: Float[Tensor, "p n"]) -> Product:
        """D H D, with D the units of the weights that move."""
        return self._scaled(self.raw.hessian_at(self._raw_points(points)))

    def hessian_here(self, copies: int) -> Product:
        """D H D at `params`, by the raw problem's own way."""
        return self._scaled(self.raw.hessian_here(copies))

    def _raw_points(self, points: Tensor) -> Tensor:
        return flatten(list(self.there(unflatten(points, self.params)).values()))

    def _scaled(self, product: Product) -> Product:
        moves = [torch.full_like(value, value.dim() > 2) for value in self.units.values()]
        columns = flatten(moves)[0].nonzero().squeeze(1)
        unit = flatten(list(self.units.values()))[0]

        def scaled(vectors: Tensor) -> Tensor:
            whole = vectors.new_zeros(len(vectors), len(unit))
            whole[:, columns] = vectors * unit[columns]
            return product(whole)[:, columns] * unit[columns]

        return scaled
