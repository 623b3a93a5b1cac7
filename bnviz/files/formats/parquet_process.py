"""The process that unpacks one Parquet file, from stdin to stdout, and ends.

pyarrow aborts the whole process at some damaged files, and believes what a file says of its
sizes; so nothing else may live where it reads one.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from bnviz.children import limit_memory
from bnviz.files.findings import Finding, Unreadable, clip, damaged
from bnviz.files.formats.parquet import ABOUT, REFUSED
from bnviz.files.source import MAX_COLUMNS, most_rows

#: Bytes that a column's part of a row group may unpack to, and all columns' parts together.
MAX_UNPACKED: Final = 2**27
#: What this process may take: 120 MB of Python and pyarrow, the file, and what is at work.
MAX_MEMORY: Final = 400 * 2**20
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


def main() -> None:
    """Writes the numeric columns as a stream of Arrow, or why there are none."""
    limit_memory(MAX_MEMORY)
    try:
        _unpack(sys.stdin.buffer.read())
    except Unreadable as problem:
        print(json.dumps([problem.reason.key, problem.reason.values]), file=sys.stderr)
        sys.exit(REFUSED)


def _unpack(blob: bytes) -> None:
    try:
        file = pq.ParquetFile(pa.BufferReader(blob))
        fields = list(file.schema_arrow)
        if not file.metadata.num_rows or not fields:
            raise Unreadable("no_rows", {"columns": [clip(field.name) for field in fields[:5]]})
        numeric = [field for field in fields if _is_number(field.type)]
        _check_size(file, [field.name for field in numeric])
        sizes = _unpacked(file, 0)
        findings = [
            _left_out(file, field, sizes[field.name])
            for field in fields
            if not _is_number(field.type)
        ]
        about = {
            "names": [field.name for field in numeric],
            "findings": [[finding.key, finding.values] for finding in findings],
        }
        # The names themselves stand in `about`: here two may be alike.
        places = [pa.field(str(place), field.type) for place, field in enumerate(numeric)]
        schema = pa.schema(places, {ABOUT: json.dumps(about)})
        with pa.ipc.new_stream(sys.stdout.buffer, schema) as stream:
            for columns in _batches(file, about["names"]):
                stream.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
    except MemoryError as error:
        raise Unreadable("exhausting", {}) from error
    except _DAMAGE as error:
        raise damaged(error) from error


def _batches(file: Any, names: list[str]) -> Iterator[list[Any]]:
    """The numeric columns of some rows, again and again, until one row more than are read."""
    most, rows = most_rows(len(names)), 0
    if len(names) > MAX_COLUMNS:
        return
    for batch in file.iter_batches(min(_BATCH_ROWS, most + 1), columns=names, use_threads=False):
        # A name like "a.b" also selects field b of a column a.
        yield [column for column in batch.columns if _is_number(column.type)]
        rows += len(batch)
        if rows > most:
            return


def _check_size(file: Any, names: list[str]) -> None:
    """Refuses what would unpack to too much: the row groups that hold the rows to be read."""
    size = rows = 0
    for number in range(file.metadata.num_row_groups):
        if rows > most_rows(len(names)):
            break
        sizes = _unpacked(file, number)
        size += sum(sizes[name] for name in names)
        rows += file.metadata.row_group(number).num_rows
    if size > MAX_UNPACKED:
        raise Unreadable("unpacked", {"size": size, "limit": MAX_UNPACKED})


def _unpacked(file: Any, row_group: int) -> Counter[str]:
    """Bytes of each column that is no group of columns, by the file's own account."""
    group, sizes = file.metadata.row_group(row_group), Counter[str]()
    for chunk in map(group.column, range(group.num_columns)):
        sizes[chunk.path_in_schema] += chunk.total_uncompressed_size
    return sizes


def _is_number(kind: Any) -> bool:
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal)
    return any(test(kind) for test in tests)


def _left_out(file: Any, field: Any, size: int) -> Finding:
    """Why a column holds no numbers, with its first cell where that is small."""
    if pa.types.is_null(field.type):
        return Finding("empty_column", {"column": field.name})
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    if size >= MAX_UNPACKED // 8 or not (text or pa.types.is_temporal(field.type)):
        return Finding("no_numbers_type", {"column": field.name, "type": clip(field.type)})
    first = next(file.iter_batches(batch_size=1, columns=[field.name])).column(0)[0].as_py()
    values = {"column": field.name, "row": 1, "text": clip(first)}
    return Finding("text" if text else "dates", values)
