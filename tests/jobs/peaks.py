"""The memory that trainings and measures take, told by the process that makes them."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bnviz.core.configs import TrainConfig
from bnviz.core.data.preparation import dataset_for, prepare
from bnviz.core.smoothness import subject
from bnviz.core.smoothness.measure import Measure
from bnviz.core.training import train
from bnviz.core.training.snapshots import to_bytes
from bnviz.core.types import Stopped


@contextmanager
def watched() -> Iterator[list[int]]:
    """Bytes of this process's own memory, at the most, during the block."""
    page, most, over = os.sysconf("SC_PAGE_SIZE"), [0], threading.Event()

    def watch() -> None:
        while not over.is_set():
            most[0] = max(most[0], page * int(Path("/proc/self/statm").read_text().split()[5]))
            time.sleep(0.002)

    threading.Thread(target=watch, daemon=True).start()
    yield most
    over.set()


def peak(config: TrainConfig) -> float:
    """Memory, at the most, through each part of a training."""
    with watched() as most:
        _train_a_little(config)
    return float(most[0])


def peak_of_measure(measure: Measure, config: TrainConfig) -> float:
    """Memory, at the most, in the first parts of a measure of untrained nets."""
    dataset = dataset_for(config.data, None)
    run = train.Run(config, prepare(config.data, dataset))
    nets = subject.of_state(config, dataset, run.snapshot(0, state=True).state)
    looks = iter(range(100))
    with watched() as most:
        for _ in measure.measure(nets, lambda: next(looks, None) is None):
            pass
    return float(most[0])


def _train_a_little(config: TrainConfig) -> None:
    run = train.Run(config, prepare(config.data, dataset_for(config.data, None)))
    batches = list(run.batches())
    for x, y in (batches[0], batches[-1]):
        run.step(x, y)
    del x, y, batches
    to_bytes(run.snapshot(0, state=True))
    if config.probes.checkpoints:
        looks = iter(range(2 * config.probes.count + 30))
        with suppress(Stopped):  # by then all that is held is held
            run.probed(run.snapshot(0), lambda: next(looks, None) is None)
