"""Long work off the page: launched by one tab, watched and stopped by any.

The store is the only meeting place, so nothing here needs to survive a reload
of this module: threads at work keep what they need, and whoever watches reads
the store. A reload only forgets how many runs are under way, so for a
while more than MAX_AT_ONCE may be. torch is imported by the thread that
works, not by the page that launches.
"""

import atexit
import importlib
import sys
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from bnviz.core.configs import TrainConfig
from bnviz.core.smoothness.measure import Measure, SubjectConfig
from bnviz.core.training.snapshots import Snapshot, from_bytes
from bnviz.jobs import measures, trainings
from bnviz.jobs.heartbeat import heart
from bnviz.jobs.reader import Memory, Results
from bnviz.jobs.worker import work
from bnviz.store import Run, Store, StoreProblem, open_store

if TYPE_CHECKING:
    from bnviz.core.smoothness.subject import Subject

#: More would only slow each other down: each takes one core.
MAX_AT_ONCE = 2

#: How long a process that ends waits for its runs to put down their work.
FAREWELL_SECONDS = 3.0

#: Bytes of decoded snapshots, and of decoded results, that a process remembers.
MEMORY_BYTES = 256 * 2**20
RESULT_BYTES = 64 * 2**20


def submit(config: TrainConfig) -> str:
    """Queues a training and returns its run id at once. Raises StoreProblem."""
    store = open_store()
    run_id = trainings.create(store, config)
    _workers.add(store, run_id)
    return run_id


def submit_measure(config: Measure) -> str:
    """The run id of that measure: of the newest that is done or under way, else of a new one.

    Raises StoreProblem when the nets to be measured are not there.
    """
    store = open_store()
    with _launching:
        config = measures.settled(store, config)
        found = measures.find(store, config)
        if found is not None and (found.active or found.status == "done"):
            return found.id
        run_id = measures.create(store, config)
    _workers.add(store, run_id)
    return run_id


def find_measure(config: Measure) -> Run | None:
    """The newest run of the measure, in any state; None too if there is nothing to measure."""
    store = open_store()
    try:
        return measures.find(store, measures.settled(store, config))
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
    return _results.result(store, run) if run is not None and measures.measured(run) else None


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
    name = "bnviz.core.training.train"
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
_results = Results(RESULT_BYTES)
#: So that two who ask for one measure at once get one run.
_launching = threading.Lock()
_workers = _Workers()
