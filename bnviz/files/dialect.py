"""How a file writes its table: what can be told about it, and what its reader may correct."""

from dataclasses import dataclass
from typing import Final, Literal

Separator = Literal["comma", "semicolon", "tab", "pipe", "blanks", "none"]
Decimal = Literal["point", "comma"]
#: What becomes of a last row that looks like the total of those above.
Total = Literal["omitted", "kept"]

#: The character of each separator; many blanks count as one, and none is a single column.
CHARACTERS: Final[dict[Separator, str]] = {
    "tab": "\t",
    "semicolon": ";",
    "pipe": "|",
    "comma": ",",
    "blanks": " ",
    "none": "\x1f",
}
#: The character of each decimal sign.
SIGN: Final[dict[Decimal, str]] = {"point": ".", "comma": ","}
#: Encodings that are looked for where a file is not UTF-8, by Python's names.
GUESSED: Final = (
    "cp1252",
    "gb18030",
    "big5hkscs",
    "cp932",
    "cp949",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "koi8-r",
)
_UNICODE: Final = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
#: All encodings that can be asked for.
ENCODINGS: Final = (*_UNICODE, *GUESSED, "latin-1", "mac-roman", "cp850", "euc-jp")


@dataclass(frozen=True)
class Dialect:
    """How to read a file, or how one was read; None is still to be found out, or has no meaning.

    `header` is the row of the names, counted from 1, and 0 where there are none. `missing`
    are the cells that stand for a missing value, besides the usual words for it. `sheet`
    and `range` (as in B3:F20) say where in a workbook the table is. `total` has a meaning where
    the last row looks like one.
    """

    separator: Separator | None = None
    decimal: Decimal | None = None
    encoding: str | None = None
    header: int | None = None
    missing: tuple[str, ...] | None = None
    sheet: str | None = None
    range: str | None = None
    total: Total | None = None
