"""One training, start to end, in the thread that calls."""

import logging
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import replace

from bnviz.core.configs import DataConfig, TrainConfig
from bnviz.core.datasets import Table
from bnviz.core.snapshots import Snapshot, to_bytes
from bnviz.jobs.heartbeat import heart
from bnviz.store import Store, StoreProblem

#: How long a request to stop may go unseen.
STOP_SECONDS = 0.1

_log = logging.getLogger(__name__)


def create(store: Store, config: TrainConfig) -> str:
    """A queued run of `config` that waits for :func:`work`; raises StoreProblem."""
    table_of(store, config.data)
    return store.create("train", config.model_dump_json(), config.optimizer.epochs)


def table_of(store: Store, data: DataConfig) -> Table | None:
    """The user's table that `data` names, if it names one; StoreProblem if it is gone."""
    if data.table is None:
        return None
    table = store.table(data.table)
    if table is None:
        raise StoreProblem("table_gone", {"digest": data.table[:12]})
    return table


def work(
    store: Store,
    run_id: str,
    *,
    report: Callable[[Snapshot], None] = lambda snapshot: None,
    leaving: threading.Event | None = None,
) -> None:
    """Does a queued run; `report` hears of every snapshot once it is stored.

    Ends early when the store is asked to stop the run, or, as "interrupted",
    when `leaving` is set. Raises no Exception: a run that fails says so in the store.
    """
    leaving = leaving or threading.Event()
    try:
        with heart.keeping(store, run_id):
            if leaving.is_set():
                store.finish(run_id, "interrupted")
            elif store.start(run_id):
                _train(store, run_id, report, leaving)
    except Exception as error:
        try:
            store.finish(run_id, "failed", _sentence(error), traceback.format_exc())
        except StoreProblem:
            _log.exception("Run %s failed, and the store cannot be told", run_id)


def _train(
    store: Store, run_id: str, report: Callable[[Snapshot], None], leaving: threading.Event
) -> None:
    import torch

    from bnviz.core import training

    # One core a run: two runs share the machine, and the page stays quick. It also
    # makes sums come out the same however many cores there are.
    torch.set_num_threads(1)
    run = store.run(run_id)
    if run is None:
        return
    config = TrainConfig.model_validate_json(run.config)
    dataset = training.dataset_for(config.data, table_of(store, config.data))
    stop = _StopFlag(store, run_id, leaving)
    epoch = 0
    for index, snapshot in enumerate(training.train(config, dataset, stop)):
        epoch = snapshot.epoch
        state = to_bytes(snapshot) if snapshot.state else None
        light = to_bytes(replace(snapshot, state={}))
        if not store.append(run_id, index, epoch, light, state):
            return  # deleted meanwhile
        report(snapshot)
    if not stop.raised or epoch >= config.optimizer.epochs:
        store.finish(run_id, "done")
    else:
        store.finish(run_id, "interrupted" if leaving.is_set() else "stopped")


class _StopFlag:
    """Whether the training should stop; asks the store at most every STOP_SECONDS."""

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
