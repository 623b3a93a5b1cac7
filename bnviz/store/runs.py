"""The run history: the only meeting place of work and screen.

A run is a config, a status and a growing list of snapshots, or one snapshot that the
next replaces. Whoever works appends; whoever watches asks for what is new. Nothing here
knows what a snapshot means. An unknown or malformed run id is never an error.
"""

import functools
import secrets
import string
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from bnviz.store import thinning
from bnviz.store.database import address
from bnviz.store.errors import Problem, StoreProblem, stored
from bnviz.store.history import History
from bnviz.store.records import UNFINISHED, Status, is_run
from bnviz.store.schema import ELSEWHERE, checkpoints, owners, runs, snapshots

_ALPHABET = string.ascii_lowercase + string.digits


class Store(History):
    """Runs and tables at a database URL; see :class:`bnviz.store.database.Database`."""

    def create(self, kind: str, config_json: str, total: int) -> str:
        """A new queued run of `total` parts; its id is short, URL-safe and not guessable."""
        run_id = "".join(secrets.choice(_ALPHABET) for _ in range(10))
        now = self.clock()
        new = runs.insert().values(id=run_id, kind=kind, config=config_json, total=total)
        self.write(
            new.values(status="queued", created=now, heartbeat=now, done=0, snapshots=0, stop=False)
        )
        self.tidy()
        return run_id

    def adopt(
        self,
        row: Mapping[str, Any],
        blobs: Iterable[tuple[int, bytes]],
        states: Iterable[tuple[int, int, bytes]],
        *,
        trusted: bool,
    ) -> None:
        """Keeps a run of another history whole: its row, (index, snapshot), (index, epoch, state).

        One that is not `trusted` is not what others find of its config. Raises StoreProblem if
        there is one of its id, be it deleted.
        """
        run_id, work, size = row["id"], list[sa.UpdateBase](), 0
        if self.read(sa.select(runs.c.id).where(is_run(runs.c.id, run_id))):
            raise StoreProblem("run_there", {"run": run_id})
        for index, blob in blobs:
            work.append(snapshots.insert().values(run_id=run_id, idx=index, blob=blob))
            size += len(blob)
        for index, epoch, blob in states:
            state = {"idx": index, "epoch": epoch, "size": len(blob), "blob": blob}
            work.append(checkpoints.insert().values(run_id=run_id, **state))
            size += len(blob)
        if not trusted:
            work.append(owners.insert().values(owner=ELSEWHERE, item=run_id))
        now = self.clock()
        new = runs.insert().values(heartbeat=now, stop=False, size=size, **row)
        self.write(new, *work)

    def traceback(self, run_id: str) -> str | None:
        """Where a failed run failed: for the engineer, not for the screen."""
        text: str | None = self._value(sa.select(runs.c.traceback).where(is_run(runs.c.id, run_id)))
        return text

    def start(self, run_id: str) -> bool:
        """Queued becomes running; False if the run was stopped or deleted meanwhile."""
        now = self.clock()
        queued = is_run(runs.c.id, run_id) & (runs.c.status == "queued")
        values = {"status": "running", "started": now, "heartbeat": now}
        return self.write(runs.update().where(queued).values(values))

    def append(
        self, run_id: str, index: int, epoch: int, blob: bytes, state: bytes | None = None
    ) -> bool:
        """Keeps snapshot `index` (from 0) and the progress made; False if the run is gone.

        `state` is the model's at that moment. All of a run's are kept while they fit into
        thinning.STATE_BYTES; beyond that they are thinned out evenly (see there).
        """
        work: list[sa.UpdateBase] = [snapshots.insert().values(run_id=run_id, idx=index, blob=blob)]
        grown = len(blob)
        if state is not None:
            new = thinning.Held(index, epoch, len(state))
            for old in thinning.surplus([*self._held(run_id), new], thinning.STATE_BYTES):
                its = (checkpoints.c.run_id == run_id) & (checkpoints.c.idx == old.index)
                work.append(checkpoints.delete().where(its))
                grown -= old.size
            row = {"run_id": run_id, "idx": index, "epoch": epoch, "size": new.size, "blob": state}
            work.append(checkpoints.insert().values(row))
            grown += new.size
        size = runs.c.size + grown
        return self.write(self._progress(run_id, done=epoch, snapshots=index + 1, size=size), *work)

    def advance(
        self, run_id: str, done: int, total: int, result: tuple[int, bytes] | None = None
    ) -> bool:
        """Keeps the progress made; False if the run is gone.

        `result`, its number (from 0) and itself, replaces the one before.
        """
        if result is None:
            return self.write(self._progress(run_id, done=done, total=total))
        index, blob = result
        return self.write(
            self._progress(run_id, done=done, total=total, snapshots=index + 1, size=len(blob)),
            snapshots.delete().where(snapshots.c.run_id == run_id),
            snapshots.insert().values(run_id=run_id, idx=index, blob=blob),
        )

    def blobs(self, run_id: str, after: int = -1) -> list[tuple[int, bytes]]:
        """(index, snapshot) of every snapshot later than index `after`, in order."""
        later = is_run(snapshots.c.run_id, run_id) & (snapshots.c.idx > after)
        query = sa.select(snapshots.c.idx, snapshots.c.blob).where(later)
        return [(row.idx, row.blob) for row in self.read(query.order_by(snapshots.c.idx))]

    def last_blob(self, run_id: str) -> bytes | None:
        """The newest snapshot."""
        return self._newest(snapshots, run_id)

    def states(self, run_id: str) -> list[tuple[int, int]]:
        """(index, epoch) of every snapshot whose model state is kept, in order."""
        return [(held.index, held.epoch) for held in self._held(run_id)]

    def state_blob(self, run_id: str, index: int) -> bytes | None:
        """The model state kept with snapshot `index`."""
        return self._newest(checkpoints, run_id, checkpoints.c.idx == index)

    def last_state_blob(self, run_id: str) -> bytes | None:
        """The newest model state."""
        return self._newest(checkpoints, run_id)

    def request_stop(self, run_id: str) -> None:
        """Asks a running run to stop; a queued one is stopped at once."""
        mine = is_run(runs.c.id, run_id)
        stopped = {"status": "stopped", "finished": self.clock()}
        self.write(
            runs.update().where(mine).values(stop=True),
            runs.update().where(mine & (runs.c.status == "queued")).values(stopped),
        )

    def stop_requested(self, run_id: str) -> bool:
        """Whether the work should end: it was asked to, or the run is gone."""
        query = sa.select(runs.c.stop).where(is_run(runs.c.id, run_id))
        return self._value(query) is not False

    def beat(self, run_ids: Iterable[str]) -> None:
        """The worker on these runs is alive."""
        mine = runs.c.id.in_(list(run_ids))
        self.write(runs.update().where(mine).values(heartbeat=self.clock()))

    def finish(
        self,
        run_id: str,
        status: Status,
        error: Problem | str | None = None,
        traceback: str | None = None,
    ) -> None:
        """The work ended; `error` as text is short. A run that has ended stays as it is."""
        unfinished = is_run(runs.c.id, run_id) & runs.c.status.in_(UNFINISHED)
        ending = runs.update().where(unfinished).values(finished=self.clock())
        self.write(ending.values(status=status, error=stored(error), traceback=traceback))

    def _newest(
        self, kept: sa.Table, run_id: str, which: sa.ColumnElement[bool] | None = None
    ) -> bytes | None:
        """The newest blob of a run in a table, of all or of some."""
        its = is_run(kept.c.run_id, run_id) & (sa.true() if which is None else which)
        query = sa.select(kept.c.blob).where(its).order_by(kept.c.idx.desc()).limit(1)
        blob: bytes | None = self._value(query)
        return blob

    def _progress(self, run_id: str, **values: int | sa.ColumnElement[int]) -> sa.Update:
        mine = runs.update().where(is_run(runs.c.id, run_id))
        return mine.values(heartbeat=self.clock(), **values)

    def _held(self, run_id: str) -> list[thinning.Held]:
        columns = (checkpoints.c.idx, checkpoints.c.epoch, checkpoints.c.size)
        query = sa.select(*columns).where(is_run(checkpoints.c.run_id, run_id))
        rows = self.read(query.order_by(checkpoints.c.idx))
        return [thinning.Held(row.idx, row.epoch, row.size) for row in rows]


def open_store(url: sa.URL | None = None) -> Store:
    """The history at `url`, by default the one this process works with; raises StoreProblem.

    One Store an address.
    """
    return _opened(url or address())


@functools.lru_cache(maxsize=8)
def _opened(url: sa.URL) -> Store:
    return Store(url)
