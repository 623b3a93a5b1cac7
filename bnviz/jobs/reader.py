"""What a watcher of runs has read already, so that polling decodes nothing twice.

Of the runs watched last, together about `limit` bytes; the run asked for is always kept whole.
"""

import threading
from typing import Any

from cachetools import LRUCache

from bnviz.core.training.snapshots import Snapshot
from bnviz.jobs.kinds import TRAININGS, kind_of
from bnviz.store import Run, Store


def _shelf(limit: int) -> LRUCache[tuple[str, str], Any]:
    """What was read of a run, by its history's place and its id; last in it the bytes it took."""
    return LRUCache(limit, lambda read: min(read[-1], limit))


class Memory:
    """The decoded snapshots of trainings; once stored they never change, so they stay true."""

    def __init__(self, limit: int) -> None:
        self._runs, self._lock = _shelf(limit), threading.Lock()

    def snapshots(self, store: Store, run_id: str, after: int) -> list[Snapshot]:
        """All snapshots of the run later than index `after`; reads only new ones from the store."""
        key = store.place, run_id
        read: list[Snapshot]
        with self._lock:
            read, size = self._runs.get(key, ([], 0))
            for _, blob in store.blobs(run_id, len(read) - 1):
                read.append(TRAININGS.decoded(run_id, blob))
                size += len(blob)
            if read:
                self._runs[key] = read, size
            return read[after + 1 :]


class Results:
    """The decoded newest results of measures."""

    def __init__(self, limit: int) -> None:
        self._runs, self._lock = _shelf(limit), threading.Lock()

    def result(self, store: Store, run: Run) -> Any | None:
        """The run's newest result, None before the first; reads only a new one from the store."""
        key = store.place, run.id
        with self._lock:
            number, result, _ = self._runs.get(key, (0, None, 0))
            if number < run.snapshots and (blob := store.last_blob(run.id)) is not None:
                result = kind_of(run).decoded(run.id, blob)
                self._runs[key] = run.snapshots, result, len(blob)
            return result
