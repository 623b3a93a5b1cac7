"""The list of runs: searched, named, pinned, deleted and brought back.

Listing reads the runs' own rows alone, never what they keep.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from bnviz.store.errors import Code, StoreProblem
from bnviz.store.records import (
    COLUMNS,
    STALE_SECONDS,
    UNFINISHED,
    Run,
    Status,
    is_run,
    run_of,
    storable,
)
from bnviz.store.schema import ELSEWHERE, checkpoints, owners, runs
from bnviz.store.tables import Shelf, owned
from bnviz.store.thinning import RESTORABLE, SPARED, budget, gigabytes
from bnviz.texts.numbers import short

State = Literal["all", "pinned", "active", "done", "unfinished", "deleted"]
Order = Literal["newest", "oldest", "name", "largest", "longest"]

#: Letters of a name, of all tags of a run together, and of a note.
LONGEST = {"name": 80, "tags": 200, "note": 4000}

_ORDERS: dict[str, tuple[Any, ...]] = {
    "newest": (runs.c.created.desc(),),
    "oldest": (runs.c.created,),
    "name": (runs.c.name == "", sa.func.lower(runs.c.name), runs.c.created.desc()),
    "largest": (runs.c.size.desc(),),
    "longest": ((runs.c.finished - runs.c.started).desc(),),
}


@dataclass(frozen=True)
class Search:
    """Which runs to list, and in which order.

    Every word of `text` must occur in a run's name, tags, note, id or settings; or its
    settings are one of `configs`, as JSON. `kind` is the beginning of the runs' kind;
    `owner` is whose they are, "" for everybody's.
    """

    text: str = ""
    configs: tuple[str, ...] = ()
    kind: str = ""
    owner: str = ""
    state: State = "all"
    order: Order = "newest"


@dataclass(frozen=True)
class Listing:
    """Some of the runs that were searched for, and of all of them the number and the bytes."""

    runs: list[Run]
    count: int
    size: int


class History(Shelf):
    """Runs as people see them; see :class:`bnviz.store.database.Database`."""

    def run(self, run_id: str) -> Run | None:
        """The run, or None if there is no such run."""
        return next(iter(self._runs(is_run(runs.c.id, run_id), 1)), None)

    def runs(self, limit: int = 100, kind: str | None = None, owner: str = "") -> list[Run]:
        """The newest runs, of one kind or of all, of one owner or of all, newest first."""
        of_kind = sa.true() if kind is None else runs.c.kind == kind
        return self._runs(of_kind & owned(runs.c.id, owner), limit)

    def newest(self, kind: str, config_json: str, visitor: str = "") -> Run | None:
        """The newest run of exactly this config; of those from ELSEWHERE the visitor's alone."""
        same = (runs.c.kind == kind) & (runs.c.config == config_json)
        elsewhere = sa.select(owners.c.item).where(owners.c.owner == ELSEWHERE)
        own = owned(runs.c.id, visitor) if visitor else sa.false()
        return next(iter(self._runs(same & (runs.c.id.not_in(elsewhere) | own), 1)), None)

    def active(self) -> dict[str, Status]:
        """The status of every living run that waits or is worked on, the oldest first."""
        query = sa.select(runs.c.id, runs.c.status).where(self._living())
        return {row.id: row.status for row in self.read(query.order_by(runs.c.created))}

    def search(self, wanted: Search, limit: int = 200) -> Listing:
        """The first `limit` of the runs that are `wanted`."""
        matching = sa.and_(*self._conditions(wanted))
        totals = [sa.func.count().label("runs"), sa.func.sum(runs.c.size).label("size")]
        (total,) = self.read(sa.select(*totals).where(matching))
        query = sa.select(*COLUMNS).where(matching).order_by(*_ORDERS[wanted.order]).limit(limit)
        now = self.clock()
        return Listing(
            [run_of(row, now) for row in self.read(query)], total.runs, int(total.size or 0)
        )

    def describe(self, run_id: str, name: str, tags: Iterable[str], note: str) -> None:
        """What people say of a run, in place of what they said before; cut to LONGEST."""
        texts = {"name": " ".join(name.split()), "tags": " ".join(tags), "note": note.strip()}
        values = {key: storable(text, LONGEST[key]) for key, text in texts.items()}
        self.write(runs.update().where(is_run(runs.c.id, run_id)).values(values))

    def pin(self, run_ids: Iterable[str], pinned: bool = True) -> None:
        """Runs that no rule takes away, or no longer."""
        self.write(runs.update().where(runs.c.id.in_(list(run_ids))).values(pinned=pinned))

    def discard(self, run_ids: Iterable[str]) -> None:
        """Takes runs out of the list, for thinning.RESTORABLE seconds to be brought back."""
        now = self.clock()
        mine = runs.c.id.in_(list(run_ids)) & runs.c.deleted.is_(None)
        stopped = {"status": "stopped", "finished": now}
        self.write(runs.update().where(mine & (runs.c.status == "queued")).values(stopped))
        self.write(runs.update().where(mine).values(deleted=now, stop=True))

    def restore(self, run_ids: Iterable[str]) -> None:
        """Brings runs back that were taken out of the list."""
        self.write(runs.update().where(runs.c.id.in_(list(run_ids))).values(deleted=None))

    def delete(self, run_id: str) -> None:
        """Forgets a run and all it kept, for good; a worker still on it stops by itself."""
        its = owners.delete().where(owners.c.item == run_id)
        self.write(runs.delete().where(is_run(runs.c.id, run_id)), its)

    def tidy(self) -> None:
        """Takes away what the rule says: see :mod:`bnviz.store.thinning`."""
        now = self.clock()
        for row in self.read(sa.select(runs.c.id).where(runs.c.deleted < now - RESTORABLE)):
            self.delete(row.id)
        over = int(self._value(sa.select(sa.func.sum(runs.c.size))) or 0) - budget()
        if over <= 0:
            return
        old = ~self._spared()
        first = runs.c.deleted.is_(None), runs.c.created
        states = sa.func.sum(checkpoints.c.size)
        thick = (
            sa.select(runs.c.id, sa.func.max(checkpoints.c.idx).label("last"), states.label("size"))
            .join(checkpoints, checkpoints.c.run_id == runs.c.id)
            .where(old)
            .group_by(runs.c.id, runs.c.deleted, runs.c.created)
            .having(sa.func.count() > 1)
        )
        for row in self.read(thick.order_by(*first)):
            if over > 0:
                over -= self._thin(row.id, row.last)
        for row in self.read(sa.select(runs.c.id, runs.c.size).where(old).order_by(*first)):
            if over > 0:
                self.delete(row.id)
                over -= row.size

    def check_room(self, size: float, owner: str = "", apart: Collection[str] = ()) -> None:
        """Raises StoreProblem where so many bytes more are too much, the owner's or in all.

        What may be thinned does not count, nor do the runs `apart`.
        """
        counted = self._spared() & owned(runs.c.id, owner) & runs.c.id.not_in(apart)
        kept = int(self._value(sa.select(sa.func.sum(runs.c.size)).where(counted)) or 0)
        code: Code = "runs_of_visitor" if owner else "runs_full"
        if kept + size > gigabytes(code) * 2**30:
            values = {"needed": short((kept + size) / 2**30), "limit": f"{gigabytes(code):g}"}
            raise StoreProblem(code, values | {"hours": f"{SPARED / 3600:g}"})

    def _spared(self) -> sa.ColumnElement[bool]:
        """Whether no rule takes anything of a run."""
        recent = runs.c.heartbeat >= self.clock() - SPARED
        return runs.c.deleted.is_(None) & (runs.c.pinned.is_(sa.true()) | recent)

    def _thin(self, run_id: str, last: int) -> int:
        """Leaves a run its newest model state alone; the bytes that this makes free."""
        others = (checkpoints.c.run_id == run_id) & (checkpoints.c.idx < last)
        freed = int(self._value(sa.select(sa.func.sum(checkpoints.c.size)).where(others)) or 0)
        smaller = runs.update().where(runs.c.id == run_id).values(size=runs.c.size - freed)
        self.write(smaller, checkpoints.delete().where(others))
        return freed

    def _living(self) -> sa.ColumnElement[bool]:
        now = self.clock()
        fresh = runs.c.heartbeat.between(now - STALE_SECONDS, now + STALE_SECONDS)
        return runs.c.status.in_(UNFINISHED) & fresh

    def _conditions(self, wanted: Search) -> Iterable[sa.ColumnElement[bool]]:
        living = self._living()
        states: dict[State, sa.ColumnElement[bool]] = {
            "all": sa.true(),
            "pinned": runs.c.pinned.is_(sa.true()),
            "active": living,
            "done": runs.c.status == "done",
            "unfinished": ~living & (runs.c.status != "done"),
            "deleted": sa.true(),
        }
        yield states[wanted.state]
        yield runs.c.deleted.is_not(None) if wanted.state == "deleted" else runs.c.deleted.is_(None)
        yield owned(runs.c.id, wanted.owner)
        if wanted.kind:
            yield runs.c.kind.startswith(wanted.kind, autoescape=True)
        searched = runs.c.name, runs.c.tags, runs.c.note, runs.c.id, runs.c.config, runs.c.kind
        words = [
            sa.or_(*(column.icontains(word, autoescape=True) for column in searched))
            for word in storable(wanted.text, LONGEST["note"]).split()
        ]
        if words:
            yield sa.or_(sa.and_(*words), runs.c.config.in_(wanted.configs))

    def _value(self, query: sa.Select[Any]) -> Any:
        for row in self.read(query):
            return row[0]
        return None

    def _runs(self, condition: sa.ColumnElement[bool], limit: int) -> list[Run]:
        listed = condition & runs.c.deleted.is_(None)
        query = sa.select(*COLUMNS).where(listed).order_by(runs.c.created.desc()).limit(limit)
        now = self.clock()
        return [run_of(row, now) for row in self.read(query)]
