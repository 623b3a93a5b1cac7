"""How the cost of core, files and store grows: exponents, fitted where theory says linear."""

import io
import math
import statistics
from collections.abc import Callable
from tempfile import mkdtemp

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from bnviz.core.batchnorm import equations, stream
from bnviz.core.batchnorm.micro_batches import split_ways
from bnviz.core.configs import (
    BatchConfig,
    DataConfig,
    NetworkConfig,
    OptimizerConfig,
    ProbeConfig,
    StreamConfig,
    TrainConfig,
)
from bnviz.core.curvature.landscape import lines
from bnviz.core.curvature.probes import directions, estimates
from bnviz.core.curvature.stack_problem import StackProblem
from bnviz.core.curvature.traces import traces
from bnviz.core.data.batches import draw
from bnviz.core.data.moments import moments
from bnviz.core.data.preparation import dataset_for, prepare
from bnviz.core.nets.initial import initial
from bnviz.core.sweep.config import RATE, Axis, SweepConfig
from bnviz.core.sweep.plan import groups
from bnviz.core.training import train
from bnviz.files.read import read
from bnviz.files.reading import to_table
from bnviz.folders import home
from bnviz.store import open_store
from tools.bench.harness import Measured, Sample, history_in, own_history, timed

#: The most that the exponent of a linear cost may be.
LINEAR = 1.05
ROUNDS = 5
#: How many times each size is the one before, and how many there are.
FACTOR, SIZES = 4, 4


def growth() -> list[Measured]:
    """Exponents of the cost of BN, trainings, measures, sweeps, stores and uploads."""
    with own_history():
        return [
            exponent("BN forward against B", _forward, 2**12),
            exponent("BN forward against D", lambda d: _forward(2**10, d), 2**4),
            exponent("Statistics with quantiles against B", _described, 2**11),
            exponent("A batch drawn against B", _drawn, 2**9),
            exponent("A batch drawn against D", lambda d: _drawn(2**10, d), 2**2),
            exponent("Running statistics against steps", _streamed, 2**3),
            exponent("Micro-batches against B", _split, 2**9),
            exponent("An epoch of a training against rows", _epoch, 2**10),
            exponent("An epoch of a training against seeds", lambda n: _epoch(512, n), 1),
            exponent("An epoch of a training against parameters", _epoch_of_size, 2**12),
            exponent("What is said of an epoch against seeds", _snapshot, 1),
            exponent("Probes of curvature against their number", _probes, 16),
            exponent("Products with a Hessian against parameters", _product, 2**10),
            exponent("Traces against probes", _traces, 2**4),
            exponent("Losses of a landscape against points", _landscape, 2**5),
            exponent("The plan of a sweep against cells", _plan, 2**4),
            exponent("The list of runs against runs", _listed, 2**3),
            exponent("Reading a CSV file against its rows", _read, 2**11),
            exponent("Reading a Parquet file against its rows", _read_parquet, 2**14),
            exponent("Reading a workbook against its rows", _read_workbook, 2**8),
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


def _drawn(rows: int, features: int = 8) -> Sample:
    config = BatchConfig(batch_size=rows, features=features)
    return timed(lambda: draw(config))


def _streamed(steps: int) -> Sample:
    batch = BatchConfig(batch_size=64)
    config, known = StreamConfig(batch=batch, steps=steps), moments(batch)
    return timed(lambda: stream.walk(config, stream.drawn(batch, steps), known))


def _split(rows: int) -> Sample:
    x = _batch(rows, 8).astype(np.float64)
    return timed(lambda: split_ways(x, rows // 8, 1e-5, 0.1))


def _epoch(rows: int, seeds: int = 4, width: int = 32) -> Sample:
    config = TrainConfig(
        data=DataConfig(samples=rows),
        network=NetworkConfig(depth=2, width=width),
        optimizer=OptimizerConfig(epochs=1, batch_size=256),
        probes=ProbeConfig(checkpoints=0),
        seeds=seeds,
    )
    run = train.Run(config, prepare(config.data, dataset_for(config.data, None)))
    return timed(lambda: run.train_epoch(lambda: False))


def _epoch_of_size(parameters: int) -> Sample:
    """Of nets whose hidden layers have about so many weights between them."""
    return _epoch(512, 1, math.isqrt(parameters))


def _snapshot(seeds: int) -> Sample:
    config = TrainConfig(network=NetworkConfig(depth=2, width=32), seeds=seeds)
    run = train.Run(config, prepare(config.data, dataset_for(config.data, None)))
    return timed(lambda: run.snapshot(0))


def _problem(width: int = 32) -> StackProblem:
    rows = torch.randn(3, 256, generator=torch.Generator().manual_seed(0))
    stack = initial(NetworkConfig(depth=2, width=width), 3, [0], bn=True)
    return StackProblem(stack, rows, rows[0], "train")


def _product(parameters: int) -> Sample:
    problem = _problem(math.isqrt(parameters))
    product, vectors = problem.hessian(8), torch.ones(8, problem.size, dtype=torch.float64)
    return timed(lambda: product(vectors))


def _traces(probes: int) -> Sample:
    problem = _problem(16)
    return timed(lambda: traces(problem, probes))


def _landscape(points: int) -> Sample:
    problem = _problem()
    distances, line = np.linspace(-1, 1, points), torch.ones(1, problem.size, dtype=torch.float64)
    return timed(lambda: lines(problem, line, distances))


def _probes(count: int) -> Sample:
    problem = _problem()
    drawn = directions(problem.params, count, 0)
    return timed(lambda: estimates(problem.gradient, problem.params, drawn, 1e-5))


def swept(cells: int) -> SweepConfig:
    """A sweep of so many cells, a multiple of 16."""
    rates = Axis(field=RATE, values=tuple(1e-3 * (1 + at) for at in range(16)))
    widths = Axis(field="network.width", values=tuple(range(8, 8 + cells // 16)))
    return SweepConfig(axes=(rates, widths))


def _plan(cells: int) -> Sample:
    config = swept(cells)
    return timed(lambda: groups(config, 1000, 3))


def _listed(runs: int) -> Sample:
    folder = with_runs(runs)

    def work() -> float:
        with history_in(folder):
            return timed(open_store().runs)()

    return work


def with_runs(count: int) -> str:
    """The folder of a history that holds so many runs."""
    folder = mkdtemp(dir=home())
    with history_in(folder):
        store = open_store()
        for _ in range(count):
            store.finish(store.create("train", TrainConfig().model_dump_json(), 50), "done")
    return folder


def numbers(rows: int) -> bytes:
    """A CSV file of so many rows, with the columns a to f."""
    lines = (",".join(f"{value:.6g}" for value in row) for row in _batch(rows, 6))
    return "\n".join(["a,b,c,d,e,f", *lines]).encode()


def _read(rows: int) -> Sample:
    content = numbers(rows)
    return timed(lambda: to_table(read("table.csv", content), list("abcdef")))


def _read_parquet(rows: int) -> Sample:
    file = io.BytesIO()
    pq.write_table(pa.table({name: _batch(rows, 1)[:, 0] for name in "abcdef"}), file)
    return timed(lambda: read("table.parquet", file.getvalue()))


def _read_workbook(rows: int) -> Sample:
    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in (list("abcdef"), *_batch(rows, 6).tolist()):
        book.active.append(row)
    book.save(file)
    return timed(lambda: read("table.xlsx", file.getvalue()))
