"""A run as it stands in the history, and how its row is read."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa

from bnviz.store.errors import Problem, restored
from bnviz.store.schema import runs

Status = Literal["queued", "running", "done", "stopped", "failed", "interrupted", "damaged"]
UNFINISHED: tuple[Status, ...] = ("queued", "running")
#: As they stand in the history; those at work whose worker is silent are "interrupted".
_STATUSES = ("done", "stopped", "failed", "interrupted", *UNFINISHED)

#: A living worker beats every few seconds; one silent for longer is gone.
STALE_SECONDS = 15.0

_ID = re.compile(r"[a-z0-9]{1,32}")
NEVER = datetime.fromtimestamp(0, UTC)

#: What a Run is made of; a traceback may be long.
COLUMNS = tuple(column for column in runs.c if column is not runs.c.traceback)


@dataclass(frozen=True)
class Run:
    """One run as it stands; `done` of `total` epochs or parts, times in UTC, `config` as JSON.

    `snapshots` counts those made so far. Status "interrupted": the process that worked
    on it ended before the work did; "damaged": its row in the history cannot be read.
    `name`, `tags` and `note` are what people say of it. `size` is what it keeps, in bytes.
    """

    id: str
    kind: str
    config: str
    status: Status
    error: Problem | str | None
    created: datetime
    started: datetime | None
    finished: datetime | None
    done: int
    total: int
    snapshots: int
    name: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    pinned: bool = False
    deleted: datetime | None = None
    size: int = 0

    @property
    def active(self) -> bool:
        """Whether more snapshots may come."""
        return self.status in UNFINISHED

    @property
    def silent(self) -> bool:
        """Whether its worker is not heard of, but may be again, as after a laptop's sleep."""
        return self.status == "interrupted" and self.finished is None

    @property
    def seconds(self) -> float:
        """How long it was worked on; 0 while that is not known."""
        return (
            (self.finished - self.started).total_seconds()
            if self.finished and self.started
            else 0.0
        )


def run_of(row: sa.Row[Any], now: float) -> Run:
    """The run in a row of COLUMNS; one that cannot be read is "damaged", whatever is in it."""
    status = row.status
    try:
        if status in UNFINISHED and abs(now - row.heartbeat) > STALE_SECONDS:
            status = "interrupted"  # by then in the future: the clock was set back meanwhile
        return Run(
            id=row.id,
            kind=_text(row.kind),
            config=_text(row.config),
            status=status if status in _STATUSES else "damaged",
            error=restored(row.error),
            created=datetime.fromtimestamp(row.created, UTC),
            started=_moment(row.started),
            finished=_moment(row.finished),
            done=int(row.done),
            total=int(row.total),
            snapshots=int(row.snapshots),
            name=_text(row.name),
            tags=tuple(_text(row.tags).split()),
            note=_text(row.note),
            pinned=bool(row.pinned),
            deleted=_moment(row.deleted),
            size=int(row.size),
        )
    except (TypeError, ValueError, OverflowError, OSError):
        return Run(str(row.id), "", "", "damaged", None, NEVER, None, None, 0, 0, 0)


def storable(text: str, longest: int) -> str:
    """The beginning of what a person typed, without what some database cannot hold."""
    return text.replace("\0", "").encode(errors="ignore").decode()[:longest]


def is_run(column: sa.ColumnElement[str], run_id: object) -> sa.ColumnElement[bool]:
    """True for the rows of this run; for no row if it cannot be a run's id."""
    if isinstance(run_id, str) and _ID.fullmatch(run_id):
        return column == run_id
    return sa.false()


def _text(cell: object) -> str:
    """A cell of text; raises TypeError for anything else, which SQLite would keep as well."""
    if not isinstance(cell, str):
        raise TypeError(type(cell))
    return cell


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
