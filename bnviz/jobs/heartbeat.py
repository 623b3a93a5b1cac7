"""Tells the store that this process still works on its runs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from bnviz.store import Store, StoreProblem

#: Well below the store's STALE_SECONDS: one beat may come late, or find the file locked.
BEAT_SECONDS = 3.0


class Heart:
    """One daemon thread beats for all runs that are kept alive, and ends when there are none."""

    def __init__(self) -> None:
        self._runs: dict[str, Store] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextmanager
    def keeping(self, store: Store, run_id: str) -> Iterator[None]:
        """The run is alive for the duration of the block."""
        self.add(store, run_id)
        try:
            yield
        finally:
            self.drop(run_id)

    def add(self, store: Store, run_id: str) -> None:
        """The run is alive from now on."""
        with self._changed:
            self._runs[run_id] = store
            if self._thread is None:
                self._thread = threading.Thread(target=self._beat, name="bnviz-heart", daemon=True)
                self._thread.start()

    def drop(self, run_id: str) -> None:
        """The run needs no more beats."""
        with self._changed:
            self._runs.pop(run_id, None)
            self._changed.notify()

    def _beat(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: not self._runs, BEAT_SECONDS)
                if not self._runs:
                    self._thread = None
                    return
                runs = dict(self._runs)
            for store in set(runs.values()):
                with suppress(StoreProblem):  # the next beat may get through
                    store.beat(run_id for run_id, its in runs.items() if its is store)


heart = Heart()
