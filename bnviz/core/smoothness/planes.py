"""Which plane and which lines through a net a landscape is taken on."""

from collections.abc import Iterator
from dataclasses import dataclass

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
from bnviz.core.smoothness.landscape import LandscapeConfig
from bnviz.core.smoothness.subject import Subject, alive
from bnviz.core.training.snapshots import PROBE_ROWS
from bnviz.core.training.train import Run
from bnviz.core.types import Floats, StopFlag, check

#: A path is kept at so many epochs, fewer where they would take more memory (per net).
PATH_POINTS = 100
PATH_BYTES = 2**26

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
    path: Floats
    path_epochs: NDArray[np.int64]
    path_loss: Floats


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
            curvatures, vectors = top.values, top.vectors
            basis = (vectors * _signs(vectors)).to(problem.dtype)
            axis = axis * _doubling(exact, float(curvatures[0]))
        explained = _curvatures(exact, basis)
    nothing = np.empty(0)
    path = np.empty((0, 2)), nothing.astype(np.int64), nothing
    return Plane(problem, living, basis, axis, axis, lines, explained, *path)


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
        points = torch.cat(self.points[net])
        epochs = np.array(self.kept, dtype=np.int64)
        if not (alive(stack)[0] and points.isfinite().all()):
            axis, nothing = np.linspace(-1, 1, config.points), np.full(len(points), np.nan)
            path = np.full((len(points), 2), np.nan), epochs, nothing
            return Plane(
                problem, False, drawn[:2], axis, axis, drawn[2:], np.full(2, np.nan), *path
            )
        basis, path_, explained = landscape.path_plane(points)
        first, second = _axes(path_, config, float(torch.linalg.vector_norm(points[-1])))
        losses = _losses(problem, points)
        lines = drawn[2:]
        basis = basis.to(problem.dtype)
        return Plane(problem, True, basis, first, second, lines, explained, path_, epochs, losses)


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
