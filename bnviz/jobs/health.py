"""Which runs can no longer be read, before anybody opens them: told by what each kept last."""

import time
from collections.abc import Iterable

from bnviz.jobs.kinds import KINDS
from bnviz.store import Run, Store

#: A look at many runs takes no longer than about so many seconds; the next goes on from there.
SECONDS = 0.1

#: What was found out, by the place of the history, the run, and how much it had kept.
_readable: dict[tuple[str, str, int], bool] = {}


def damaged(store: Store, runs: Iterable[Run]) -> set[str]:
    """The ids of those whose newest snapshot or result cannot be read, as far as is known."""
    last, unreadable = time.monotonic() + SECONDS, set()
    for run in runs:
        key = store.place, run.id, run.snapshots
        if key not in _readable and run.snapshots and not run.active and time.monotonic() < last:
            _readable[key] = _can_be_read(store, run)
        if not _readable.get(key, True):
            unreadable.add(run.id)
    return unreadable


def _can_be_read(store: Store, run: Run) -> bool:
    kind, blob = KINDS.get(run.kind), store.last_blob(run.id)
    return kind is None or blob is None or kind.reads(blob)
