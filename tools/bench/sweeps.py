"""Sweeps: what stacks gain, what a second process gains, what a cell costs beside its training."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from bnviz.core.configs import DataConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.data.document import fitness_data
from bnviz.core.data.preparation import dataset_for
from bnviz.core.data.tables import Dataset
from bnviz.core.sweep.config import RATE, Axis, SweepConfig, cells
from bnviz.core.sweep.plan import groups
from bnviz.core.sweep.stacked import train_cells
from bnviz.core.types import never
from bnviz.jobs import sweep, trainings
from bnviz.jobs.engine import Engine
from bnviz.jobs.sweep import Cells
from bnviz.jobs.worker import work
from bnviz.store import Store
from bnviz.store.database import folder_url
from tools.bench import document
from tools.bench.harness import Measured, Sample, from_pairs, ratio, timed

BASE = TrainConfig(
    data=DataConfig(standardize=True, clip_scores=False),
    optimizer=OptimizerConfig(kind="adam", epochs=20),
    probes=ProbeConfig(checkpoints=0),
    seeds=4,
)
RATES = (1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3)
BATCHES = (4, 8, 16, 32, 64, 128, 256, 512)


def grid(rates: Sequence[float], batches: Sequence[int], base: TrainConfig = BASE) -> SweepConfig:
    """Rates against batch sizes, of the fitness nets."""
    axes = (
        Axis(field=RATE, values=tuple(rates)),
        Axis(field="optimizer.batch_size", values=tuple(batches)),
    )
    return SweepConfig(base=base, axes=axes)


def sweeps() -> list[Measured]:
    """All of it."""
    torch.set_num_threads(1)
    return [*_stacked(), _second_process(), _overhead(), *_growth()]


def _stacked() -> list[Measured]:
    """8 x 8 cells of 4 seeds; of the references an eighth, one rate, is run and counted 8 times."""
    config = grid(RATES, BATCHES)
    eighth = [cell.config for cell in cells(config) if cell.place[0] == 4]

    def one_by_one() -> None:
        for each in eighth:
            work(store, trainings.create(store, each))

    def together() -> None:
        with ThreadPoolExecutor(1) as here:
            way = partial(sweep.work, pool=sweep.Pool(here, 1))
            work(store, sweep.create(store, config), way=way)

    def loops() -> None:
        data = fitness_data(1000, 42, clip_scores=False)
        x, y = torch.from_numpy(data.x[:800]), torch.from_numpy(data.y[:800])
        for each in eighth:
            for bn in (True, False):
                document.train(
                    document.Net(bn=bn),
                    x,
                    y,
                    BASE.optimizer.epochs,
                    0.01,
                    each.optimizer.batch_size,
                )

    name = "sweep of 8 x 8 cells of 4 seeds"
    with TemporaryDirectory() as folder:
        store = Store(folder_url(Path(folder)))
        ours = timed(together)
        found = [
            ratio(
                f"{name} / launched one by one", ours, _times(8, one_by_one), target=1 / 6, rounds=3
            ),
            ratio(f"{name} / DataLoader loops", ours, _times(32, loops), target=1 / 20, rounds=3),
        ]
        store.close()
    return found


def _second_process() -> Measured:
    """The same groups of equal cost with two processes and with one: at 90 % efficiency 0.556."""
    plan = groups(grid(RATES, [32], _epochs(40)), 1000, 3)
    calls = [Cells(group, None, False, "") for group in plan * 8]

    def by(engine: Engine) -> Sample:
        return timed(lambda: [future.result() for future in [engine.submit(c) for c in calls]])

    with Engine(1) as one, Engine(2) as two:
        by(one)(), by(two)()
        return ratio("two processes / one", by(two), by(one), target=1 / 1.8, rounds=3)


def _overhead() -> Measured:
    """A cell of a second or so as a call of an engine, and trained in this process."""
    (group,) = groups(grid([0.01], [32], _epochs(400)), 1000, 3)
    call = Cells(group, None, False, "")
    with Engine(1) as engine:
        engine.submit(call).result()
        ours = timed(lambda: engine.submit(call).result())
        return ratio("a cell as a call / its training", ours, timed(call), target=1.05, rounds=5)


def _growth() -> list[Measured]:
    """How time grows with cells and with seeds: exponents, from logarithms of time and number."""
    by_cells = {n: grid(RATES[:n], (32, 64, 128, 256)) for n in (2, 8)}
    seeds = {n: grid(RATES[:4], (32, 64), BASE.model_copy(update={"seeds": n})) for n in (4, 16)}
    found = []
    for name, configs in (("cells", by_cells), ("seeds", seeds)):
        (less, few), (more, many) = configs.items()
        pairs = []
        for _ in range(4):
            times = [timed(partial(_trained, each))() for each in (few, many)]
            pairs.append((log(times[1] / times[0]), log(more / less)))
        found.append(from_pairs(f"growth with {name}: exponent", pairs, 1.05))
    return found


def _trained(config: SweepConfig) -> None:
    for group in groups(config, config.base.data.samples, 3):
        train_cells([c.config for c in group.cells], _data(), False, never)


@cache
def _data() -> Dataset:
    return dataset_for(BASE.data)


def _epochs(count: int) -> TrainConfig:
    optimizer = BASE.optimizer.model_copy(update={"epochs": count})
    return BASE.model_copy(update={"optimizer": optimizer})


def _times(count: int, work: Callable[[], object]) -> Sample:
    """A part of the work, counted so many times."""

    def sample() -> float:
        start = time.perf_counter()
        work()
        return count * (time.perf_counter() - start)

    return sample
