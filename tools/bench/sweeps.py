"""Sweeps: what stacks gain, what a second process gains, what a cell costs beside its training."""

import time
from collections.abc import Sequence
from functools import cache, partial
from math import log

import numpy as np
import torch

from bnviz.core.configs import DataConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.data.document import fitness_data
from bnviz.core.data.preparation import dataset_for
from bnviz.core.data.tables import Dataset
from bnviz.core.sweep.config import RATE, Axis, SweepConfig, cells
from bnviz.core.sweep.plan import groups
from bnviz.core.sweep.stacked import train_cells
from bnviz.core.training.train import train
from bnviz.core.types import never
from bnviz.jobs import runner
from bnviz.jobs.engine import Engine
from bnviz.jobs.sweep import Cells
from bnviz.store import open_store
from tools.bench import document
from tools.bench.growth import exponent
from tools.bench.harness import Measured, Sample, from_pairs, own_history, ratio, timed

BASE = TrainConfig(
    data=DataConfig(standardize=True, clip_scores=False),
    optimizer=OptimizerConfig(kind="adam", epochs=10),
    probes=ProbeConfig(checkpoints=0),
    seeds=4,
)
RATES = (1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3)
BATCHES = (4, 8, 16, 32, 64, 128, 256, 512)
ROUNDS = 3


def grid(rates: Sequence[float], batches: Sequence[int], base: TrainConfig = BASE) -> SweepConfig:
    """Rates against batch sizes, of the fitness nets."""
    axes = (
        Axis(field=RATE, values=tuple(rates)),
        Axis(field="optimizer.batch_size", values=tuple(batches)),
    )
    return SweepConfig(base=base, axes=axes)


def sweeps() -> list[Measured]:
    """All of it."""
    return [
        *_stacked(),
        *_second_process(),
        _overhead(),
        exponent("Sweep against cells", lambda n: _trained(n, 4), 1),
        exponent("Sweep against seeds", lambda n: _trained(4, n), 1),
    ]


def _stacked() -> list[Measured]:
    """8 x 8 cells of 4 seeds; of the references an eighth, one rate, is run and counted 8 times.

    Launched: by the runner, as a visitor does who launches each when the one before has ended.
    """
    config = grid(RATES, BATCHES)
    eighth = [cell.config for cell in cells(config) if cell.place[0] == 4]
    references = {
        "the same trainings, launched one by one": (partial(_launched, eighth), 8, 1 / 6),
        "the same, in a plain loop of one process": (partial(_looped, eighth), 8, 1.0),
        "a loop of DataLoader trainings": (partial(_loaded, eighth), 32, 1 / 20),
    }
    with own_history():
        _ended(runner.submit(BASE))  # imports, in both workers
        rounds = []
        for turn in range(ROUNDS):
            changed = config.model_copy(update={"base": _epochs(10, seed=turn)})
            ours = timed(partial(_swept, changed))()
            rounds.append((ours, [timed(work)() for work, _, _ in references.values()]))
    return [
        from_pairs(
            f"8 x 8 cells of 4 seeds / {name}",
            [(ours, times * theirs[at]) for ours, theirs in rounds],
            target,
        )
        for at, (name, (_, times, target)) in enumerate(references.items())
    ]


def _ended(run_id: str) -> None:
    while (run := open_store().run(run_id)) is None or run.active:
        time.sleep(0.02)
    assert run.status == "done", run.error


def _swept(config: SweepConfig) -> None:
    _ended(runner.submit_sweep(config))


def _launched(configs: Sequence[TrainConfig]) -> None:
    for each in configs:
        _ended(runner.submit(each))


def _looped(configs: Sequence[TrainConfig]) -> None:
    for each in configs:
        for _ in train(each, _data(), never):
            pass


def _loaded(configs: Sequence[TrainConfig]) -> None:
    """One of the four seeds."""
    data = fitness_data(1000, 42, clip_scores=False)
    x, y = torch.from_numpy(data.x[:800]), torch.from_numpy(data.y[:800])
    for each in configs:
        epochs, rows = each.optimizer.epochs, each.optimizer.batch_size
        for bn in (True, False):
            document.train(document.Net(bn=bn), x, y, epochs, 0.01, rows)


def _second_process() -> list[Measured]:
    """The same groups of equal cost with two processes and with one: at 90 % efficiency 0.556.

    And how the seconds of all workers together grow with their number.
    """
    plan = groups(grid(RATES, [32], _epochs(30)), 1000, 3)
    calls = [Cells(group, None, False, "") for group in plan * 6]

    def by(engine: Engine) -> Sample:
        return timed(lambda: [future.result() for future in [engine.submit(c) for c in calls]])

    with Engine(1) as one, Engine(2) as two:
        by(one)(), by(two)()
        pairs = [(by(two)(), by(one)()) for _ in range(ROUNDS)]
    grown = [(log(2 * both / single), log(2)) for both, single in pairs]
    return [
        from_pairs("two processes / one", pairs, 1 / 1.8),
        from_pairs("Exponent: seconds of all workers against workers", grown, 1.05),
    ]


def _overhead() -> Measured:
    """A cell of a second or so as a call of an engine, and trained in this process."""
    (group,) = groups(grid([0.01], [32], _epochs(400)), 1000, 3)
    call = Cells(group, None, False, "")
    with Engine(1) as engine:
        engine.submit(call).result()
        ours = timed(lambda: engine.submit(call).result())
        return ratio("a cell as a call / its training", ours, timed(call), target=1.05, rounds=5)


def _trained(rates: int, seeds: int) -> Sample:
    """A sweep of so many cells, as stacks in this process."""
    base = _epochs(5).model_copy(update={"seeds": seeds})
    config = grid(np.geomspace(1e-4, 1e-2, rates).tolist(), [64], base)

    def work() -> None:
        for group in groups(config, 1000, 3):
            train_cells([cell.config for cell in group.cells], _data(), False, never)

    return timed(work)


@cache
def _data() -> Dataset:
    return dataset_for(BASE.data)


def _epochs(count: int, seed: int = 0) -> TrainConfig:
    optimizer = BASE.optimizer.model_copy(update={"epochs": count})
    return BASE.model_copy(update={"optimizer": optimizer, "seed": seed})
