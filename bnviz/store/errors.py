"""What goes wrong with the history and with jobs, so that it can be said in any language."""

import errno
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import sqlalchemy as sa

from bnviz.texts.catalogue import sentence

Code = Literal[
    "read_only",
    "full",
    "locked",
    "corrupt",
    "newer",
    "too_big",
    "bad_address",
    "table_gone",
    "tables_full",
    "tables_of_visitor",
    "runs_full",
    "runs_of_visitor",
    "run_too_much",
    "run_gone",
    "run_there",
    "no_export",
    "empty_export",
    "no_nets",
    "no_checkpoint",
    "foreign_config",
    "damaged",
    "unreachable",
    "job_too_long",
    "job_too_large",
    "job_gone",
    "jobs_waiting",
    "jobs_of_visitor",
    "too_large",
    "too_slow",
    "no_dask",
    "no_scheduler",
    "scheduler_lost",
    "versions_differ",
]


class Problem(Exception):
    """Something that was foreseen: as text the sentence ``problem.<code>``, in English.

    The text tells the program's log and its command line also `place` and `detail`, where they
    are among the `values`. Visitors are not told what lies where on the server.
    """

    def __init__(self, code: Code, values: Mapping[str, str]) -> None:
        about = ": ".join(values[name] for name in ("place", "detail") if name in values)
        told = sentence("en", f"problem.{code}", **values)
        super().__init__(f"{told} ({about})" if about else told)
        self.code = code
        self.values = dict(values)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.values)


class StoreProblem(Problem):
    """The history cannot do what was asked."""


def stored(error: Problem | str | None) -> str | None:
    """What went wrong with a run, as its record keeps it."""
    return json.dumps([error.code, error.values]) if isinstance(error, Problem) else error


def restored(text: str | None) -> Problem | str | None:
    """The other way: a sentence stays one, be it of an earlier version of bnviz."""
    try:
        code, values = json.loads(text or "")
        return Problem(code, values)
    except (ValueError, TypeError, KeyError):
        return text


@contextmanager
def problems(where: str) -> Iterator[None]:
    """Turns every error of the database or its folder into one StoreProblem."""
    try:
        yield
    except (sa.exc.SQLAlchemyError, OSError, OverflowError, ImportError) as error:
        cause = getattr(error, "orig", None) or error
        detail = (str(cause).splitlines() or [type(cause).__name__])[0]
        raise StoreProblem(_code(cause), {"place": where, "detail": detail}) from error


_BY_SQLITE: Mapping[str, Code] = {
    "SQLITE_READONLY": "read_only",
    "SQLITE_PERM": "read_only",
    "SQLITE_FULL": "full",
    "SQLITE_IOERR_SHMSIZE": "full",
    "SQLITE_BUSY": "locked",
    "SQLITE_LOCKED": "locked",
    "SQLITE_CORRUPT": "corrupt",
    "SQLITE_NOTADB": "corrupt",
    "SQLITE_TOOBIG": "too_big",
}

#: PostgreSQL's, https://www.postgresql.org/docs/current/errcodes-appendix.html
_BY_STATE: Mapping[str, Code] = {
    "25006": "read_only",
    "42501": "read_only",
    "53100": "full",
    "54000": "too_big",
    "55P03": "locked",
    "40P01": "locked",
}


def _code(cause: BaseException) -> Code:
    name = getattr(cause, "sqlite_errorname", "")
    for prefix, code in _BY_SQLITE.items():
        if name.startswith(prefix):  # extended codes have a suffix
            return code
    if (state := str(getattr(cause, "sqlstate", ""))) in _BY_STATE:
        return _BY_STATE[state]
    if isinstance(cause, OSError):
        by_number: dict[int | None, Code] = {
            errno.EACCES: "read_only",
            errno.EPERM: "read_only",
            errno.EROFS: "read_only",
            errno.ENOSPC: "full",
            errno.EDQUOT: "full",
        }
        return by_number.get(cause.errno, "unreachable")
    if isinstance(cause, OverflowError):
        return "too_big"
    if isinstance(cause, sa.exc.TimeoutError):
        return "locked"
    if isinstance(cause, ImportError | sa.exc.NoSuchModuleError | sa.exc.ArgumentError):
        return "bad_address"
    return "unreachable"
