"""How the cost of what core does grows: exponents, fitted where theory says linear."""

import math
import statistics
from collections.abc import Callable

import numpy as np
import torch

from bnviz.core.batchnorm import equations
from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.curvature.probes import directions, estimates
from bnviz.core.curvature.stack_problem import StackProblem
from bnviz.core.data.preparation import prepare
from bnviz.core.nets.stack import initial
from bnviz.core.training import train
from bnviz.files.read import read, to_table
from tools.bench.harness import Measured, Sample, timed

torch.set_num_threads(1)

#: The most that the exponent of a linear cost may be.
LINEAR = 1.05
ROUNDS = 5
#: How many times each size is the one before, and how many there are.
FACTOR, SIZES = 4, 4


def growth() -> list[Measured]:
    """Exponents of the cost of BN, trainings, probes and uploads."""
    return [
        exponent("BN forward against B", _forward, 2**12),
        exponent("BN forward against D", lambda d: _forward(2**10, d), 2**4),
        exponent("Statistics with quantiles against B", _described, 2**11),
        exponent("An epoch of a training against rows", _epoch, 2**10),
        exponent("An epoch of a training against seeds", lambda n: _epoch(512, n), 1),
        exponent("An epoch of a training against parameters", _epoch_of_size, 2**12),
        exponent("Probes of curvature against their number", _probes, 16),
        exponent("Reading a CSV file against its rows", _read, 2**11),
    ]


def exponent(name: str, work: Callable[[int], Sample], least: int) -> Measured:
    """The slope of log seconds over log size; `ours` is of the largest, the reference least."""
    sizes = [least * FACTOR**index for index in range(SIZES)]
    samples = [work(size) for size in sizes]
    for sample in samples:
        sample()
    rounds = [[sample() for sample in samples] for _ in range(ROUNDS)]
    logs = [math.log(size) for size in sizes]
    slopes = [statistics.linear_regression(logs, [math.log(t) for t in r]).slope for r in rounds]
    low, middle, high = statistics.quantiles(slopes, n=4)
    fastest = [min(times) for times in zip(*rounds, strict=True)]
    return Measured(f"Exponent: {name}", fastest[-1], fastest[0], middle, low, high, LINEAR)


def _batch(rows: int, features: int) -> equations.Batch2d:
    return np.random.default_rng(0).normal(size=(rows, features)).astype(np.float32)


def _forward(rows: int, features: int = 8) -> Sample:
    x = _batch(rows, features)
    return timed(lambda: equations.forward(x))


def _described(rows: int) -> Sample:
    x = _batch(rows, 8)
    return timed(lambda: equations.describe(x))


def _epoch(rows: int, seeds: int = 4, width: int = 32) -> Sample:
    config = TrainConfig(
        data=DataConfig(samples=rows),
        network=NetworkConfig(depth=2, width=width),
        optimizer=OptimizerConfig(epochs=1, batch_size=256),
        probes=ProbeConfig(checkpoints=0),
        seeds=seeds,
    )
    run = train.Run(config, prepare(config.data, train.dataset_for(config.data, None)))
    return timed(lambda: run.train_epoch(lambda: False))


def _epoch_of_size(parameters: int) -> Sample:
    """Of nets whose hidden layers have about so many weights between them."""
    return _epoch(512, 1, math.isqrt(parameters))


def _probes(count: int) -> Sample:
    rows = torch.randn(3, 256, generator=torch.Generator().manual_seed(0))
    stack = initial(NetworkConfig(depth=2, width=32), 3, [0], bn=True)
    problem = StackProblem(stack, rows, rows[0], "train")
    drawn = directions(problem.params, count, 0)
    return timed(lambda: estimates(problem.gradient, problem.params, drawn, 1e-5))


def _read(rows: int) -> Sample:
    lines = (",".join(f"{value:.6g}" for value in row) for row in _batch(rows, 6))
    content = "\n".join(["a,b,c,d,e,f", *lines]).encode()
    return timed(lambda: to_table(read("table.csv", content), list("abcdef")))
