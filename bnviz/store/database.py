"""Where the history lives: its address, its tables, and what can go wrong with it.

SQLite in write-ahead mode lets one process write while others read
(https://sqlite.org/wal.html); any other SQLAlchemy URL is passed through.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable

from bnviz.store.problems import StoreProblem, problems

SCHEMA_VERSION = 1

metadata = sa.MetaData()

schema = sa.Table(
    "bnviz_schema",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, nullable=False),
)

#: Times are seconds since 1970 UTC; `done` and `total` are epochs.
runs = sa.Table(
    "bnviz_runs",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("config", sa.Text, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("traceback", sa.Text),
    sa.Column("created", sa.Float(53), nullable=False),
    sa.Column("started", sa.Float(53)),
    sa.Column("finished", sa.Float(53)),
    sa.Column("heartbeat", sa.Float(53), nullable=False),
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Column("snapshots", sa.Integer, nullable=False),
    sa.Column("stop", sa.Boolean, nullable=False),
    sa.Index("bnviz_runs_created", "created"),
)

snapshots = sa.Table(
    "bnviz_snapshots",
    metadata,
    sa.Column("run_id", sa.ForeignKey(runs.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("idx", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("blob", sa.LargeBinary, nullable=False),
)

#: A model's parameters outweigh everything else, so only a run's newest are kept.
states = sa.Table(
    "bnviz_states",
    metadata,
    sa.Column("run_id", sa.ForeignKey(runs.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("blob", sa.LargeBinary, nullable=False),
)

tables = sa.Table(
    "bnviz_tables",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("names", sa.Text, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("saved", sa.Float(53), nullable=False),
    sa.Column("blob", sa.LargeBinary, nullable=False),
)


def folder_url(folder: Path) -> sa.URL:
    """The history file in `folder`."""
    return sa.URL.create("sqlite", database=str(folder.resolve() / "history.sqlite"))


def address() -> sa.URL:
    """BNVIZ_STORE (an SQLAlchemy URL); else history.sqlite in BNVIZ_HOME; else in ./.bnviz.

    Raises StoreProblem if BNVIZ_STORE is no address, or one that keeps nothing.
    """
    if text := os.environ.get("BNVIZ_STORE"):
        return parse(text)
    return folder_url(Path(os.environ.get("BNVIZ_HOME") or ".bnviz"))


def parse(text: str) -> sa.URL:
    """The SQLAlchemy URL in `text`; raises StoreProblem for others and for SQLite in memory."""
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise StoreProblem("bad_address", {"detail": "not an SQLAlchemy URL"}) from error
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        # Every thread would get its own, empty database.
        raise StoreProblem("bad_address", {"detail": "SQLite needs a file"})
    return url


def place(url: sa.URL) -> str:
    """The address as people may read it: a path, or a URL with the password hidden."""
    if url.get_backend_name() == "sqlite" and url.database:
        return url.database
    return url.render_as_string(hide_password=True)


class Database:
    """The history's database, with this version's tables made on demand.

    `url` is an SQLAlchemy URL, or None for :func:`address`; `clock` gives
    seconds since 1970; `patience` is how many seconds to wait for a locked
    SQLite file. Everything here may be called from any thread of any process,
    and raises StoreProblem alone.
    """

    def __init__(
        self,
        url: str | sa.URL | None = None,
        *,
        clock: Callable[[], float] = time.time,
        patience: float = 10.0,
    ) -> None:
        if url is None:
            url = address()
        elif isinstance(url, str):
            url = parse(url)
        self.place = place(url)
        self.clock = clock
        with problems(self.place):
            self._engine = _engine(url, patience)
            try:
                _create(self._engine)
            except BaseException:
                self._engine.dispose()
                raise

    def read(self, query: sa.Select[Any]) -> list[sa.Row[Any]]:
        """All rows of `query`."""
        with problems(self.place), self._engine.connect() as connection:
            return list(connection.execute(query))

    def write(self, first: sa.UpdateBase, *rest: sa.UpdateBase) -> bool:
        """One transaction; if `first` touches no row, the rest is left undone. Did it?"""
        with problems(self.place), self._engine.begin() as connection:
            if connection.execute(first).rowcount == 0:
                return False
            for statement in rest:
                connection.execute(statement)
        return True

    def close(self) -> None:
        """Lets go of the file; using the database again opens it again."""
        self._engine.dispose()


def _engine(url: sa.URL, patience: float) -> sa.Engine:
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url, pool_pre_ping=True)
    if url.database and not url.database.startswith("file:"):
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url)

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA busy_timeout = {round(patience * 1000)}")
        connection.execute("PRAGMA journal_mode = WAL")
        # In write-ahead mode NORMAL cannot corrupt; a power cut may lose the last snapshots.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")

    return engine


def _create(engine: sa.Engine) -> None:
    if not sa.inspect(engine).has_table(schema.name):
        with engine.begin() as connection:
            for table in metadata.sorted_tables:
                connection.execute(CreateTable(table, if_not_exists=True))
                for index in table.indexes:
                    connection.execute(CreateIndex(index, if_not_exists=True))
    with engine.connect() as connection:
        found = connection.scalar(sa.select(schema.c.version))
    if found is None:
        # Another process may be first with the row; then it wrote what we would have.
        with suppress(sa.exc.IntegrityError), engine.begin() as connection:
            connection.execute(schema.insert().values(id=1, version=SCHEMA_VERSION))
    if found is not None and found > SCHEMA_VERSION:
        values = {"found": str(found), "known": str(SCHEMA_VERSION)}
        raise StoreProblem("newer", {"place": place(engine.url), **values})
