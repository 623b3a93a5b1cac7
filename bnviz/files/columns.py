"""One column of a user's file -> float64, however its numbers are written."""

import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bnviz.files.findings import Finding, FindingCode, clip

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

#: Numbers beyond this are taken for errors; float32 ends at 3.4e38.
MAX_MAGNITUDE: Final = 1e30
#: From here on not every integer is a float64.
EXACT_INTEGERS: Final = 2**53

_EXPONENT = r"([eE][+-]?\d+)?"
PLAIN: Final = re.compile(rf"^[+-]?(\d+\.?\d*|\.\d+){_EXPONENT}$", re.ASCII)
_INTEGER: Final = r"^[+-]?\d+$"
_THOUSANDS: Final = r"^[+-]?\d{1,3}([, ']\d{3})+(\.\d*)?$"
_DECIMAL_COMMA: Final = (
    rf"^[+-]?(\d{{1,3}}([. ']\d{{3}})+|\d*),\d+{_EXPONENT}$|^[+-]?\d{{1,3}}([. ']\d{{3}})+$"
)
_INFINITE: Final = r"^[+-]?(inf|infinity|∞)$"
_DATE: Final = (
    r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ t]\d{1,2}:.*)?$"
    r"|^\d{1,2}:\d{2}(:\d{2})?(\.\d+)?$|^\d{2,4}年.*[月日]$"
)
_MISSING: Final = pa.array(
    ["", "na", "n/a", "#n/a", "nan", "-nan", "null", "none", "nil", "-", "--", "?", "."]
)
_TRUE, _FALSE = pa.array(["true", "yes"]), pa.array(["false", "no"])


@dataclass(frozen=True)
class Cells:
    """A column as it stands in the file, and what was found in it so far."""

    name: str
    column: Any
    rows: Rows
    findings: list[Finding]

    def note(self, code: FindingCode, which: Mask, **more: object) -> None:
        """Reports the cells in `which`, if any: how many, and the first one's row."""
        if which.any():
            row = int(self.rows[which.argmax()])
            values = {"column": self.name, "count": int(which.sum()), "row": row}
            self.findings.append(Finding(code, values | more))

    def text(self, which: Mask) -> str:
        """The first cell in `which`."""
        return clip(self.column[int(which.argmax())].as_py())


def numbers(
    name: str, column: Any, rows: Rows, decimal_comma: bool = False
) -> tuple[Floats | None, list[Finding]]:
    """A column's numbers (N,), NaN where a cell has none, and what there is to say of it.

    `column` is a pyarrow array and `rows` (N,) the number of each cell's row in the
    file. `decimal_comma` says how to read 1,234, which could be either. None in place
    of numbers when the column has to be left out.
    """
    cells = Cells(name, column, rows, [])
    values = _read_text(cells, decimal_comma) if pa.types.is_string(column.type) else _cast(cells)
    if values is not None:
        values = _judged(cells, values)
    return values, cells.findings


def _cast(cells: Cells) -> Floats:
    """A column of numbers or of true and false, as Parquet has typed it."""
    kind = cells.column.type
    if pa.types.is_boolean(kind):
        cells.findings.append(Finding("boolean", {"column": cells.name}))
    values = _floats(cells.column)
    if pa.types.is_integer(kind):
        _note_big_integers(cells, np.abs(values) >= EXACT_INTEGERS, values)
    cells.note("missing", np.isnan(values))
    return values


def _read_text(cells: Cells, decimal_comma: bool) -> Floats | None:
    if pc.all(_matches(cells.column, PLAIN.pattern)).as_py():
        values = _floats(cells.column)
        _note_text_integers(cells, cells.column, values)
        return values
    # Full-width digits and the many kinds of space and minus become the plain ones.
    tidy = pc.replace_substring(pc.utf8_normalize(cells.column, "NFKC"), "−", "-")
    tidy = pc.utf8_trim_whitespace(tidy)
    lower = pc.utf8_lower(tidy)
    missing, infinite = _mask(pc.is_in(lower, _MISSING)), _mask(_matches(lower, _INFINITE))
    rest = ~missing & ~infinite
    if missing.all():
        cells.findings.append(Finding("empty_column", {"column": cells.name}))
        return None
    percent = rest & _mask(pc.ends_with(tidy, "%"))
    tidy = pc.utf8_trim_whitespace(pc.utf8_rtrim(tidy, "%"))
    style, readable, plain = _best_style(tidy, rest, decimal_comma)
    if 2 * readable.sum() < rest.sum():
        return _words(cells, lower, missing, rest)
    values = np.full(len(rest), np.nan)
    written = pc.filter(_respell(tidy, style), pa.array(readable))
    values[readable] = _floats(written)
    values[infinite] = np.inf
    unusual = readable & ~plain
    if unusual.any():
        code: FindingCode = "thousands" if style == _THOUSANDS else "decimal_comma"
        cells.note(code, unusual, **_example(cells, unusual, values))
    percent &= readable
    if percent.any():
        cells.note("percent", percent, **_example(cells, percent, values))
    cells.note("spaces", readable & _mask(_matches(cells.column, r"^\s|\s$")))
    unread = rest & ~readable
    if unread.any():
        cells.note("mixed", unread, text=cells.text(unread))
    cells.note("missing", missing)
    _note_text_integers(cells, tidy, values)
    return values


def _best_style(tidy: Any, rest: Mask, decimal_comma: bool) -> tuple[str, Mask, Mask]:
    """The way of writing that reads most cells, those cells, and which of them are plain."""
    plain = rest & _mask(_matches(tidy, PLAIN.pattern))
    integer = plain & _mask(_matches(tidy, _INTEGER))
    thousands = plain | rest & _mask(_matches(tidy, _THOUSANDS))
    comma = integer | rest & _mask(_matches(tidy, _DECIMAL_COMMA))
    styles = [(_THOUSANDS, thousands), (_DECIMAL_COMMA, comma)]
    ranked = [("", plain), *(reversed(styles) if decimal_comma else styles)]
    style, readable = max(ranked, key=lambda found: int(found[1].sum()))
    return style, readable, plain if style != _DECIMAL_COMMA else integer


def _respell(tidy: Any, style: str) -> Any:
    """Numbers of that style as float() would want them."""
    if style == _THOUSANDS:
        return pc.replace_substring_regex(tidy, "[, ']", "")
    if style == _DECIMAL_COMMA:
        return pc.replace_substring(pc.replace_substring_regex(tidy, "[. ']", ""), ",", ".")
    return tidy


def _words(cells: Cells, lower: Any, missing: Mask, rest: Mask) -> Floats | None:
    """A column that is not made of numbers: true and false, dates, or text."""
    yes, no = _mask(pc.is_in(lower, _TRUE)), _mask(pc.is_in(lower, _FALSE))
    if (yes | no)[rest].all():
        cells.findings.append(Finding("boolean", {"column": cells.name}))
        cells.note("missing", missing)
        return np.where(rest, yes.astype(np.float64), np.nan)
    if _mask(_matches(lower, _DATE))[rest].all():
        cells.note("dates", rest, text=cells.text(rest))
        return None
    text = rest & ~_mask(_matches(lower, PLAIN.pattern))
    cells.note("text", text, text=cells.text(text))
    return None


def _judged(cells: Cells, values: Floats) -> Floats | None:
    """What float64 itself can show: no numbers at all, too large ones, or one and the same."""
    cells.note("infinite", np.isinf(values))
    with np.errstate(invalid="ignore"):
        huge = np.isfinite(values) & (np.abs(values) > MAX_MAGNITUDE)
    cells.note("huge", huge, limit=MAX_MAGNITUDE)
    values = np.where(np.isfinite(values) & ~huge, values, np.nan)
    known = values[~np.isnan(values)]
    if not known.size:
        cells.findings.append(Finding("empty_column", {"column": cells.name}))
        return None
    if known.size > 1 and known.min() == known.max():
        found = {"column": cells.name, "number": float(known[0])}
        cells.findings.append(Finding("constant", found))
    return values


def _note_text_integers(cells: Cells, tidy: Any, values: Floats) -> None:
    with np.errstate(invalid="ignore"):
        big = np.abs(values) >= EXACT_INTEGERS
    if big.any():
        _note_big_integers(cells, big & _mask(_matches(tidy, _INTEGER)), values)


def _note_big_integers(cells: Cells, big: Mask, values: Floats) -> None:
    if big.any():
        cells.note("big_integers", big, **_example(cells, big, values))


def _example(cells: Cells, which: Mask, values: Floats) -> dict[str, object]:
    """The first such cell as written and as read."""
    return {"text": cells.text(which), "number": float(values[which.argmax()])}


def _matches(column: Any, pattern: str) -> Any:
    return pc.match_substring_regex(column, pattern)


def _mask(flags: Any) -> Mask:
    return np.asarray(flags.to_numpy(zero_copy_only=False), dtype=np.bool_)


def _floats(column: Any) -> Floats:
    """(N,) with NaN for null; integers round where float64 is too short for them."""
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    return np.array(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
