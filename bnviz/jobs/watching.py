"""What a watcher of runs has read already, so that polling decodes nothing twice."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from bnviz.core.snapshots import Snapshot, from_bytes
from bnviz.store import Store


@dataclass
class _Read:
    snapshots: list[Snapshot] = field(default_factory=list)
    size: int = 0


class Memory:
    """The decoded snapshots of the runs watched last, together about `limit` bytes.

    The run asked for is always kept whole, however large; snapshots are never
    changed once stored, so what is remembered stays true.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._runs: OrderedDict[tuple[str, str], _Read] = OrderedDict()
        self._lock = threading.Lock()

    def snapshots(self, store: Store, run_id: str, after: int) -> list[Snapshot]:
        """All snapshots of the run later than index `after`; reads only new ones from the store."""
        key = (store.place, run_id)
        with self._lock:
            read = self._runs.get(key, _Read())
            for _, blob in store.blobs(run_id, len(read.snapshots) - 1):
                read.snapshots.append(from_bytes(blob))
                read.size += len(blob)
            if read.snapshots:
                self._runs[key] = read
                self._runs.move_to_end(key)
                self._forget()
            return read.snapshots[after + 1 :]

    def _forget(self) -> None:
        total = sum(read.size for read in self._runs.values())
        while total > self._limit and len(self._runs) > 1:
            _, oldest = self._runs.popitem(last=False)
            total -= oldest.size
