"""A user's CSV or Parquet file -> numeric columns, and the chosen ones -> a Table.

Reading never fails with anything but :class:`Unreadable`, and says what it met on the
way as :class:`Finding`; see :mod:`bnviz.files.findings` for all of both.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bnviz.core.data.tables import Table
from bnviz.files import columns as cells
from bnviz.files import csv_text
from bnviz.files.findings import Finding, FindingCode, Unreadable, UnreadableCode, clip

__all__ = [
    "MAX_BYTES",
    "MAX_CHOSEN",
    "MAX_ROWS",
    "Finding",
    "FindingCode",
    "Missing",
    "Reading",
    "Unreadable",
    "UnreadableCode",
    "read",
    "to_table",
]

Floats = NDArray[np.float64]
Missing = Literal["drop", "mean", "median", "zero"]

MAX_BYTES: Final = 50 * 2**20
MAX_ROWS: Final = 1_000_000
#: As many columns as a batch has features at most.
MAX_CHOSEN: Final = 256
#: What a small Parquet file may grow to when unpacked.
_MOST_UNPACKED: Final = 2**30
#: What a damaged Parquet file has been seen to raise, or could.
_DAMAGE: Final = (
    pa.ArrowException,
    ArithmeticError,
    LookupError,
    OSError,
    StopIteration,
    ValueError,
)


@dataclass(frozen=True)
class Reading:
    """The numeric columns of a file. Names are the user's own: escape them before showing.

    `values` (N, D) float64 is NaN where a cell holds no usable number; `rows` (N,) are
    the rows' numbers in the file. `encoding` and `separator` are None for Parquet.
    """

    names: tuple[str, ...]
    values: Floats
    rows: NDArray[np.int64]
    encoding: str | None
    separator: str | None
    findings: tuple[Finding, ...]

    def complete_rows(self, columns: Sequence[str]) -> int:
        """How many rows are complete in all of `columns`: what "drop" would leave."""
        return int((~np.isnan(self.values[:, _places(self, columns)]).any(axis=1)).sum())


def read(name: str, blob: bytes) -> Reading:
    """What the file `name` with content `blob` holds. Raises Unreadable, nothing else."""
    if len(blob) > MAX_BYTES:
        raise Unreadable("too_big", {"size": len(blob), "limit": MAX_BYTES})
    if not blob.strip():
        raise Unreadable("empty", {})
    if blob.startswith(b"PAR1") or name.lower().endswith((".parquet", ".pq")):
        names, columns, rows, findings = _parquet(blob)
        encoding = separator = None
    else:
        found = csv_text.split(blob)
        names, columns, rows, findings = found.names, found.columns, found.rows, found.findings
        encoding, separator = found.encoding, found.separator
    if len(rows) > MAX_ROWS:
        findings.append(Finding("too_many_rows", {"count": len(rows), "limit": MAX_ROWS}))
        columns, rows = [column[:MAX_ROWS] for column in columns], rows[:MAX_ROWS]
    if len(rows) == 1:
        findings.append(Finding("one_row", {"row": int(rows[0])}))
    names, renamed = _distinct(names)
    findings += renamed
    kept: dict[str, Floats] = {}
    for label, column in zip(names, columns, strict=True):
        values, met = cells.numbers(label, column, rows, decimal_comma=separator == ";")
        findings += met
        if values is not None:
            kept[label] = values
    if not kept:
        raise _no_numbers(findings, int(rows[0]))
    if len(kept) > MAX_CHOSEN:
        findings.append(Finding("too_many_columns", {"count": len(kept), "limit": MAX_CHOSEN}))
    matrix = np.column_stack(list(kept.values()))
    return Reading(tuple(kept), matrix, rows, encoding, separator, tuple(findings))


def to_table(reading: Reading, columns: Sequence[str], missing: Missing = "drop") -> Table:
    """The chosen columns as a Table, without gaps.

    Rows with a gap are dropped, or gaps are filled with the column's mean, median or
    zero. Raises Unreadable when the choice is impossible or leaves no row.
    """
    if not columns:
        raise Unreadable("no_columns", {})
    if len(columns) > MAX_CHOSEN:
        raise Unreadable("too_many_columns", {"count": len(columns), "limit": MAX_CHOSEN})
    values = reading.values[:, _places(reading, columns)]
    gaps = np.isnan(values)
    if missing == "drop":
        values = values[~gaps.any(axis=1)]
    elif missing == "zero":
        values = np.where(gaps, 0.0, values)
    else:
        fill = (np.nanmean if missing == "mean" else np.nanmedian)(values, axis=0)
        values = np.where(gaps, fill, values)
    if not len(values):
        worst = int(gaps.sum(axis=0).argmax())
        count = int(gaps[:, worst].sum())
        found = {"column": columns[worst], "count": count, "rows": len(gaps)}
        raise Unreadable("nothing_left", found)
    values = np.ascontiguousarray(values)
    return Table(_digest(columns, values), tuple(columns), values)


def _digest(names: Iterable[str], values: Floats) -> str:
    """SHA-256 of names and values, whatever the machine's byte order."""
    sha = hashlib.sha256(repr((tuple(names), values.shape)).encode("utf-8", "surrogatepass"))
    sha.update(values.astype("<f8").tobytes())
    return sha.hexdigest()


def _places(reading: Reading, columns: Sequence[str]) -> list[int]:
    unknown = [name for name in columns if name not in reading.names]
    if unknown:
        raise Unreadable("unknown_column", {"column": unknown[0]})
    return [reading.names.index(name) for name in columns]


def _distinct(names: Sequence[str]) -> tuple[list[str], list[Finding]]:
    """A name for every column, no two alike."""
    taken, given, findings = set(names), set[str](), []
    result = []
    for position, name in enumerate(names, 1):
        new = name if name.strip() else f"x{position}"
        number = 1
        while new in given or (new != name and new in taken):
            number += 1
            new = f"{name if name.strip() else f'x{position}'} ({number})"
        if not name.strip():
            findings.append(Finding("unnamed_column", {"position": position, "renamed": new}))
        elif new != name:
            found = {"position": position, "column": name, "renamed": new}
            findings.append(Finding("duplicate_name", found))
        given.add(new)
        result.append(new)
    return result, findings


def _no_numbers(findings: Sequence[Finding], row: int) -> Unreadable:
    """Which columns there are instead, and the first cell that is in the way."""
    left_out = ("text", "dates", "no_numbers_type", "empty_column")
    about = [finding.values for finding in findings if finding.code in left_out]
    columns = [clip(values["column"]) for values in about]
    cell = {"row": about[0].get("row", row), "text": about[0].get("text", "")}
    return Unreadable("no_numbers", {"columns": columns[:5], "column": columns[0], **cell})


def _parquet(blob: bytes) -> tuple[list[str], list[Any], NDArray[np.int64], list[Finding]]:
    """The typed columns of a Parquet file; of the others only a first cell, to be named."""
    try:
        file = pq.ParquetFile(pa.BufferReader(blob))
        rows, fields = file.metadata.num_rows, list(file.schema_arrow)
        if len(fields) > csv_text.MAX_COLUMNS:
            raise Unreadable("too_wide", {"count": len(fields), "limit": csv_text.MAX_COLUMNS})
        if not rows or not fields:
            raise Unreadable("no_rows", {"columns": [clip(field.name) for field in fields[:5]]})
        numeric = [field.name for field in fields if _is_number(field.type)]
        size = 8 * rows * len(numeric)
        if size > _MOST_UNPACKED:
            raise Unreadable("too_big", {"size": size, "limit": _MOST_UNPACKED})
        table = file.read(columns=numeric)
        findings = [_left_out(file, field) for field in fields if not _is_number(field.type)]
    except _DAMAGE as error:
        raise Unreadable("damaged", {"detail": clip(error, 200)}) from error
    columns = [column.combine_chunks() for column in table.columns]
    return table.column_names, columns, np.arange(1, len(table) + 1), findings


def _is_number(kind: Any) -> bool:
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal)
    return any(test(kind) for test in tests)


def _left_out(file: Any, field: Any) -> Finding:
    if pa.types.is_null(field.type):
        return Finding("empty_column", {"column": field.name})
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    if not text and not pa.types.is_temporal(field.type):
        found = {"column": field.name, "type": clip(field.type)}
        return Finding("no_numbers_type", found)
    first = next(file.iter_batches(batch_size=1, columns=[field.name])).column(0)[0].as_py()
    values = {"column": field.name, "count": file.metadata.num_rows, "row": 1}
    return Finding("text" if text else "dates", values | {"text": clip(first)})
