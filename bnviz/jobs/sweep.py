"""Sweeps as jobs: an executor's workers train the cells, this process keeps what comes of them."""

import sys
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from contextlib import suppress
from dataclasses import dataclass

from bnviz.core.data.tables import Table
from bnviz.core.smoothness.measure import to_bytes
from bnviz.core.sweep.config import SweepConfig, cells
from bnviz.core.sweep.outcome import Finished, Outcome
from bnviz.core.sweep.plan import Group, groups
from bnviz.core.types import StopFlag
from bnviz.jobs.engine import Ended
from bnviz.jobs.kinds import SWEEPS
from bnviz.jobs.process import leaving
from bnviz.jobs.steps import Step
from bnviz.jobs.trainings import size_of, table_of
from bnviz.store import Problem, Run, Store

#: How often a group of cells is tried whose process dies.
TRIES = 3
#: How often the store is asked whether to go on, in seconds.
LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Pool:
    """Who trains the cells: an executor that works on so many groups of cells at once."""

    executor: Executor
    size: int
    owner: str = ""
    """Who launched the sweep: an engine lets owners take turns."""
    gave_up: tuple[type[Exception], ...] = ()
    """What a cluster raises of a group whose workers have died too often."""


def create(store: Store, config: SweepConfig, *, resume: bool = False) -> str:
    """A queued run of `config`; raises StoreProblem.

    To `resume` is to begin with the cells that the newest run of the same sweep has finished,
    but for those that can no longer be read. None comes from a file that a visitor took in.
    """
    table_of(store, config.base.data)
    text = config.model_dump_json()
    before = store.newest(SWEEPS.name, text) if resume else None
    run_id = store.create(SWEEPS.name, text, len(cells(config)))
    if before is not None:
        whole = [blob for _, blob in store.blobs(before.id) if SWEEPS.reads(blob)]
        for index, blob in enumerate(whole):
            store.append(run_id, index, index + 1, blob)
    return run_id


def outcomes(store: Store, run_id: str) -> dict[int, Outcome]:
    """The outcomes of a run's finished cells, by their indices."""
    read = (SWEEPS.decoded(run_id, blob) for _, blob in store.blobs(run_id))
    return {finished.cell: finished.outcome for finished in read}


def work(store: Store, run: Run, should_stop: StopFlag, pool: Pool) -> Iterator[Step]:
    """Has the cells trained that are not finished yet, and keeps each as it comes."""
    config = SWEEPS.config_of(run)
    table = table_of(store, config.base.data)
    done = set(outcomes(store, run.id))
    plan = groups(config, *size_of(store, config.base.data), done)
    yield Step(len(done), len(cells(config)))
    crew = _Crew(pool, plan, table, config.metric == "sharpness")
    try:
        while crew.busy and not should_stop():
            for group, trained in crew.finished():
                for cell, outcome in zip(group.cells, trained, strict=True):
                    blob = to_bytes(Finished(cell.index, outcome))
                    if not store.append(run.id, len(done), len(done) + 1, blob):
                        return
                    done.add(cell.index)
                    yield Step(len(done), len(cells(config)))
    finally:
        crew.leave()


class _Crew:
    """The groups of cells of one sweep: those that wait, and those that are trained."""

    def __init__(self, pool: Pool, plan: list[Group], table: Table | None, sharpness: bool) -> None:
        self._pool, self._table, self._sharpness = pool, table, sharpness
        self._waiting = deque(plan)
        self._at_work: dict[Future[list[Outcome]], tuple[Group, Cells]] = {}
        self._tries: Counter[int] = Counter()

    @property
    def busy(self) -> bool:
        """Whether anything is left."""
        return bool(self._waiting or self._at_work)

    def finished(self) -> Iterator[tuple[Group, list[Outcome]]]:
        """What was finished within LOOK_SECONDS; raises Problem, and what went wrong in a cell."""
        # One more than work at once, so that nobody has to wait for the next.
        while self._waiting and len(self._at_work) <= self._pool.size:
            group = self._waiting.popleft()
            call = Cells(group, self._table, self._sharpness, self._pool.owner)
            self._at_work[self._pool.executor.submit(call)] = group, call
        ready, _ = wait(self._at_work, LOOK_SECONDS, FIRST_COMPLETED)
        # What went wrong comes last: first what went well is kept.
        for future in sorted(ready, key=lambda each: each.cancelled() or bool(each.exception())):
            group, _ = self._at_work.pop(future)
            trained = self._outcomes(future, group)
            if trained is not None:
                yield group, trained

    def leave(self) -> None:
        """Let nobody work for this sweep any more."""
        for future, (_, call) in self._at_work.items():
            call.dropped = True
            future.cancel()

    def _outcomes(self, future: Future[list[Outcome]], group: Group) -> list[Outcome] | None:
        """The outcomes of the group; None if its process died: then it waits once more."""
        try:
            return future.result()
        except CancelledError as error:
            raise Problem("scheduler_lost", {}) from error
        except Ended as ended:
            first = group.cells[0].index
            self._tries[first] += 1
            if ended.reason != "died" or self._tries[first] == TRIES:
                raise Problem("job_gone", {}) from ended
            self._waiting.appendleft(group)
            return None
        except self._pool.gave_up as error:
            raise Problem("job_gone", {}) from error


class Cells:
    """A group of cells as a call for an executor."""

    def __init__(self, group: Group, table: Table | None, sharpness: bool, owner: str) -> None:
        self._configs = [cell.config for cell in group.cells]
        self._table, self._sharpness, self.owner = table, sharpness, owner
        self.dropped = False

    def __call__(self) -> list[Outcome]:
        """The outcomes of the cells, in a process of its own or not."""
        import torch

        from bnviz.core.data.preparation import dataset_for
        from bnviz.core.sweep.stacked import train_cells

        torch.set_num_threads(1)  # the other cores are for other cells
        dataset = dataset_for(self._configs[0].data, self._table)
        return train_cells(self._configs, dataset, self._sharpness, _nobody_waits())

    def overdue(self) -> str | None:
        """Asked by the engine, in the process that waits: whether nobody does any more."""
        return "asked" if self.dropped else None


def _nobody_waits() -> StopFlag:
    """Whether nobody waits any more for what is called here, by an engine or a Dask worker.

    An engine ends the process of a call that is dropped; Dask only notes that it is cancelled.
    """
    if "distributed.worker" in sys.modules:
        from distributed import get_worker

        with suppress(ValueError):  # Dask is here, but did not call
            worker = get_worker()
            task = worker.state.tasks[worker.get_current_task()]
            return lambda: task.state == "cancelled"
    return leaving.is_set
