"""One job, start to end, in the thread that calls: whatever kind of work it is."""

import logging
import math
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Literal

from bnviz.jobs import measures, trainings
from bnviz.jobs.bounds import limits
from bnviz.jobs.heartbeat import heart
from bnviz.jobs.kinds import MEASURE, TRAININGS
from bnviz.jobs.steps import Step, Work
from bnviz.store import Problem, Store, StoreProblem

#: How long a request to stop may go unseen.
STOP_SECONDS = 0.1

_log = logging.getLogger(__name__)


Report = Callable[[Step], None]

#: How each kind of run is worked on; the name of a kind may go on after a colon.
WORK: Mapping[str, Work] = {TRAININGS.name: trainings.work, MEASURE: measures.work}


def work(
    store: Store,
    run_id: str,
    *,
    report: Report = lambda step: None,
    leaving: threading.Event | None = None,
    minutes: float = math.inf,
    way: Work | None = None,
) -> None:
    """Does a queued run; `report` hears of every step once it is stored.

    Ends early when the store is asked to stop the run, as "interrupted" when `leaving` is
    set, and as "failed" after so many `minutes`. The `way` of working is that of the run's kind,
    unless another is given, which must leave the work to other processes. Raises no Exception:
    a run that fails says so in the store.
    """
    stop = _StopFlag(store, run_id, leaving or threading.Event(), minutes)
    try:
        with heart.keeping(store, run_id):
            if stop.leaving.is_set():
                store.finish(run_id, "interrupted")
            elif store.start(run_id):
                _do(store, run_id, report, stop, way)
    except Exception as error:
        try:
            store.finish(run_id, "failed", _reason(error), traceback.format_exc())
        except StoreProblem:
            _log.exception("Run %s failed, and the store cannot be told", run_id)


def _do(store: Store, run_id: str, report: Report, stop: "_StopFlag", way: Work | None) -> None:
    run = store.run(run_id)
    if run is None:
        return
    if way is None:
        import torch

        # One core a run: the others are for other runs and for pages. It also makes sums
        # come out the same however many cores there are.
        torch.set_num_threads(1)
        way = WORK[run.kind.partition(":")[0]]
    complete = False
    for step in way(store, run, stop):
        complete = step.done >= step.total
        report(step)
    if complete or stop.why is None:
        store.finish(run_id, "done")
    elif stop.why == "time":
        store.finish(run_id, "failed", too_long(stop.minutes))
    else:
        store.finish(run_id, "interrupted" if stop.why == "leaving" else "stopped")


class _StopFlag:
    """Whether the work should stop, and why; asks the store at most every STOP_SECONDS."""

    def __init__(self, store: Store, run_id: str, leaving: threading.Event, minutes: float) -> None:
        self.why: Literal["leaving", "time", "asked"] | None = None
        self.leaving, self.minutes = leaving, minutes
        self._store, self._run_id = store, run_id
        self._next, self._end = 0.0, time.monotonic() + 60 * minutes

    def __call__(self) -> bool:
        now = time.monotonic()
        if self.why is None and now >= self._next:
            self._next = now + STOP_SECONDS
            if self.leaving.is_set():
                self.why = "leaving"
            elif now >= self._end:
                self.why = "time"
            elif self._store.stop_requested(self._run_id):
                self.why = "asked"
        return self.why is not None


def too_long(minutes: float) -> Problem:
    """A run took longer than it may."""
    return Problem("job_too_long", {"minutes": f"{minutes:g}"})


def _reason(error: Exception) -> Problem | str:
    """What went wrong; in words it is one line of bounded length.

    The store and core's ValueErrors speak to people; other errors are named.
    """
    if isinstance(error, Problem):
        return error
    reason = (str(error).splitlines() or [""])[0]
    if isinstance(error, MemoryError) or "can't allocate memory" in reason:
        return Problem("job_too_large", {"gigabytes": f"{limits.gigabytes():g}"})
    if not reason or not isinstance(error, ValueError):
        reason = f"{type(error).__name__}: {reason}".removesuffix(": ")
    return reason[:300]
