"""Trainings off the page: launched by one tab, watched and stopped by any.

The store is the only meeting place, so nothing here needs to survive a reload
of this module: threads at work keep what they need, and whoever watches reads
the store. A reload only forgets how many trainings are under way, so for a
while more than MAX_AT_ONCE may run. torch is imported by the thread that
works, not by the page that launches.
"""

import atexit
import importlib
import sys
import threading
import time
from collections import deque

from bnviz.core.configs import TrainConfig
from bnviz.core.snapshots import Snapshot, from_bytes
from bnviz.jobs.heartbeat import heart
from bnviz.jobs.watching import Memory
from bnviz.jobs.working import create, work
from bnviz.store import Store, open_store

#: More would only slow each other down: each takes one core.
MAX_AT_ONCE = 2

#: How long a process that ends waits for its trainings to put down their work.
FAREWELL_SECONDS = 3.0

#: Bytes of decoded snapshots a process remembers.
MEMORY_BYTES = 256 * 2**20


def submit(config: TrainConfig) -> str:
    """Queues a training and returns its run id at once. Raises StoreProblem."""
    store = open_store()
    run_id = create(store, config)
    _workers.add(store, run_id)
    return run_id


def stop(run_id: str) -> None:
    """Asks a run of any process to stop; what it has done so far is kept."""
    open_store().request_stop(run_id)


def snapshots(run_id: str, after: int = -1) -> list[Snapshot]:
    """The run's snapshots later than index `after`, without model states; none if unknown."""
    return _memory.snapshots(open_store(), run_id, after)


def last_state(run_id: str) -> Snapshot | None:
    """The run's newest snapshot that carries a model state, with it."""
    blob = open_store().last_state_blob(run_id)
    return None if blob is None else from_bytes(blob)


def warm_up() -> None:
    """Imports what a training needs, in the background, so that the first starts sooner."""
    name = "bnviz.core.training"
    if name not in sys.modules:
        threading.Thread(target=importlib.import_module, args=(name,), daemon=True).start()


class _Workers:
    """Up to MAX_AT_ONCE daemon threads that take runs in the order they came."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Store, str]] = deque()
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._leaving = threading.Event()
        atexit.register(self._leave)

    def add(self, store: Store, run_id: str) -> None:
        """Queues a run; it counts as alive while it waits."""
        heart.add(store, run_id)
        with self._lock:
            self._waiting.append((store, run_id))
            if len(self._threads) < MAX_AT_ONCE:
                thread = threading.Thread(target=self._take, name="bnviz-worker", daemon=True)
                self._threads.add(thread)
                thread.start()

    def _take(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._threads.discard(threading.current_thread())
                    return
                store, run_id = self._waiting.popleft()
            work(store, run_id, leaving=self._leaving)

    def _leave(self) -> None:
        """Python aborts with a core dump if it ends while a thread is inside torch."""
        self._leaving.set()
        deadline = time.monotonic() + FAREWELL_SECONDS
        for thread in list(self._threads):
            thread.join(max(0.0, deadline - time.monotonic()))


_memory = Memory(MEMORY_BYTES)
_workers = _Workers()
