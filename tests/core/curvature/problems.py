"""What tests of curvature share: problems that are changed a little, and whole Hessians."""

import copy
from typing import Any

import torch
from torch import Tensor, nn

from bnviz.core.curvature.problem import Problem
from bnviz.core.curvature.traces import dense_rows, symmetric
from bnviz.library import Loss


def of_module(
    module: nn.Module, loss: Any, *rows: Any, mode: Any = "eval", precision: Any = "float64"
) -> Problem:
    """The problem that the library makes of a module."""
    return Loss(module, loss, *rows, mode=mode, precision=precision).problem


def changed(problem: Problem, **attributes: Any) -> Problem:
    """A copy of a problem with other attributes."""
    other = copy.copy(problem)
    for name, value in attributes.items():
        setattr(other, name, value)
    for known in ("pattern", "rounding"):
        other.__dict__.pop(known, None)
    return other


def by_graph(problem: Problem) -> Problem:
    """Without its faster products."""
    return changed(
        problem, hessian_here=lambda copies: problem.hessian_at(problem.point.expand(copies, -1))
    )


def dense_hessian(problem: Problem) -> Tensor:
    """The (n, n) Hessian by the product's way to it, symmetric."""
    return symmetric(torch.cat(list(dense_rows(problem))))
