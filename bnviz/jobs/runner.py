"""Long work off the page: launched by one tab, watched and stopped by any.

The work is done by processes of the engine. The store is the only meeting place, so nothing
here needs to survive a reload of this module: threads that wait for a process keep what they
need, and whoever watches reads the store. A reload only forgets how many runs are under way,
so for a while more than may be at once are.
"""

import importlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from bnviz.core.configs import TrainConfig
from bnviz.core.smoothness.costs.cost import cost as measure_cost
from bnviz.core.smoothness.measure import Measure, SubjectConfig
from bnviz.core.sweep.config import SweepConfig
from bnviz.core.sweep.plan import groups
from bnviz.core.training.cost import cost
from bnviz.core.training.snapshots import Snapshot
from bnviz.core.types import StopFlag, Stopped
from bnviz.jobs import cluster, measures, sweep, trainings
from bnviz.jobs.bounds import limits, refusals
from bnviz.jobs.bounds.under_way import Launched, UnderWay
from bnviz.jobs.engine import Ended, Engine
from bnviz.jobs.heartbeat import heart
from bnviz.jobs.kinds import TRAININGS, measured
from bnviz.jobs.process import leaving
from bnviz.jobs.reader import Memory, Results
from bnviz.jobs.steps import Step
from bnviz.jobs.worker import too_long, work
from bnviz.store import Problem, Run, Store, StoreProblem, open_store

if TYPE_CHECKING:
    from bnviz.core.smoothness.subject import Subject

#: How long a job may take to put down its work, once asked to stop, before it is ended.
PATIENCE_SECONDS = 1.0
#: Bytes of decoded snapshots, and of decoded results, that a process remembers.
MEMORY_BYTES = 256 * 2**20
RESULT_BYTES = 64 * 2**20


def submit(config: TrainConfig, visitor: str = "") -> str:
    """Queues a training for the visitor, and returns its run id at once. Raises Problem."""
    store = open_store()
    size = trainings.size_of(store, config.data)
    if problem := refusals.of_training(config, *size):
        raise problem
    with _launching:
        new = partial(trainings.create, store, config)
        run_id = _launched(store, new, visitor, cost(config, *size).kept)
        _queue(store, run_id, visitor)
    return run_id


def submit_measure(config: Measure, visitor: str = "") -> str:
    """The run id of that measure: of the newest that is done or under way, else of a new one.

    Raises Problem, also when the nets to be measured are not there.
    """
    store = open_store()
    with _launching:
        config = measures.with_epoch(store, config)
        run = measures.find(store, config, visitor)
        if run is not None and (run.active or run.status == "done"):
            return run.id
        nets = measures.training_of(store, config)
        if problem := refusals.of_measure(config, *nets):
            raise problem
        keeps = measure_cost(config, *nets).kept
        run_id = _launched(store, partial(measures.create, store, config), visitor, keeps)
        _queue(store, run_id, visitor)
    return run_id


def submit_sweep(config: SweepConfig, visitor: str = "", scheduler: str | None = None) -> str:
    """The run id of a sweep that begins at once, with what an earlier run of it has finished.

    Its cells go to the Dask cluster of a `scheduler`, or wait for their turn among the jobs of
    all visitors. Raises Problem.
    """
    store = open_store()
    size = trainings.size_of(store, config.base.data)
    if problem := refusals.of_sweep(config, *size):
        raise problem
    keeps = sum(group.cost.kept for group in groups(config, *size))
    with _launching:
        new = partial(sweep.create, store, config, resume=True)
        run_id = _launched(store, new, visitor, keeps)
    threading.Thread(target=_sweep, args=(store, run_id, visitor, scheduler), daemon=True).start()
    return run_id


def _sweep(store: Store, run_id: str, visitor: str, scheduler: str | None) -> None:
    """Have a sweep's cells trained, and keep what comes of them, in a thread of its own."""

    def way(store: Store, run: Run, should_stop: StopFlag) -> Iterator[Step]:
        if scheduler is not None:
            with cluster.pool(scheduler, limits.at_once()) as pool:
                yield from sweep.work(store, run, should_stop, pool)
            return
        pool = sweep.Pool(_engine, limits.at_once(), visitor)
        try:
            yield from sweep.work(store, run, should_stop, pool)
        except (Problem, RuntimeError, Stopped):
            if not _engine.closed:
                raise
            store.finish(run_id, "interrupted")  # the server ends: no fault of the sweep

    try:
        work(store, run_id, way=way)
    finally:
        _under_way.pop(run_id, None)


def find_measure(config: Measure, visitor: str = "") -> Run | None:
    """The newest run of the measure, in any state; None too if there is nothing to measure."""
    store = open_store()
    try:
        return measures.find(store, measures.with_epoch(store, config), visitor)
    except StoreProblem as problem:
        if problem.code not in measures.NOTHING_THERE:
            raise
        return None


def checkpoints(run_id: str) -> list[int]:
    """The epochs, ascending, at which the nets of a training can be measured; none if unknown."""
    return measures.checkpoints(open_store(), run_id)


def resolve(subject: SubjectConfig) -> "Subject":
    """The nets that it names; raises StoreProblem if they are not there. Imports torch."""
    return measures.resolve(open_store(), subject)


def result(run_id: str) -> Any | None:
    """The newest result of a measure, a dataclass of core's; None if there is none yet."""
    store = open_store()
    run = store.run(run_id)
    return _results.result(store, run) if run is not None and measured(run) else None


def stop(run_id: str) -> None:
    """Asks a run of any process to stop; what it has done so far is kept."""
    open_store().request_stop(run_id)


def snapshots(run_id: str, after: int = -1) -> list[Snapshot]:
    """The run's snapshots later than index `after`, without model states; none if unknown."""
    return _memory.snapshots(open_store(), run_id, after)


def last_state(run_id: str) -> Snapshot | None:
    """The run's newest snapshot that carries a model state, with it."""
    blob = open_store().last_state_blob(run_id)
    return None if blob is None else TRAININGS.decoded(run_id, blob)


def places_before(run: Run) -> int:
    """How many runs wait that come before this one, which waits too."""
    queued = [each for each, status in open_store().active().items() if status == "queued"]
    ours = [job.run_id for job in _engine.waiting() if isinstance(job, _Job)]
    # One that another server has queued comes after those that are older.
    line = [run_id for run_id in ours if run_id in queued] if run.id in ours else queued
    return line.index(run.id) if run.id in line else 0


def warm_up() -> None:
    """Starts the processes that work, and imports what quick measures need here, in the background.

    So the first training starts at once.
    """
    _engine.warm_up()
    name = "bnviz.core.training.train"
    if name not in sys.modules:
        threading.Thread(target=importlib.import_module, args=(name,), daemon=True).start()


class _Job:
    """A run as a call for the engine, which ends it where it does not end by itself."""

    def __init__(self, store: Store, run_id: str, owner: str) -> None:
        self.run_id, self.owner = run_id, owner
        self._url, self._minutes = store.url, limits.minutes()
        self._begun: float | None = None
        self._asked: float | None = None

    def __call__(self) -> None:
        work(open_store(self._url), self.run_id, leaving=leaving, minutes=self._minutes)

    def overdue(self) -> Literal["asked", "time"] | None:
        """Why it has to be ended by now: it was asked to stop a while ago, or takes too long."""
        now = time.monotonic()
        self._begun = self._begun or now
        with suppress(StoreProblem):  # the next look may get through
            if self._asked is None and open_store(self._url).stop_requested(self.run_id):
                self._asked = now
        if self._asked is not None and now > self._asked + PATIENCE_SECONDS:
            return "asked"
        return "time" if now > self._begun + 60 * self._minutes + PATIENCE_SECONDS else None

    def ended(self, future: Future[None]) -> None:
        """Tell the store how the call ended, where it could not do so itself."""
        _under_way.pop(self.run_id, None)
        heart.drop(self.run_id)
        reason = future.exception() if not future.cancelled() else Ended("left")
        if reason is None:
            return
        how = reason.reason if isinstance(reason, Ended) else "died"
        with suppress(StoreProblem):  # then the run goes stale
            store = open_store(self._url)
            if how == "asked":
                store.finish(self.run_id, "stopped")
            elif how == "left":
                store.finish(self.run_id, "interrupted")
            else:
                why = too_long(self._minutes) if how == "time" else Problem("job_gone", {})
                store.finish(self.run_id, "failed", why)


def _queue(store: Store, run_id: str, visitor: str) -> None:
    """Have the run worked on when its turn comes."""
    job = _Job(store, run_id, visitor)
    _engine.submit(job).add_done_callback(job.ended)


def _launched(store: Store, new: Callable[[], str], visitor: str, keeps: float) -> str:
    """A visitor's new run, which counts as alive while it waits; raises Problem past a limit."""
    _under_way.check(store, visitor, keeps)
    run_id = new()
    store.give(visitor, run_id)
    heart.add(store, run_id)
    _under_way[run_id] = Launched(visitor, keeps)
    return run_id


_engine = Engine(limits.at_once())
_memory = Memory(MEMORY_BYTES)
_results = Results(RESULT_BYTES)
_under_way = UnderWay()
#: So that two who ask for one measure at once get one run, and no one gets past a limit.
_launching = threading.Lock()
