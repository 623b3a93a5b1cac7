"""Where the history lives: its address, and what can go wrong with it.

SQLite in write-ahead mode lets one process write while others read
(https://sqlite.org/wal.html). Several servers share one history in PostgreSQL,
``postgresql+psycopg://``; any other SQLAlchemy URL is passed through.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from bnviz.folders import home
from bnviz.store.errors import StoreProblem, problems
from bnviz.store.migration import migrate
from bnviz.store.schema import SCHEMA_VERSION, make_tables, metadata, schema

#: The lock of whoever makes the tables in PostgreSQL; any number that nobody else takes.
_MAKING = 0x626E76697A


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
        self.clock, self._patience = clock, patience
        self._file: object = None
        with problems(self.place):
            self._engine = _engine(url, patience)
            try:
                self._current()
            except BaseException:
                self._engine.dispose()
                raise

    def _current(self) -> sa.Engine:
        """The engine, made anew if its file has vanished, another lies in its place, or whether it
        can be written has changed.

        Else what is written would go on into a file that nobody finds any more; and what is open
        could still be written, but not by the process of a job, which opens it anew.
        """
        file = _identity(self.url)
        if file is None or file != self._file:
            self._engine.dispose()
            self._engine = _engine(self.url, self._patience)
            _create(self._engine)
            self._file = _identity(self.url)
        return self._engine

    def read(self, query: sa.Select[Any]) -> list[sa.Row[Any]]:
        """All rows of `query`."""
        with problems(self.place), self._current().connect() as connection:
            return list(connection.execute(query))

    def write(self, first: sa.UpdateBase, *rest: sa.UpdateBase) -> bool:
        """One transaction; if `first` touches no row, the rest is left undone. Did it?"""
        with problems(self.place), self._current().begin() as connection:
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
        wait = {"connect_timeout": round(patience)} if _is_postgresql(url) else {}
        return sa.create_engine(url, pool_pre_ping=True, connect_args=wait)
    readable = _readable(url)
    engine = sa.create_engine(readable or url)

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA busy_timeout = {round(patience * 1000)}")
        if readable is None:
            connection.execute("PRAGMA journal_mode = WAL")
        # In write-ahead mode NORMAL cannot corrupt; a power cut may lose the last snapshots.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")

    return engine


def _path(url: sa.URL) -> Path | None:
    """SQLite's file; None for other databases, and for what SQLite itself calls an address."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database.startswith("file:"):
        return None
    return Path(url.database)


def _identity(url: sa.URL) -> object:
    """Which file lies there, and how it is opened if it can only be read; None if none does.

    The same for all that are no files.
    """
    if (path := _path(url)) is None:
        return url
    with suppress(OSError):
        there = path.stat()
        return there.st_dev, there.st_ino, _readable(url)
    return None


def _readable(url: sa.URL) -> sa.URL | None:
    """The address by which a file that cannot be written is read; None for all others.

    SQLite writes beside the file even to read it, unless it is told that nobody will write.
    """
    path = _path(url)
    if (
        path is None
        or not path.exists()
        or (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))
    ):
        return None
    alone = not path.with_name(f"{path.name}-wal").exists()
    query = {"mode": "ro", "uri": "true"} | ({"immutable": "1"} if alone else {})
    return url.set(database=f"file:{quote(str(path))}", query=query)


def _is_postgresql(url: sa.URL) -> bool:
    return url.get_backend_name() == "postgresql"


def _create(engine: sa.Engine) -> None:
    if (path := _path(engine.url)) is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    if not sa.inspect(engine).has_table(schema.name):
        with engine.begin() as connection:
            if _is_postgresql(engine.url):  # where two who make the same table at once fail
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MAKING)))
            # The version's table is made last: whoever finds it finds all the others.
            others = [table for table in metadata.sorted_tables if table is not schema]
            make_tables(connection, [*others, schema])
    with engine.connect() as connection:
        version = connection.scalar(sa.select(schema.c.version))
    if version is None:
        # Another process may be first with the row; then it wrote what we would have.
        with suppress(sa.exc.IntegrityError), engine.begin() as connection:
            connection.execute(schema.insert().values(id=1, version=SCHEMA_VERSION))
    elif version > SCHEMA_VERSION:
        values = {"version": str(version), "known": str(SCHEMA_VERSION)}
        raise StoreProblem("newer", {"place": place(engine.url), **values})
    elif version < SCHEMA_VERSION:
        migrate(engine)
