"""What can go wrong with the history, as one exception that can be said in any language."""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

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
    "run_gone",
    "no_nets",
    "no_checkpoint",
    "unreachable",
]


class StoreProblem(Exception):
    """The history cannot do what was asked; its text is that of ``problem.<code>``, in English."""

    def __init__(self, code: Code, values: Mapping[str, str]) -> None:
        super().__init__(sentence("en", f"problem.{code}", **values))
        self.code = code
        self.values = dict(values)


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


def _code(cause: BaseException) -> Code:
    name = getattr(cause, "sqlite_errorname", "")
    for prefix, code in _BY_SQLITE.items():
        if name.startswith(prefix):  # extended codes carry a suffix
            return code
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
