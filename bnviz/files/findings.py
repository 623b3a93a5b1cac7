"""What there is to say about a user's file: codes and values, worded by the texts.

Rows are numbered as a spreadsheet numbers them: from 1, the line of names included.
Names and cell texts are the user's own, verbatim (texts cut at 40 characters), and may
hold anything, Markdown included: escape them before showing them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bnviz.core.verdict import Verdict
from bnviz.files.dialect import Decimal, Separator, Total

FindingCode = Literal[
    # about the file
    "encoding",  # encoding: guessed, as the file is not UTF-8
    "skipped",  # count, text: rows above the data that are no names, and the first of them
    "no_header",  # columns: the names given, as no row holds names
    "sheet",  # sheet, sheets: which of them was read
    "ragged_rows",  # count, row, expected, actual: rows with too few or many fields, left out
    "unnamed_column",  # position, renamed
    "duplicate_name",  # position, column, renamed
    "one_row",  # row: the only one
    "too_many_rows",  # limit: the first so many are kept
    "too_many_columns",  # count, limit: choose some of the numeric columns
    # about a column that is left out
    "text",  # column, row, text: the first cell that is no number
    "dates",  # column, row, text
    "empty_column",  # column
    "no_numbers_type",  # column, type: a Parquet column of lists, bytes and the like
    # about a numeric column; what is not a usable number counts as missing
    "mixed",  # column, count, row, text: a few cells that are no numbers
    "missing",  # column, count, row
    "infinite",  # column, count, row
    "huge",  # column, count, row, limit: numbers beyond it
    "big_integers",  # column, count, row, text, number: integers that lose their last digits
    "constant",  # column, number
    "day_numbers",  # column, number: whole numbers that read as days, as 20240131 does
    "boolean",  # column: true and yes are 1, false and no are 0
    "thousands",  # column, count, row, text, number: how it was read
    "other_decimal",  # column, row, text, number: a decimal sign unlike most columns'
    "percent",  # column, count, row, text, number
    "currency",  # column, count, row, text, number
    "negative",  # column, count, row, text, number: in brackets, or the minus behind
    "spaces",  # column, count, row: spaces around numbers
]
UnreadableCode = Literal[
    "empty",  # no bytes, or nothing but blanks
    "too_big",  # size, limit in bytes
    "unpacked",  # size, limit in bytes: a compressed file that would unpack to more
    "exhausting",  # took more memory or time than one file may
    "too_wide",  # count, limit of columns
    "encoding",  # tried, row
    "binary",  # not text
    "spreadsheet",  # an old Excel or an OpenDocument file, or another ZIP
    "markup",  # JSON, XML or HTML
    "compressed",  # a compressed file
    "damaged",  # detail: a file that cannot be parsed
    "no_sheet",  # sheet, sheets: the workbook has no such sheet
    "no_range",  # range: not of the form B3:F20
    "no_names",  # row, columns: the row asked for does not fit the columns
    "no_rows",  # columns: names, but nothing below
    "ragged",  # row, expected, actual: no row fits the names
    "no_numbers",  # columns, column, row, text: no numeric column; the first cell in the way
    # of a choice
    "open_question",  # a question must be answered first
    "no_columns",  # nothing chosen
    "unknown_column",  # column
    "too_many_columns",  # count, limit
    "nothing_left",  # column, count, rows: dropping rows leaves none; the emptiest column
]
QuestionCode = Literal[
    "decimal",  # column, row, text, and what it would be as point and as comma
    "header",  # row, text
    "separator",  # row, text
    "missing",  # numbers; and the column, row and count of one of them
    "total",  # row, text: whether the last row is the total of those above
]
Values = dict[str, float | str | tuple[str, ...]]
#: Something in a file that its owner should know.
Finding = Verdict[FindingCode]


@dataclass(frozen=True)
class Question:
    """What cannot be told from a file. Each of `answers` has a name, and is what the field of a
    Dialect called like the question's key would hold."""

    asked: Verdict[QuestionCode]
    answers: Mapping[str, Decimal | Separator | Total | int | tuple[str, ...]]


class Unreadable(Exception):
    """Nothing can be made of a file, or of a choice of its columns; see UnreadableCode."""

    def __init__(self, code: UnreadableCode, values: Mapping[str, Any]) -> None:
        super().__init__(code, dict(values))
        self.reason: Verdict[UnreadableCode] = Verdict(code, dict(values))

    def __str__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self.reason.values.items())
        return f"{self.reason.key}: {values}"


def damaged(error: Exception) -> Unreadable:
    """What a file is called whose reader raised `error`."""
    return Unreadable("damaged", {"detail": clip(error, 200)})


def clip(text: object, length: int = 40) -> str:
    """A cell's text, short enough for a sentence."""
    words = str(text)
    return words if len(words) <= length else words[: length - 1] + "…"
