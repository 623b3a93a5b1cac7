"""What can go wrong with the history, as one exception that can be said in any language."""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

import sqlalchemy as sa

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

_SENTENCES: Mapping[Code, str] = {
    "read_only": "The run history at {place} cannot be written: {detail}. "
    "Set BNVIZ_HOME to a folder that can be written.",
    "full": "The disk that holds the run history at {place} is full. "
    "Free some space, or set BNVIZ_HOME to a folder on another disk.",
    "locked": "The run history at {place} is held by another program. Try again in a moment.",
    "corrupt": "The file {place} is not a readable run history: {detail}. "
    "Move it away, or set BNVIZ_HOME to another folder.",
    "newer": "The run history at {place} was written by a newer bnviz (format {found}; this one "
    "knows format {known}). Update bnviz, or set BNVIZ_HOME to another folder.",
    "too_big": "One record is larger than the run history at {place} can hold. "
    "Choose fewer seeds or smaller nets.",
    "bad_address": "BNVIZ_STORE is not a database address that works here: {detail}.",
    "table_gone": "The data this training learns from ({digest}) is not in the run history. "
    "Load the file again.",
    "run_gone": "There is no training {run} in the run history. Choose another one.",
    "no_nets": "Training {run} has not kept its nets yet. Wait for its first checkpoint.",
    "no_checkpoint": "Training {run} has not kept its nets at epoch {epoch}. "
    "Choose one of these epochs: {epochs}.",
    "unreachable": "The run history at {place} cannot be opened: {detail}.",
}


class StoreProblem(Exception):
    """The history cannot do what was asked; `code` and `values` are enough to say it anew."""

    def __init__(self, code: Code, values: Mapping[str, str]) -> None:
        super().__init__(_SENTENCES[code].format_map(values))
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
