"""Bytes of a Parquet file -> its typed columns."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bnviz.files.dialect import Dialect
from bnviz.files.findings import Finding, Unreadable, clip
from bnviz.files.source import Batch, Source, most_rows

#: Bytes that a column's part of a row group may unpack to, and all columns' parts together.
MAX_UNPACKED: Final = 2**27
_BATCH_ROWS: Final = 65_536
#: What a damaged Parquet file has been seen to raise, or could.
_DAMAGE: Final = (
    pa.ArrowException,
    ArithmeticError,
    LookupError,
    OSError,
    StopIteration,
    ValueError,
)


def parquet(blob: bytes) -> Source:
    """The numeric columns of a Parquet file; of the others only a first cell, to be named.

    Raises Unreadable, before anything is unpacked that says it is too large.
    """
    try:
        file = pq.ParquetFile(pa.BufferReader(blob))
        fields = list(file.schema_arrow)
        if not file.metadata.num_rows or not fields:
            raise Unreadable(
                "no_rows", {"columns": tuple(clip(field.name) for field in fields[:5])}
            )
        names = [field.name for field in fields if _is_number(field.type)]
        _check_size(file, names)
        findings = [_left_out(file, field) for field in fields if not _is_number(field.type)]
    except _DAMAGE as error:
        raise Unreadable("damaged", {"detail": clip(error, 200)}) from error
    return Source(names, lambda: _batches(file, names), Dialect(), findings)


def _batches(file: Any, names: list[str]) -> Iterator[Batch]:
    start = 1
    try:
        for batch in file.iter_batches(_BATCH_ROWS, columns=names, use_threads=False):
            # A name like "a.b" also selects field b of a column a.
            columns = [column for column in batch.columns if _is_number(column.type)]
            yield Batch(np.arange(start, start + len(batch)), columns)
            start += len(batch)
    except _DAMAGE as error:
        raise Unreadable("damaged", {"detail": clip(error, 200)}) from error


def _check_size(file: Any, names: list[str]) -> None:
    """Refuses what would unpack to too much: the row groups that hold the rows to be read."""
    size = rows = 0
    for number in range(file.metadata.num_row_groups):
        if rows > most_rows(len(names)):
            break
        size += sum(_unpacked(file, number, name) for name in names)
        rows += file.metadata.row_group(number).num_rows
    if size > MAX_UNPACKED:
        raise Unreadable("unpacked", {"size": size, "limit": MAX_UNPACKED})


def _unpacked(file: Any, row_group: int, name: str) -> int:
    """Bytes of a column, by the file's own account."""
    group = file.metadata.row_group(row_group)
    chunks = map(group.column, range(group.num_columns))
    return sum(
        chunk.total_uncompressed_size
        for chunk in chunks
        if chunk.path_in_schema == name or chunk.path_in_schema.startswith(f"{name}.")
    )


def _is_number(kind: Any) -> bool:
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal)
    return any(test(kind) for test in tests)


def _left_out(file: Any, field: Any) -> Finding:
    """Why a column holds no numbers, with its first cell where that is small."""
    if pa.types.is_null(field.type):
        return Finding("empty_column", {"column": field.name})
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    small = _unpacked(file, 0, field.name) < MAX_UNPACKED // 8
    if not small or not (text or pa.types.is_temporal(field.type)):
        return Finding("no_numbers_type", {"column": field.name, "type": clip(field.type)})
    first = next(file.iter_batches(batch_size=1, columns=[field.name])).column(0)[0].as_py()
    values = {"column": field.name, "row": 1, "text": clip(first)}
    return Finding("text" if text else "dates", values)
