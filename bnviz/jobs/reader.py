"""What a watcher of runs has read already, so that polling decodes nothing twice."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

from bnviz.core.smoothness.measure import from_bytes as result_from_bytes
from bnviz.core.smoothness.registry import MEASURES
from bnviz.core.training.snapshots import Snapshot, from_bytes
from bnviz.jobs import measures
from bnviz.jobs.trainings import decoded
from bnviz.store import Run, Store


class _Sized:
    size: int


R = TypeVar("R", bound=_Sized)


class _Shelf(Generic[R]):
    """What was read of the runs watched last, together about `limit` bytes.

    The run asked for is always kept whole, however large.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._runs: OrderedDict[tuple[str, str], R] = OrderedDict()
        self._lock = threading.Lock()

    def _remember(self, key: tuple[str, str], read: R) -> None:
        self._runs[key] = read
        self._runs.move_to_end(key)
        total = sum(each.size for each in self._runs.values())
        while total > self._limit and len(self._runs) > 1:
            _, oldest = self._runs.popitem(last=False)
            total -= oldest.size


@dataclass
class _Read(_Sized):
    snapshots: list[Snapshot] = field(default_factory=list)
    size: int = 0


class Memory(_Shelf[_Read]):
    """The decoded snapshots of trainings; once stored they never change, so they stay true."""

    def snapshots(self, store: Store, run_id: str, after: int) -> list[Snapshot]:
        """All snapshots of the run later than index `after`; reads only new ones from the store."""
        key = (store.place, run_id)
        with self._lock:
            read = self._runs.get(key, _Read())
            for _, blob in store.blobs(run_id, len(read.snapshots) - 1):
                read.snapshots.append(decoded(run_id, from_bytes, blob))
                read.size += len(blob)
            if read.snapshots:
                self._remember(key, read)
            return read.snapshots[after + 1 :]


@dataclass
class _Result(_Sized):
    number: int
    size: int
    value: Any


class Results(_Shelf[_Result]):
    """The decoded newest results of measures."""

    def result(self, store: Store, run: Run) -> Any | None:
        """The run's newest result, None before the first; reads only a new one from the store."""
        key = (store.place, run.id)
        with self._lock:
            read = self._runs.get(key)
            if read is None or read.number < run.snapshots:
                blob = store.last_blob(run.id) if run.snapshots else None
                if blob is None:
                    return None
                kind = MEASURES[measures.measured(run)].result
                value = decoded(run.id, partial(result_from_bytes, kind), blob)
                read = _Result(run.snapshots, len(blob), value)
            self._remember(key, read)
            return read.value
