"""One job, start to end, in the thread that calls: whatever kind of work it is."""

import logging
import threading
import time
import traceback
from collections.abc import Callable, Mapping

from bnviz.jobs import measures, trainings
from bnviz.jobs.heartbeat import heart
from bnviz.jobs.steps import Step, Work
from bnviz.store import Store, StoreProblem

#: How long a request to stop may go unseen.
STOP_SECONDS = 0.1

_log = logging.getLogger(__name__)


Report = Callable[[Step], None]

#: How each kind of run is worked on; the name of a kind may go on after a colon.
WORK: Mapping[str, Work] = {trainings.KIND: trainings.work, measures.KIND: measures.work}


def work(
    store: Store,
    run_id: str,
    *,
    report: Report = lambda step: None,
    leaving: threading.Event | None = None,
) -> None:
    """Does a queued run; `report` hears of every step once it is stored.

    Ends early when the store is asked to stop the run, or, as "interrupted",
    when `leaving` is set. Raises no Exception: a run that fails says so in the store.
    """
    leaving = leaving or threading.Event()
    try:
        with heart.keeping(store, run_id):
            if leaving.is_set():
                store.finish(run_id, "interrupted")
            elif store.start(run_id):
                _do(store, run_id, report, leaving)
    except Exception as error:
        try:
            store.finish(run_id, "failed", _sentence(error), traceback.format_exc())
        except StoreProblem:
            _log.exception("Run %s failed, and the store cannot be told", run_id)


def _do(
    store: Store, run_id: str, report: Callable[[Step], None], leaving: threading.Event
) -> None:
    import torch

    # One core a run: two runs share the machine, and the page stays quick. It also
    # makes sums come out the same however many cores there are.
    torch.set_num_threads(1)
    run = store.run(run_id)
    if run is None:
        return
    stop = _StopFlag(store, run_id, leaving)
    complete = False
    for step in WORK[run.kind.partition(":")[0]](store, run, stop):
        complete = step.done >= step.total
        report(step)
    if complete or not stop.raised:
        store.finish(run_id, "done")
    else:
        store.finish(run_id, "interrupted" if leaving.is_set() else "stopped")


class _StopFlag:
    """Whether the work should stop; asks the store at most every STOP_SECONDS."""

    def __init__(self, store: Store, run_id: str, leaving: threading.Event) -> None:
        self.raised = False
        self._store = store
        self._run_id = run_id
        self._leaving = leaving
        self._next = 0.0

    def __call__(self) -> bool:
        now = time.monotonic()
        if not self.raised and now >= self._next:
            self._next = now + STOP_SECONDS
            self.raised = self._leaving.is_set() or self._store.stop_requested(self._run_id)
        return self.raised


def _sentence(error: Exception) -> str:
    """What went wrong, in one line of bounded length.

    The store and core's ValueErrors speak to people; other errors are named.
    """
    reason = (str(error).splitlines() or [""])[0]
    if not reason or not isinstance(error, StoreProblem | ValueError):
        reason = f"{type(error).__name__}: {reason}".removesuffix(": ")
    return reason[:300]
