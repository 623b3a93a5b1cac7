"""Which runs can no longer be read, before anybody opens them: told by what each kept last."""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from bnviz.core.smoothness.measure import from_bytes as result_from_bytes
from bnviz.core.smoothness.registry import MEASURES
from bnviz.core.training.snapshots import from_bytes
from bnviz.jobs import measures, sweep, trainings
from bnviz.jobs.trainings import decoded
from bnviz.store import Run, Store, StoreProblem

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
    decode, blob = _decoder(run), store.last_blob(run.id)
    if decode is None or blob is None:
        return True
    with suppress(StoreProblem):
        decoded(run.id, decode, blob)
        return True
    return False


def _decoder(run: Run) -> Callable[[bytes], Any] | None:
    kinds: Mapping[str, type] = {name: each.result for name, each in MEASURES.items()}
    kind = sweep.Finished if run.kind == sweep.KIND else kinds.get(measures.measured(run))
    if run.kind == trainings.KIND:
        return from_bytes
    return partial(result_from_bytes, kind) if kind else None
