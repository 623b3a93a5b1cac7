"""The mean loss of many batches as a problem, with the memory of one.

Every batch is normalized by its own statistics, as in training, so where there is BN in train
mode the loss differs from that of one large batch.
"""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from bnviz.core.curvature.lanczos import Product
from bnviz.core.curvature.module_problem import ModuleProblem
from bnviz.core.curvature.problem import Problem
from bnviz.core.nets.gradients import Objective
from bnviz.core.nets.inputs import tensors
from bnviz.core.nets.twin import Twin
from bnviz.core.nets.vectors import Tensors
from bnviz.core.types import Bool, Float


class BatchesProblem(Problem):
    """The mean over batches of a module's loss, weighted by their rows.

    `batches` yields (x, y), or (x1, x2, ..., y), anew each time it is gone through; a row is one
    of y's first tensor. Raises ValueError for what can be gone through once only, and for
    batches that are others the next time.
    """

    chunk = 1

    def __init__(self, twin: Twin, batches: Iterable[Any], weight_decay: float = 0.0) -> None:
        self.twin, self.batches, self.weight_decay = twin, batches, weight_decay
        self.params = twin.params
        self.generators = {
            id(each): each
            for owner in (batches, getattr(batches, "sampler", None))
            if isinstance(each := getattr(owner, "generator", None), torch.Generator)
        }
        self.generator_states = {key: each.get_state() for key, each in self.generators.items()}
        with self._random_state():
            once = iter(batches) is batches
        if once:
            raise ValueError(
                "The batches can be gone through only once; pass a list of them or a DataLoader."
            )
        self.rows: list[int] = []
        self.sums: list[float] = []
        for index, (x, y) in enumerate(self._pairs()):
            if not index:
                twin.prepare(x, y)
            ModuleProblem(twin, x, y, weight_decay).check(f" of batch {index}")
            self.rows.append(_rows(x, y))
            self.sums.append(_sum(x, y))
        if not self.rows:
            raise ValueError("There is no batch.")

    def parts(self) -> Iterator[tuple[float, ModuleProblem]]:
        """Batch by batch, its share of all rows and its problem."""
        total, seen = sum(self.rows), 0
        for index, (x, y) in enumerate(self._pairs()):
            same = index < len(self.rows) and _sum(x, y) == self.sums[index]
            if not same:
                raise ValueError(
                    f"Batch {index} is another one than the first time: let the loader not "
                    "shuffle or change its rows, or make a list of its batches."
                )
            seen += 1
            yield self.rows[index] / total, ModuleProblem(self.twin, x, y, self.weight_decay)
        if seen < len(self.rows):
            raise ValueError(f"There are {seen} batches now, and {len(self.rows)} the first time.")

    def objective(self, points: Tensors) -> Float[Tensor, " p"]:
        """Losses at P points; where they are differentiated, the graph holds all batches."""
        return torch.stack([share * part.objective(points) for share, part in self.parts()]).sum(0)

    def gradient(self, points: Tensors) -> Tensors:
        """Their gradients, batch by batch."""
        mean = {name: torch.zeros_like(value) for name, value in points.items()}
        for share, part in self.parts():
            for name, value in part.gradient(points).items():
                mean[name] += share * value
        return mean

    def activation_pattern(self, points: Tensors) -> Bool[Tensor, "p r"]:
        """Whether each ReLU is open, batch after batch."""
        return torch.cat([part.activation_pattern(points) for _, part in self.parts()], dim=1)

    def with_pattern(self, pattern: Bool[Tensor, "1 r"]) -> Objective:
        """The objective whose ReLUs stay as in `pattern`."""

        def losses(points: Tensors) -> Tensor:
            parts, begin = [], 0
            for share, part in self.parts():
                end = begin + part.pattern.shape[1]
                parts.append(share * part.with_pattern(pattern[:, begin:end])(points))
                begin = end
            return torch.stack(parts).sum(0)

        return losses

    def kinks_at(
        self, points: Float[Tensor, "p n"]
    ) -> tuple[Float[Tensor, "p n"], Float[Tensor, " p"]]:
        """The mean jump, and the count over all rows."""
        jump, crossed = torch.zeros_like(points), points.new_zeros(len(points))
        for share, part in self.parts():
            jumps, some = part.kinks_at(points)
            jump += share * jumps
            crossed += some
        return jump, crossed

    def hessian_at(self, points: Float[Tensor, "p n"]) -> Product:
        """The graph of each batch is built anew for every product."""

        def product(vectors: Tensor) -> Tensor:
            mean = torch.zeros_like(vectors)
            for share, part in self.parts():
                mean += share * part.hessian_at(points)(vectors)
            return mean

        return product

    def _pairs(self) -> Iterator[tuple[Any, Any]]:
        """x and y of each batch; whatever is drawn for them is drawn as the first time."""
        with self._random_state():
            for batch in self.batches:
                if type(batch) not in (tuple, list) or len(batch) < 2:
                    raise ValueError(
                        "A batch must be a pair (x, y) or (x1, x2, ..., y); this one is "
                        f"{type(batch).__name__}."
                    )
                *x, y = batch
                yield (x[0] if len(x) == 1 else tuple(x)), y

    @contextmanager
    def _random_state(self) -> Iterator[None]:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.twin.seed)
            try:
                for key, generator in self.generators.items():
                    generator.set_state(self.generator_states[key])
                yield
            finally:
                for key, generator in self.generators.items():
                    generator.set_state(self.generator_states[key])


def _rows(x: Any, y: Any) -> int:
    """How many rows y's first tensor that has any has, or x's."""
    sizes = [len(value) for _, value in [*tensors(y, "y"), *tensors(x, "x")] if value.dim()]
    if not sizes:
        raise ValueError("A batch has no tensor, so it has no rows.")
    return sizes[0]


def _sum(x: Any, y: Any) -> float:
    """A sum by which a batch is recognized, its rows in the same order."""
    return math.fsum(_weighted(value) for _, value in [*tensors(x, "x"), *tensors(y, "y")])


def _weighted(value: Tensor) -> float:
    """The sum of a tensor's entries, each weighted by its place where it has one."""
    value = torch.view_as_real(value) if value.is_complex() else value
    numbers = value.detach().double().nan_to_num()
    if numbers.layout != torch.strided:
        return float(numbers.sum())
    places = torch.arange(1, numbers.numel() + 1, dtype=torch.float64, device=numbers.device)
    return float(numbers.flatten() @ places.sin())
