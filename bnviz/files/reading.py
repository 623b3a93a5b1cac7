"""What a file holds once it is read, and the table that its chosen columns make."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bnviz.core.configs import MAX_FEATURES
from bnviz.core.data.tables import Table
from bnviz.files.dialect import Dialect
from bnviz.files.findings import Finding, Question, Unreadable

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
#: What becomes of rows with missing values: left out, or filled with the column's mean and so on.
Filling = Literal["drop", "mean", "median", "zero"]


@dataclass(frozen=True)
class Reading:
    """The numeric columns of a file. Names are the user's own: escape them before showing.

    `values` (N, D) float64 is NaN where a cell holds no usable number; `rows` (N,) are
    the rows' numbers in the file. `dialect` is how the file was understood; while there are
    `questions`, the values are not to be trusted. `sheets` are those of a workbook.
    """

    names: tuple[str, ...]
    values: Floats
    rows: Rows
    dialect: Dialect
    findings: tuple[Finding, ...]
    questions: tuple[Question, ...] = ()
    sheets: tuple[str, ...] = ()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of names and values."""
        return digest_of(self.names, self.values)

    def complete(self, columns: Sequence[str]) -> NDArray[np.bool_]:
        """Which rows (N,) are complete in all of `columns`: what "drop" would leave."""
        complete = np.ones(len(self.values), np.bool_)
        for place in _places(self, columns):
            complete &= ~np.isnan(self.values[:, place])
        return complete


def to_table(reading: Reading, columns: Sequence[str], filling: Filling = "drop") -> Table:
    """The chosen columns as a Table, without gaps.

    Rows with a gap are dropped, or gaps are filled with the column's mean, median or
    zero. Raises Unreadable when a question is open, or the choice impossible or leaving no row.
    """
    if reading.questions:
        raise Unreadable("open_question", {})
    if not columns:
        raise Unreadable("no_columns", {})
    if len(columns) > MAX_FEATURES:
        raise Unreadable("too_many_columns", {"count": len(columns), "limit": MAX_FEATURES})
    places = _places(reading, columns)
    complete = reading.complete(columns)
    if filling == "drop" and not complete.any():
        gaps = [int(np.isnan(reading.values[:, place]).sum()) for place in places]
        worst = int(np.argmax(gaps))
        about = {"column": columns[worst], "count": gaps[worst], "rows": len(complete)}
        raise Unreadable("nothing_left", about)
    rows = np.flatnonzero(complete) if filling == "drop" else np.arange(len(complete))
    values = reading.values[rows[:, None], places]
    if filling != "drop":
        for column in values.T:
            known = np.zeros(1) if filling == "zero" else column[~np.isnan(column)]
            column[np.isnan(column)] = np.median(known) if filling == "median" else known.mean()
    return Table(digest_of(columns, values), tuple(columns), values)


def digest_of(names: Sequence[str], values: Floats) -> str:
    """SHA-256 of names and values, whatever the machine's byte order."""
    sha = hashlib.sha256(repr((tuple(names), values.shape)).encode("utf-8", "surrogatepass"))
    sha.update(np.ascontiguousarray(values, "<f8").data)
    return sha.hexdigest()


def _places(reading: Reading, columns: Sequence[str]) -> list[int]:
    unknown = [name for name in columns if name not in reading.names]
    if unknown:
        raise Unreadable("unknown_column", {"column": unknown[0]})
    return [reading.names.index(name) for name in columns]
