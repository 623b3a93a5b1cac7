"""Where the history lives: its address, and what can go wrong with it.

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

from bnviz.folders import home
from bnviz.store.errors import StoreProblem, problems
from bnviz.store.migration import migrate
from bnviz.store.schema import SCHEMA_VERSION, make_tables, metadata, schema


def folder_url(folder: Path) -> sa.URL:
    """The history file in `folder`."""
    return sa.URL.create("sqlite", database=str(folder.resolve() / "history.sqlite"))


def address() -> sa.URL:
    """BNVIZ_STORE (an SQLAlchemy URL); else history.sqlite in :func:`bnviz.folders.home`.

    Raises StoreProblem if BNVIZ_STORE is no address, or one that keeps nothing.
    """
    if text := os.environ.get("BNVIZ_STORE"):
        return parse(text)
    return folder_url(home())


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
        self.url, self.place = url, place(url)
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
            # That of the version last: who finds it, finds all.
            others = [table for table in metadata.sorted_tables if table is not schema]
            make_tables(connection, [*others, schema])
    with engine.connect() as connection:
        version = connection.scalar(sa.select(schema.c.version))
    if version is None:
        # Another process may be first with the row; then it wrote what we would have.
        with suppress(sa.exc.IntegrityError), engine.begin() as connection:
            connection.execute(schema.insert().values(id=1, version=SCHEMA_VERSION))
    elif version > SCHEMA_VERSION:
        values = {"found": str(version), "known": str(SCHEMA_VERSION)}
        raise StoreProblem("newer", {"place": place(engine.url), **values})
    elif version < SCHEMA_VERSION:
        migrate(engine)
