"""Calls for the engine to make in its processes, which import them from here."""

import os
import time
from dataclasses import dataclass

import torch

from bnviz.jobs.runner import _Job
from bnviz.store import open_store


def pid() -> int:
    return os.getpid()


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


class Deaf(_Job):
    """A run that hears nothing while it works, as inside one long step of torch."""

    def __call__(self) -> None:
        open_store(self._url).start(self._run_id)
        sleep()


class Dying(_Job):
    """A run whose process is killed, as by a system without memory."""

    def __call__(self) -> None:
        open_store(self._url).start(self._run_id)
        die()
