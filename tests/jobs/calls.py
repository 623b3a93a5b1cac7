"""Calls for the engine to make in its processes. No torch at the head: all would wait for it."""

import os
import threading
import time
from dataclasses import dataclass
from typing import Any

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
    import torch

    return torch.ones(round(gigabytes * 2**28)).numel()


def leave_room(megabytes: int) -> None:
    """From now on this process may take so much more than it has."""
    import resource

    with open("/proc/self/status") as status:
        (used,) = (line.split()[1] for line in status if line.startswith("VmData"))
    limit = 1024 * int(used) + megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def unpicklable() -> object:
    return lambda: None


def fail_strangely() -> None:
    """With an error that cannot be handed over."""
    error = ValueError("odd")
    error.unpicklable = lambda: None  # type: ignore[attr-defined]
    raise error


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
