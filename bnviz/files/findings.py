"""What there is to say about a user's file: codes and values, worded by whoever shows them.

Rows are numbered as a spreadsheet numbers them: from 1, the line of names included.
Names and cell texts are the user's own, verbatim (texts cut at 40 characters), and may
hold anything, Markdown included: escape them before showing them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

FindingCode = Literal[
    # about the file
    "encoding",  # encoding: not UTF-8
    "no_header",  # columns: the names given, as the first row holds numbers
    "ragged_rows",  # count, row, expected, actual: rows with too few or many fields, left out
    "unnamed_column",  # position, renamed
    "duplicate_name",  # position, column, renamed
    "one_row",  # row: the only one
    "too_many_rows",  # count, limit: the first `limit` are kept
    "too_many_columns",  # count, limit: choose some of the numeric columns
    # about a column that is left out
    "text",  # column, count, row, text: the first cell that is no number
    "dates",  # column, row, text
    "empty_column",  # column
    "no_numbers_type",  # column, type: a Parquet column of lists, bytes and the like
    # about a numeric column; what is not a usable number counts as missing
    "mixed",  # column, count, row, text: a few cells that are no numbers
    "missing",  # column, count, row
    "infinite",  # column, count, row
    "huge",  # column, count, row, limit: numbers beyond it
    "big_integers",  # column, count, row, number: integers that lose their last digits
    "constant",  # column, number
    "boolean",  # column: true and yes are 1, false and no are 0
    "thousands",  # column, count, row, text, number: how it was read
    "decimal_comma",  # column, count, row, text, number
    "percent",  # column, count, row, text, number
    "spaces",  # column, count, row: spaces around numbers
]
UnreadableCode = Literal[
    "empty",  # no bytes, or nothing but blanks
    "too_big",  # size, limit in bytes
    "too_wide",  # count, limit of columns
    "encoding",  # tried, row
    "binary",  # not text
    "spreadsheet",  # an Excel or OpenDocument file, or another ZIP
    "compressed",  # a compressed file
    "damaged",  # detail: a Parquet or CSV file that cannot be parsed
    "no_rows",  # columns: names, but nothing below
    "ragged",  # row, expected, actual: no row fits the names
    "no_numbers",  # columns, column, row, text: no numeric column; the first cell in the way
    # of a choice
    "no_columns",  # nothing chosen
    "unknown_column",  # column
    "too_many_columns",  # count, limit
    "nothing_left",  # column, count, rows: dropping rows leaves none; the emptiest column
]


@dataclass(frozen=True)
class Finding:
    """Something in a file that its owner should know; FindingCode lists the `values`."""

    code: FindingCode
    values: Mapping[str, object]


class Unreadable(Exception):
    """Nothing can be made of a file, or of a choice of its columns; see UnreadableCode."""

    def __init__(self, code: UnreadableCode, values: Mapping[str, object]) -> None:
        super().__init__(code, dict(values))
        self.code: UnreadableCode = code
        self.values = dict(values)

    def __str__(self) -> str:
        return ": ".join([self.code, ", ".join(f"{k}={v!r}" for k, v in self.values.items())])


def clip(text: object, length: int = 40) -> str:
    """A cell's text, short enough for a sentence."""
    words = str(text)
    return words if len(words) <= length else words[: length - 1] + "…"
