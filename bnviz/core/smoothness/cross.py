"""The cross of :mod:`bnviz.core.smoothness.gap`: two trainings, and every cell of them measured."""

from collections.abc import Iterator, Mapping
from dataclasses import fields

import numpy as np
import torch

from bnviz.core.configs import BnMode
from bnviz.core.curvature.extremes import problem_extremes
from bnviz.core.curvature.normalized import NormalizedProblem
from bnviz.core.curvature.probes import directions, estimates
from bnviz.core.curvature.problem import Problem
from bnviz.core.curvature.stack_problem import StackProblem
from bnviz.core.curvature.traces import traces
from bnviz.core.data.preparation import Prepared, prepare, scaling_for
from bnviz.core.nets.stack import Stack
from bnviz.core.nets.vectors import flatten
from bnviz.core.smoothness.gap import CELLS, MOMENTS, Gap, GapConfig
from bnviz.core.smoothness.measure import Progress, Throttle
from bnviz.core.smoothness.subject import Subject
from bnviz.core.training.precise_bn import precise
from bnviz.core.training.snapshots import PROBE_ROWS
from bnviz.core.training.train import Run
from bnviz.core.types import StopFlag, Stopped, each_array


class Cross:
    """Both trainings as far as they are, and what is measured so far; NaN elsewhere."""

    def __init__(self, config: GapConfig, subject: Subject, should_stop: StopFlag) -> None:
        self.config, self.subject, self.should_stop = config, subject, should_stop
        self.runs = {each: _begin(config, subject, each) for each in ("raw", "standardized")}
        self.done, self.epochs = 0, subject.config.optimizer.epochs
        self.total = len(MOMENTS) * len(CELLS) * subject.seeds + len(self.runs) * self.epochs
        shape = (len(MOMENTS), len(CELLS), subject.seeds)
        self.figures = Gap(*(np.full(shape, np.nan) for _ in fields(Gap)))

    def progress(self) -> Progress:
        """How far it is, and what is measured so far."""
        return Progress(self.done, self.total, each_array(np.copy, self.figures))

    def train(self) -> Iterator[Progress]:
        """Trains both nets on either inputs, to the end."""
        throttle = Throttle()
        for run in self.runs.values():
            for _ in range(self.epochs):
                if not run.train_epoch(self.should_stop):
                    raise Stopped
                self.done += 1
                if throttle.due():
                    yield self.progress()

    def cells(self, moment: int) -> Iterator[Progress]:
        """Measures all cells of all seeds as the nets are now."""
        for seed in range(self.subject.seeds):
            for cell, name in enumerate(CELLS):
                self._cell(moment, cell, name, seed)
                self.done += 1
                yield self.progress()

    def _cell(self, moment: int, cell: int, name: str, seed: int) -> None:
        """Measures one cell of one seed."""
        net, inputs, *modes = name.split("_")
        mode: BnMode = "train" if modes == ["train"] else "eval"
        stack = self._stack(moment, net, inputs, mode, seed)
        if not stack.alive.all():
            self.figures.loss[moment, cell, seed] = np.inf
            return
        rows = self.runs[inputs].data
        x, y = rows.train_x[:, :PROBE_ROWS], rows.train_y[:PROBE_ROWS]
        measured = self._measured(StackProblem(stack, x, y, mode), seed)
        for quantity, value in measured.items():
            getattr(self.figures, quantity)[moment, cell, seed] = value

    def _stack(self, moment: int, net: str, inputs: str, mode: BnMode, seed: int) -> Stack:
        """One seed of a net as it is now, with running statistics to be used in eval mode."""
        run, which = self.runs[inputs], slice(seed, seed + 1)
        one = run.nets[net].stack.part(which)
        if moment or net == "plain" or mode == "train":
            return one
        if self.config.subject.run is None and inputs == "raw":
            return self.subject.bn.part(which)
        with torch.no_grad():
            return precise(one, run.data.train_x, run.config.optimizer.batch_size)

    def _measured(self, problem: Problem, seed: int) -> Mapping[str, float]:
        """What a Gap holds of one net."""
        probes, number = self.config.probes, self.config.seed + seed
        stop = self.should_stop
        ends = problem_extremes(problem, should_stop=stop)
        ratios = estimates(
            problem.gradient,
            problem.params,
            directions(problem.params, probes, number),
            self.subject.config.probes.scale,
            chunk=problem.chunk,
            should_stop=stop,
        )
        sums = traces(problem, probes, number, should_stop=stop)
        fair = problem_extremes(NormalizedProblem(problem), should_stop=stop)
        with torch.no_grad():
            loss = problem.objective(problem.params)
        return {
            "largest": float(ends.maximum[0]),
            "probe": float(np.median(ratios)),
            "root_mean_square": float(np.sqrt(max(sums.mean_square, 0.0))),
            "normalized": float(fair.maximum[0]),
            "loss": float(loss[0]),
        }


def _begin(config: GapConfig, subject: Subject, inputs: str) -> Run:
    """A training of both nets on such inputs that has not yet taken a step."""
    data = subject.config.data.model_copy(update={"standardize": inputs == "standardized"})
    training = subject.config.model_copy(update={"data": data})
    if config.subject.run is not None:
        return Run(training, prepare(data, subject.dataset))
    scaling = scaling_for(data, subject.dataset.x)
    x, y = scaling.apply(subject.dataset.x), torch.from_numpy(subject.dataset.y[:, 0].copy())
    run = Run(training, Prepared(x, y, x, y, scaling))
    for name, net in run.nets.items():
        net.parameters.copy_(flatten(list(subject.stack(name).params.values())))
    return run
