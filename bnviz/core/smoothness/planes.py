"""Which plane and which lines through a net a landscape is taken on, and the losses there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bnviz.core.curvature import landscape
from bnviz.core.curvature.extremes import top_vectors
from bnviz.core.curvature.problem import Problem
from bnviz.core.curvature.stack_problem import StackProblem
from bnviz.core.data.preparation import prepare
from bnviz.core.nets.stack import Stack
from bnviz.core.nets.vectors import flatten
from bnviz.core.smoothness.landscape import (
    DISTANCES,
    LEVELS,
    PATH_BYTES,
    PATH_POINTS,
    Landscape,
    LandscapeConfig,
    NetLandscape,
)
from bnviz.core.smoothness.subject import Subject
from bnviz.core.training.snapshots import PROBE_ROWS
from bnviz.core.training.train import Run
from bnviz.core.types import NETS, Floats, StopFlag, check

#: A path's plane shows so much more than the path, as a share of its span, on each side.
MARGIN = 0.15

#: The narrower side of a path's plane is at least this share of the wider one.
_NARROW = 0.1

#: Of eigenvectors: far finer than a picture shows.
_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Plane:
    """A plane through one net, its axes, and lines; fields as in landscape.NetLandscape."""

    problem: Problem
    """Of the net, in float32."""
    alive: bool
    """Whether all of the net is finite; if not, there is nothing to see."""
    basis: Tensor
    """(2, n) the plane's directions."""
    first: Floats
    second: Floats
    lines: Tensor
    """(M, n) their directions."""
    explained: Floats
    path: Floats = field(default_factory=lambda: np.empty((0, 2)))
    path_epochs: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    path_loss: Floats = field(default_factory=lambda: np.empty(0))


def around(config: LandscapeConfig, subject: Subject, net: str, should_stop: StopFlag) -> Plane:
    """The net "bn" or "plain" of the subject, with `plane` "random" or "eigen"; raises Stopped.

    Both nets get the same random directions, as far as they have the same parameters.
    """
    problem = subject.problem(net, config.bn_mode, config.net, "float32")
    drawn = landscape.directions(problem.params, 2 + config.lines, config.seed)
    basis, lines = drawn[:2], drawn[2:]
    living = bool(subject.alive(net)[config.net])
    explained, axis = np.full(2, np.nan), np.linspace(-1, 1, config.points) * config.extent
    if living:
        exact = subject.problem(net, config.bn_mode, config.net)
        if config.plane == "eigen":
            top = top_vectors(exact, tolerance=_TOLERANCE, should_stop=should_stop)
            basis = (top.vectors * _signs(top.vectors)).to(problem.dtype)
            axis = axis * _doubling(exact, float(top.values[0]))
        explained = _curvatures(exact, basis)
    return Plane(problem, living, basis, axis, axis, lines, explained)


def _doubling(exact: Problem, curvature: float) -> float:
    """The distance at which so much curvature alone doubles the loss; 1 where none does."""
    loss = float(exact.losses_at(flatten(list(exact.params.values()))))
    distance = float(np.sqrt(2 * loss / curvature)) if curvature > 0 else 0.0
    return distance if 0 < distance < np.inf else 1.0


def _signs(vectors: Tensor) -> Tensor:
    """(M, 1) what makes the largest entry of each positive: an eigenvector has no sign."""
    largest = vectors.abs().argmax(1, keepdim=True)
    return vectors.gather(1, largest).sign()


def _curvatures(exact: Problem, basis: Tensor) -> Floats:
    """(2,) d'Hd / |d|^2, in float64; NaN for a direction that has no length."""
    directions = basis.double()
    product = exact.hessian()
    bent = torch.cat([product(direction[None]) for direction in directions])
    curvatures = (directions * bent).sum(1) / directions.square().sum(1)
    return np.asarray(curvatures.cpu(), dtype=np.float64)


class Retraining:
    """A training anew of one seed of the subject, from its config, with its path kept."""

    def __init__(self, subject: Subject, seed: int) -> None:
        config = subject.config
        config = config.model_copy(update={"seeds": 1, "seed": config.seed + seed})
        self.run = Run(config, prepare(config.data, subject.dataset))
        self.epochs = config.optimizer.epochs
        sizes = [4 * net.parameters.shape[1] for net in self.run.nets.values()]
        most = max(2, min(PATH_POINTS, PATH_BYTES // max(sizes)))
        self.every = -(-self.epochs // (most - 1))
        self.kept = [0]
        self.points = {name: [net.parameters.clone()] for name, net in self.run.nets.items()}

    def train(self, should_stop: StopFlag) -> Iterator[int]:
        """Step by step, the epochs that are done; raises Stopped."""
        for epoch in range(1, self.epochs + 1):
            for x, y in self.run.batches():
                check(should_stop)
                self.run.step(x, y)
                yield epoch - 1
            if epoch % self.every == 0 or epoch == self.epochs:
                self.kept.append(epoch)
                for name, net in self.run.nets.items():
                    self.points[name].append(net.parameters.clone())
            yield epoch

    def plane(self, net: str, config: LandscapeConfig) -> Plane:
        """Of the net at the end; the path's losses are those with BN as it is at the end."""
        stack: Stack = self.run.nets[net].stack
        data = self.run.data
        x, y = data.train_x[:, :PROBE_ROWS], data.train_y[:PROBE_ROWS]
        problem = StackProblem(stack, x, y, config.bn_mode, "float32")
        drawn = landscape.directions(problem.params, 2 + config.lines, config.seed)
        basis, lines, points = drawn[:2], drawn[2:], torch.cat(self.points[net])
        epochs = np.array(self.kept, dtype=np.int64)
        if not (stack.alive[0] and points.isfinite().all()):
            axis, unknown = np.linspace(-1, 1, config.points), np.full((len(points), 2), np.nan)
            explained, path, losses = np.full(2, np.nan), unknown, unknown[:, 0]
            return Plane(problem, False, basis, axis, axis, lines, explained, path, epochs, losses)
        spanning, path, explained = landscape.path_plane(points)
        basis, losses = spanning.to(problem.dtype), _losses(problem, points)
        first, second = _axes(path, config, float(torch.linalg.vector_norm(points[-1])))
        return Plane(problem, True, basis, first, second, lines, explained, path, epochs, losses)


def _losses(problem: Problem, points: Tensor) -> Floats:
    losses = [problem.losses_at(part) for part in torch.split(points, problem.chunk)]
    return np.asarray(torch.cat(losses), dtype=np.float64)


def _axes(path: Floats, config: LandscapeConfig, norm: float) -> tuple[Floats, Floats]:
    """(R,) each: the path's span with a margin, `extent` times as wide. A net that did not
    move, of that norm, is seen as far as its norm.
    """
    low, high = path.min(axis=0), path.max(axis=0)
    half = (high - low) / 2 * (1 + 2 * MARGIN)
    half = np.maximum(half, _NARROW * half.max()) if half.max() > 0 else np.full(2, norm)
    steps = np.linspace(-1, 1, config.points) * config.extent
    first, second = ((low + high) / 2)[:, None] + half[:, None] * steps
    return first, second


class Drawing:
    """What is drawn so far; NaN elsewhere."""

    def __init__(self, config: LandscapeConfig, planes: Mapping[str, Plane]) -> None:
        self.planes = planes
        self.levels = LEVELS[config.points]
        self.level = self.levels[0]
        self.distances = np.linspace(-1, 1, DISTANCES) * config.extent
        self.losses = {net: np.full((config.points, config.points), np.nan) for net in NETS}
        self.lines = {net: np.full((config.lines, DISTANCES), np.nan) for net in NETS}
        self.done = 0

    def draw(self, should_stop: StopFlag) -> Iterator[bool]:
        """Part by part; says whether something whole has been added. Raises Stopped."""
        for index, level in enumerate(self.levels):
            for net in NETS:
                for row in np.arange(len(self.losses[net]))[level]:
                    self._row(net, int(row), level, should_stop)
                    yield False
            self.level = level
            last = index + 1 == len(self.levels)
            if index == 0:
                yield not last
                for net in NETS:
                    for line in range(len(self.lines[net])):
                        self._line(net, line, should_stop)
                        yield False
            yield True

    def _row(self, net: str, row: int, level: slice, should_stop: StopFlag) -> None:
        check(should_stop)
        plane, losses = self.planes[net], self.losses[net]
        known = losses[row : row + 1, level]
        self.done += int(np.isnan(known).sum())
        if not plane.alive:
            return
        (losses[row, level],) = landscape.plane(
            plane.problem,
            plane.basis[0],
            plane.basis[1],
            plane.first[level],
            plane.second[row : row + 1],
            known=known,
            should_stop=should_stop,
        )

    def _line(self, net: str, line: int, should_stop: StopFlag) -> None:
        check(should_stop)
        plane = self.planes[net]
        self.done += DISTANCES
        if plane.alive:
            self.lines[net][line : line + 1] = landscape.lines(
                plane.problem,
                plane.lines[line : line + 1],
                self.distances,
                should_stop=should_stop,
            )

    def result(self) -> Landscape:
        """What there is so far, of the finest planes that are whole."""
        return Landscape(self._net("bn"), self._net("plain"))

    def _net(self, net: str) -> NetLandscape:
        plane, level = self.planes[net], self.level
        return NetLandscape(
            first=plane.first[level],
            second=plane.second[level],
            loss=_finite(self.losses[net][level, level]),
            path=plane.path,
            path_epochs=plane.path_epochs,
            path_loss=_finite(plane.path_loss),
            explained=plane.explained,
            distances=self.distances,
            lines=_finite(self.lines[net]),
        )


def _finite(losses: Floats) -> Floats:
    return np.where(np.isfinite(losses), losses, np.nan)
