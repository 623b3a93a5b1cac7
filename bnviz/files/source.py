"""What every kind of file is turned into before its cells are read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bnviz.files.dialect import Dialect
from bnviz.files.findings import Finding, Question

MAX_ROWS: Final = 1_000_000
MAX_CELLS: Final = 10_000_000
MAX_COLUMNS: Final = 5000


def most_rows(columns: int) -> int:
    """How many rows are read of a file with so many columns."""
    return min(MAX_ROWS, MAX_CELLS // max(columns, 1))


class Batch(NamedTuple):
    """Some rows: their numbers in the file (n,), and a pyarrow array (n,) for each column.

    `ragged` are the rows left out on the way: how many, and the first one's number and fields.
    """

    rows: NDArray[np.int64]
    columns: list[Any]
    ragged: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True)
class Source:
    """A file's columns, read anew at each call of `batches`, so that only some rows are in memory.

    The arrays hold text, or what the file itself has typed as numbers.
    """

    names: list[str]
    batches: Callable[[], Iterator[Batch]]
    dialect: Dialect
    findings: list[Finding] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    sheets: tuple[str, ...] = ()
    most_rows: int | None = None
