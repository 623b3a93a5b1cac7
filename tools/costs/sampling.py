"""Trainings and measures from all over the controls, and what they take beside what is said."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import cycle
from typing import Any, TypeVar, get_args

import numpy as np
from pydantic import ValidationError
from scipy.stats import qmc

from bnviz.core.configs import BnMode, TrainConfig
from bnviz.core.data.preparation import dataset_for, prepare
from bnviz.core.data.tables import Dataset
from bnviz.core.fields import Config
from bnviz.core.nets.norms.names import Norm
from bnviz.core.smoothness import subject
from bnviz.core.smoothness.costs import cost as smoothness_cost
from bnviz.core.smoothness.measure import Measure, SubjectConfig
from bnviz.core.smoothness.registry import MEASURES
from bnviz.core.sweep.config import RATE, Axis, Metric, SweepConfig
from bnviz.core.sweep.plan import groups
from bnviz.core.sweep.stacked import train_cells
from bnviz.core.training import cost, train
from bnviz.core.training.cost import FEATURES
from bnviz.jobs.bounds.speed import slowness

C = TypeVar("C", bound=Config)
#: What a setting is drawn from: some values, or all whole numbers of a range, small ones as often.
Space = Mapping[str, range | Sequence[object]]

_MODES = get_args(BnMode)
TRAININGS: Space = {
    "network.depth": range(1, 9),
    "network.width": range(1, 513),
    "network.norm": ("batch",) * 4 + get_args(Norm),
    "network.activation": ("relu", "tanh"),
    "network.bn_position": ("before", "after"),
    "network.groups": (1,),
    "seeds": range(1, 65),
    "data.samples": range(10, 100_001),
    "data.standardize": (True,),
    "optimizer.batch_size": range(2, 65_537),
    "optimizer.epochs": range(1, 2001),
    "optimizer.kind": ("sgd", "momentum", "adam"),
    "optimizer.learning_rate": (1e-6, 1e-5, 1e-4, 1e-3),
    "probes.count": range(1, 1001),
    "probes.checkpoints": (0, 1, 2, 10, 100),
    "probes.eigenvalues": (True, False),
    "probes.precision": ("float32", "float64"),
    "probes.bn_mode": _MODES,
}
#: Of every measure but the document's own, which has its settings.
OF_MEASURES: Mapping[str, Space] = {
    "extremes": {"probes": range(2, 1001), "bn_mode": _MODES},
    "gap": {"probes": range(2, 201)},
    "density": {"probes": range(2, 65), "steps": range(8, 201), "bn_mode": _MODES},
    "along": {
        "sizes": range(2, 33),
        "moments": range(2, 1001),
        "grid": ("relative", "absolute"),
    },
    "landscape": {
        "plane": ("random", "eigen", "path"),
        "points": (13, 25, 51),
        "lines": range(2, 101),
        "bn_mode": _MODES,
    },
    "scales": {"probes": range(2, 201), "bn_mode": _MODES},
    "stability": {"steps": range(10, 2001), "halvings": range(4, 31)},
}


def sampled(owner: type[C], space: Space, seed: int = 0) -> Iterator[C]:
    """Configs spread evenly over a space (Latin hypercubes), those that may be, without an end."""
    sampler = qmc.LatinHypercube(len(space), seed=seed)
    while True:
        for place in sampler.random(64):
            raw: dict[str, Any] = {}
            for (path, values), at in zip(space.items(), place, strict=True):
                *parts, name = path.split(".")
                inner = raw
                for part in parts:
                    inner = inner.setdefault(part, {})
                inner[name] = _drawn(values, at)
            with suppress(ValidationError):
                yield owner.model_validate(raw)


def _drawn(values: range | Sequence[object], at: float) -> object:
    if isinstance(values, range):
        return round(values[0] * (values[-1] / values[0]) ** at)
    return values[int(at * len(values))]


def trainings(least: float, most: float, seed: int = 0) -> Iterator[TrainConfig]:
    """Those that are said to take between so many seconds, and memory that a job may have."""
    for config in sampled(TrainConfig, TRAININGS, seed):
        said = cost.cost(config, config.data.samples, FEATURES)
        if least < said.seconds < most and said.memory < 1.5e9:
            yield config


def measures(
    kind: str, least: float, most: float, seed: int = 0
) -> Iterator[tuple[Measure, TrainConfig]]:
    """Measures of that kind and trainings whose nets they are of, as :func:`trainings`."""
    pairs = zip(
        sampled(MEASURES[kind], OF_MEASURES[kind], seed),
        sampled(TrainConfig, TRAININGS, seed + 1),
        strict=True,
    )
    for measure, config in pairs:
        said = smoothness_cost.cost(measure, config, config.data.samples, FEATURES)
        if least < said.seconds < most and said.memory < 1.5e9:
            yield measure.of(SubjectConfig(run="sampled")), config


def train_ratio(config: TrainConfig) -> float:
    """CPU time of a training over what is said, on this machine."""
    said = cost.cost(config, config.data.samples, FEATURES).seconds * slowness.__wrapped__()
    return cpu(lambda: list(train.train(config, _data(config), lambda: False))) / said


def measure_ratio(measure: Measure, config: TrainConfig) -> float:
    """The same of a measure of nets that were trained for some steps."""
    said = smoothness_cost.cost(measure, config, config.data.samples, FEATURES).seconds
    said *= slowness.__wrapped__()
    dataset = _data(config)
    run = train.Run(config, prepare(config.data, dataset))
    for (x, y), _ in zip(run.batches(), range(6), strict=False):
        run.step(x, y)
    nets = subject.of_state(config, dataset, run.snapshot(0, state=True).state)
    return cpu(lambda: list(measure.measure(nets, lambda: False))) / said


def sweeps(least: float, most: float, seed: int = 0) -> Iterator[SweepConfig]:
    """Of learning rate and depth, about sampled trainings; as :func:`trainings`."""
    metrics: Iterator[Metric] = cycle(("loss", "sharpness"))
    for base, metric in zip(trainings(least / 9, most / 9, seed), metrics, strict=False):
        rate, depth = base.optimizer.learning_rate, base.network.depth
        rates = Axis(field=RATE, values=(rate / 2, rate, 2 * rate))
        depths = Axis(field="network.depth", values=tuple({1, depth, max(2, depth // 2)}))
        with suppress(ValidationError):
            yield SweepConfig(base=base, axes=(rates, depths), metric=metric)


def sweep_ratio(config: SweepConfig) -> float:
    """CPU time of all cells of a sweep, stack by stack, over what is said."""
    plan, dataset = groups(config, config.base.data.samples, FEATURES), _data(config.base)
    said = sum(group.cost.seconds for group in plan) * slowness.__wrapped__()
    sharp = config.metric == "sharpness"
    stacks = [[cell.config for cell in group.cells] for group in plan]
    took = cpu(lambda: [train_cells(each, dataset, sharp, lambda: False) for each in stacks])
    return took / said


def _data(config: TrainConfig) -> Dataset:
    return dataset_for(config.data, None)


def cpu(work: Callable[[], object]) -> float:
    """Seconds of this thread."""
    begun = time.thread_time()
    work()
    return time.thread_time() - begun


def shown(name: str, ratios: Sequence[float]) -> str:
    """A line of how far off an estimate is."""
    within = sum(0.5 < ratio < 2 for ratio in ratios)
    lowest, low, middle, high, most = np.quantile(ratios, [0, 0.1, 0.5, 0.9, 1])
    return (
        f"{name:12} {within:4} of {len(ratios):3} within a factor of two; real over said "
        f"{lowest:.2f} {low:.2f} {middle:.2f} {high:.2f} {most:.2f}"
    )
