"""Bytes of an Excel workbook -> the columns of one of its sheets, as text."""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from itertools import chain, islice
from typing import Any, Final

import numpy as np
import pyarrow as pa

from bnviz.files.dialect import Dialect
from bnviz.files.findings import Finding, Unreadable, Values, clip, damaged
from bnviz.files.header import Record, locate
from bnviz.files.notation import is_number
from bnviz.files.source import Batch, Source

#: A million cells take openpyxl some eight seconds; the row around them counts as a few.
MOST_CELLS, ROW_COST = 1_000_000, 4
_SAMPLE_ROWS, _BATCH_ROWS = 200, 5000
_RANGE: Final = re.compile(r"\$?[A-Z]{1,3}\$?\d{1,7}:\$?[A-Z]{1,3}\$?\d{1,7}")


def is_workbook(blob: bytes) -> bool:
    """Whether these are the bytes of an .xlsx or .xlsm file."""
    try:
        return "xl/workbook.xml" in zipfile.ZipFile(io.BytesIO(blob)).namelist()
    except (zipfile.BadZipFile, OSError, ValueError, LookupError, NotImplementedError):
        return False


def workbook(blob: bytes, asked: Dialect) -> Source:
    """The columns of a sheet: the one asked for, or the first that holds numbers; hidden ones last.

    Raises Unreadable, before anything is unpacked that says it is too large.
    """
    from bnviz.files.formats.excel_parts import sheets_of

    try:
        sheets = sheets_of(blob)
        if asked.sheet is not None and asked.sheet not in sheets:
            raise Unreadable("no_sheet", {"sheet": asked.sheet, "sheets": tuple(sheets)})
        return _source(sheets, asked)
    except Unreadable:
        raise
    except Exception as error:  # openpyxl raises whatever its parts do
        raise damaged(error) from error


def _source(sheets: Mapping[str, Any], asked: Dialect) -> Source:
    name, top, rows, start = "", 1, iter(list[Record]()), list[Record]()
    shown = sorted(sheets, key=lambda name: sheets[name].sheet_state != "visible")
    for name in [asked.sheet] if asked.sheet else shown:
        top, rows = _rows(sheets[name], asked.range)
        start = list(islice(rows, _SAMPLE_ROWS))
        if any(is_number(cell) for record in start for cell in record):
            break
    width = max(map(len, start), default=0)
    header = asked.header - top + 1 if asked.header else asked.header
    layout = locate([_padded(record, width) for record in start], header)
    most_rows = MOST_CELLS // (width + ROW_COST)
    below = islice(chain(start, rows), layout.first - 1, layout.first + most_rows)
    batches = list(_batches(below, width, top + layout.first - 1))
    findings = layout.findings
    if len(sheets) > 1 and not asked.sheet:
        values: Values = {"sheet": name, "sheets": tuple(sheets)}
        findings.append(Finding("sheet", values))
    row = layout.header and layout.header + top - 1
    return Source(
        layout.names,
        lambda: iter(batches),
        Dialect(header=row, sheet=name, range=asked.range),
        findings,
        layout.questions,
        tuple(sheets),
        most_rows,
    )


def _rows(sheet: Any, asked: str | None) -> tuple[int, Iterator[Record]]:
    """The number of the first row, and the rows' cells as text."""
    from openpyxl.utils import range_boundaries

    left, top, right, bottom = None, 1, None, None
    if asked:
        written = asked.strip().upper()
        if not _RANGE.fullmatch(written):
            raise Unreadable("no_range", {"range": clip(asked)})
        left, top, right, bottom = range_boundaries(written)
    rows = sheet.iter_rows(max(top, 1), bottom, left, right, values_only=True)
    return max(top, 1), ([_text(cell) for cell in row] for row in rows)


def _batches(rows: Iterator[Record], width: int, number: int) -> Iterator[Batch]:
    while records := list(islice(rows, _BATCH_ROWS)):
        some = [_padded(record, width) for record in records]
        wide = np.array([any(map(str.strip, record[width:])) for record in records])
        at = int(wide.argmax())
        ragged = (int(wide.sum()), number + at, len(records[at])) if wide[at] else (0, 0, 0)
        filled = np.array([any(map(str.strip, record)) for record in some]) & ~wide
        columns = [pa.array(cells, pa.string()) for cells in zip(*some, strict=True)]
        numbers = np.arange(number, number + len(some))
        yield Batch(numbers[filled], [each.filter(pa.array(filled)) for each in columns], ragged)
        number += len(some)


def _padded(record: Record, width: int) -> Record:
    return [*record[:width], *[""] * (width - len(record))]


def _text(cell: object) -> str:
    """A cell as text; a number without decimal sign, as a text beside it may write another one."""
    if cell is None or isinstance(cell, bool):
        return "" if cell is None else str(cell).lower()
    if isinstance(cell, float):
        _, digits, exponent = Decimal(repr(cell)).as_tuple()
        number = int("".join(map(str, digits)))
        return f"{'-' * (cell < 0)}{number}e{exponent}" if isinstance(exponent, int) else str(cell)
    return cell.isoformat(" ") if isinstance(cell, datetime) else str(cell)
