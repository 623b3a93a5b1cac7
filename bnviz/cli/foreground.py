"""A run worked on in the foreground: how far it is, Ctrl-C, and how it ended."""

import json
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from bnviz.cli.errors import Refusal, tell
from bnviz.jobs.steps import Step, Work
from bnviz.jobs.worker import work
from bnviz.store import Problem, Run, Store
from bnviz.store.database import folder_url
from bnviz.texts.numbers import strict

#: How the command ends, by how the run ended; 130 is what shells give for Ctrl-C.
EXIT = {"done": 0, "failed": 1, "stopped": 130, "interrupted": 130}


@contextmanager
def history(folder: str | None) -> Iterator[Store]:
    """The history in a folder, else the dashboard's; what is wrong with it or a job is refused."""
    try:
        store = Store(folder_url(Path(folder)) if folder else None)
        try:
            yield store
        finally:
            store.close()
    except Problem as problem:
        raise Refusal(str(problem)) from problem


def in_json(record: dict[str, Any]) -> str:
    """A record of a run as it is printed and written."""
    return json.dumps(record, indent=2, allow_nan=False)


def numbers(value: Any) -> Any:
    """A result as nested dicts and lists; what is not a finite number is None."""
    if is_dataclass(value):
        return {field.name: numbers(getattr(value, field.name)) for field in fields(value)}
    return strict(np.asarray(value).tolist())


def write(path: Path, text: str) -> None:
    """Write a record; raises Refusal."""
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise Refusal(f"{path} cannot be written: {error.strerror}") from error


def worked(store: Store, run_id: str, part: str, way: Work | None = None) -> Run:
    """The run after its work, which counts in so many of `part`; tells stderr of both.

    For the `way` of working see :func:`bnviz.jobs.worker.work`.
    """
    progress = _Progress(part)
    with _stopped_by_ctrl_c(store, run_id):
        work(store, run_id, report=progress, way=way)
    progress.end()
    run = store.run(run_id)
    if run is not None and run.finished is None:  # the history could not be told how it ended
        store.finish(run_id, "failed")  # or says why it cannot
        run = store.run(run_id)
    if run is None:
        raise Refusal(f"Run {run_id} is no longer in the history; it was deleted meanwhile")
    ended = f"Run {run.id} {run.status} after {run.done} of {run.total} {part}s"
    tell(f"{ended}: {run.error}" if run.error else f"{ended}.")
    return run


@contextmanager
def _stopped_by_ctrl_c(store: Store, run_id: str) -> Iterator[None]:
    """The first Ctrl-C lets the worker put down its work; the second ends it on the spot."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        # In a thread of its own, as this one may be in the middle of writing to the store.
        threading.Thread(target=store.request_stop, args=(run_id,), daemon=True).start()

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    except KeyboardInterrupt:
        store.finish(run_id, "interrupted")
    finally:
        signal.signal(signal.SIGINT, before)


class _Progress:
    """How far the work is: one living line, or one every few seconds in a log."""

    def __init__(self, part: str) -> None:
        self._part = part
        self._living = sys.stderr.isatty()
        self._next = 0.0
        self._first: tuple[int, float] | None = None

    def __call__(self, step: Step) -> None:
        """Called after every step."""
        now = time.monotonic()
        done, begun = self._first = self._first or (step.done, now)
        if now < self._next and step.done < step.total:
            return
        self._next = now + (0.1 if self._living else 5.0)
        line = f"{self._part} {step.done} of {step.total}"
        if step.done > done and now > begun:
            rate = (step.done - done) / (now - begun)
            left = round((step.total - step.done) / rate)
            line += f", {rate:.3g} {self._part}s/s, {left // 60}:{left % 60:02} left"
        start, end = ("\r\x1b[K", "") if self._living else ("", "\n")
        print(start + line, end=end, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leaves the living line behind."""
        if self._living:
            print(file=sys.stderr)
