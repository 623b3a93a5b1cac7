"""Calls for the engine to make in its processes, which import them from here."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from bnviz.core.configs import TrainConfig
from bnviz.core.smoothness import subject
from bnviz.core.smoothness.measure import Measure
from bnviz.core.training import train
from bnviz.core.training.snapshots import to_bytes
from bnviz.core.types import Stopped
from bnviz.jobs.runner import _Job
from bnviz.store import open_store


def pid() -> int:
    return os.getpid()


def scheduled() -> tuple[int, int]:
    """The class of the thread that works, where the system has such, and how nice it is."""
    return getattr(os, "sched_getscheduler", lambda pid: 0)(0), os.nice(0)


def fail(text: str) -> None:
    raise KeyError(text)


def print_much(lines: int) -> int:
    for _ in range(lines):
        print("a line that is no answer")
    return lines


def die() -> None:
    os.kill(os.getpid(), 9)


def sleep() -> None:
    time.sleep(600)


def allocate(gigabytes: float) -> int:
    return torch.ones(round(gigabytes * 2**28)).numel()


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
    dataset = train.dataset_for(config.data, None)
    run = train.Run(config, train.prepare(config.data, dataset))
    nets = subject.of_state(config, dataset, run.snapshot(0, state=True).state)
    looks = iter(range(100))
    with watched() as most:
        for _ in measure.measure(nets, lambda: next(looks, None) is None):
            pass
    return float(most[0])


def _train_a_little(config: TrainConfig) -> None:
    run = train.Run(config, train.prepare(config.data, train.dataset_for(config.data, None)))
    batches = list(run.batches())
    for x, y in (batches[0], batches[-1]):
        run.step(x, y)
    del x, y, batches
    to_bytes(run.snapshot(0, state=True))
    if config.probes.checkpoints:
        looks = iter(range(2 * config.probes.count + 30))
        with suppress(Stopped):  # by then all that is held is held
            run.probed(run.snapshot(0), lambda: next(looks, None) is None)


def unpicklable() -> object:
    return lambda: None


@dataclass
class Sleeper:
    """Sleeps, unasked, until it is overdue at the third look."""

    looks: int = 0

    def __call__(self) -> None:
        sleep()

    def overdue(self) -> str | None:
        self.looks += 1
        return "enough" if self.looks == 3 else None


class Unseen:
    """Sleeps, and nobody can tell how long."""

    def __call__(self) -> None:
        sleep()

    def overdue(self) -> str | None:
        raise ZeroDivisionError


class Gated:
    """Sleeps until the gate opens, which stays with the process that asks."""

    def __init__(self) -> None:
        self.gate = threading.Event()

    def __reduce__(self) -> tuple[Any, ...]:
        return Gated, ()

    def __call__(self) -> None:
        sleep()

    def overdue(self) -> str | None:
        return "open" if self.gate.is_set() else None


class Deaf(_Job):
    """A run that hears nothing while it works, as inside one long step of torch."""

    def __call__(self) -> None:
        open_store(self._url).start(self.run_id)
        sleep()


class Dying(_Job):
    """A run whose process is killed, as by a system without memory."""

    def __call__(self) -> None:
        open_store(self._url).start(self.run_id)
        die()


class DyingFirst(_Job):
    """The same before the work has begun."""

    def __call__(self) -> None:
        die()
