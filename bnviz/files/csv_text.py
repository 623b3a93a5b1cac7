"""Bytes of a CSV file -> columns of text: its encoding, separator, names and rows."""

import csv
import io
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from bnviz.files.columns import PLAIN
from bnviz.files.findings import Finding, Unreadable, clip

MAX_COLUMNS: Final = 5000
_SEPARATORS: Final = ("\t", ";", ",")
_BYTE_ORDER_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_ZIPPED: Final = (b"\x1f\x8b", b"BZh", b"7z\xbc\xaf", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"Rar!")
_OFFICE: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
#: Separators and widths are judged by this much of the file.
_SAMPLE_CHARACTERS, _SAMPLE_ROWS = 1_000_000, 200

Records = list[list[str]]


@dataclass(frozen=True)
class Delimited:
    """Text columns, all of one length, and each row's number in the file."""

    names: list[str]
    columns: list[Any]
    rows: NDArray[np.int64]
    encoding: str
    separator: str
    findings: list[Finding]


def split(blob: bytes) -> Delimited:
    """The columns of a CSV file. Raises Unreadable."""
    text, encoding = decode(blob)
    findings = [Finding("encoding", {"encoding": encoding})] if "utf-8" not in encoding else []
    body = text.lstrip("\r\n")
    above = len(text[: len(text) - len(body)].splitlines())
    separator, body, declared = _declared(body)
    separator = separator or sniff(body)
    records = _sample(body, separator)
    if not records:
        raise Unreadable("damaged", {"detail": "the first row does not end"})
    header, titled = _header(records)
    if len(header) > MAX_COLUMNS:
        raise Unreadable("too_wide", {"count": len(header), "limit": MAX_COLUMNS})
    table, bad = _parse(body, separator, len(header))
    numbers = np.delete(np.arange(1, len(table) + len(bad) + 1), [row - 1 for row, _ in bad])
    if titled:  # the names are the first row, or were refused for being one fewer
        keep = numbers != 1
        table, bad = table.filter(pa.array(keep)), [found for found in bad if found[0] != 1]
        numbers = numbers[keep]
    else:
        shown = header if len(header) < 5 else [*header[:2], "…", header[-1]]
        findings.append(Finding("no_header", {"columns": shown}))
    columns, numbers = _without_blank_rows(table, numbers)
    above += declared
    if bad:
        values = {"row": bad[0][0] + above, "expected": len(header), "actual": bad[0][1]}
        if not len(numbers):
            raise Unreadable("ragged", values)
        findings.append(Finding("ragged_rows", {"count": len(bad), **values}))
    if not len(numbers):
        raise Unreadable("no_rows", {"columns": [clip(name) for name in header[:5]]})
    return Delimited(header, columns, numbers + above, encoding, separator, findings)


def decode(blob: bytes) -> tuple[str, str]:
    """The text and the name of its encoding: by byte order mark, else UTF-8, else GB 18030."""
    if blob.startswith(_OFFICE):
        raise Unreadable("spreadsheet", {})
    if blob.startswith(_ZIPPED):
        raise Unreadable("compressed", {})
    marked = [name for mark, name in _BYTE_ORDER_MARKS if blob.startswith(mark)]
    tried = marked[:1] or ["utf-8", "gb18030"]
    if not marked and b"\x00" in blob:
        raise Unreadable("binary", {})
    failure: UnicodeError | None = None
    for encoding in tried:
        try:
            text = blob.decode(encoding)
        except UnicodeError as error:
            failure = failure or error
            continue
        if not text.strip():
            raise Unreadable("empty", {})
        if "\x00" in text:
            raise Unreadable("binary", {})
        return text.rstrip("\r\n"), encoding
    where = failure.start if isinstance(failure, UnicodeDecodeError) else 0
    row = blob[:where].count(b"\n") + 1
    raise Unreadable("encoding", {"tried": tried, "row": row})


def _declared(text: str) -> tuple[str | None, str, int]:
    """Excel's first line ``sep=;``: the separator, the text below it, and the lines it took."""
    first, _, rest = text.partition("\n")
    mark = first.strip().strip('"')
    if len(mark) == 5 and mark.lower().startswith("sep=") and mark[4] in _SEPARATORS:
        return mark[4], rest, 1
    return None, text, 0


def sniff(text: str) -> str:
    """Tab, semicolon or comma: the first that splits all rows alike, else the most even one.

    A comma comes last because it may be a decimal comma between semicolons.
    """
    evenness, names = {}, {}
    for separator in _SEPARATORS:
        first, *below = [len(record) for record in _sample(text, separator) if record] or [1]
        usual, count = Counter(below or [first]).most_common(1)[0]
        fits = usual > 1 and (first == usual or (first > 1 and _one_off(first, usual)))
        if fits and count == max(len(below), 1):
            return separator
        evenness[separator] = count if fits else 0
        names[separator] = first
    commas_first = _SEPARATORS[::-1]
    if any(evenness.values()):
        return max(commas_first, key=evenness.__getitem__)
    if max(names.values()) > 1:
        return max(commas_first, key=names.__getitem__)
    # One column: whatever does not cut its cells.
    return next((s for s in _SEPARATORS if s not in text[:_SAMPLE_CHARACTERS]), ",")


def _one_off(names: int, fields: int) -> bool:
    return abs(names - fields) == 1


def _sample(text: str, separator: str) -> Records:
    start = text[:_SAMPLE_CHARACTERS]
    reader = csv.reader(io.StringIO(start, newline=""), delimiter=separator)
    records: Records = []
    try:
        for record in reader:
            records.append(record)
            if len(records) >= _SAMPLE_ROWS:
                return records
    except csv.Error:
        return records
    # The last record of a sample is likely cut short.
    return records[:-1] if len(text) > len(start) and len(records) > 1 else records


def _header(records: Records) -> tuple[list[str], bool]:
    """A name for every column, and whether the first record is a line of names."""
    first, below = records[0], [record for record in records[1:] if record]
    if any(cell.strip() for cell in first) and all(
        PLAIN.fullmatch(cell.strip()) for cell in first if cell.strip()
    ):
        return [f"x{i}" for i in range(1, len(first) + 1)], False
    usual = Counter(map(len, below)).most_common(1)[0][0] if below else len(first)
    if usual == len(first) + 1 and len(first) > 1:
        # R leaves the row names' column unnamed; others end every row with a separator.
        trailing = all(not record[-1] for record in below if len(record) == usual)
        return ([*first, ""] if trailing else ["", *first]), True
    if usual == len(first) - 1 and not first[-1].strip():
        return first[:-1], True
    return first, True


def _parse(text: str, separator: str, width: int) -> tuple[Any, list[tuple[int, int]]]:
    """The rows of that width, and the others' numbers and widths."""
    bad: list[tuple[int, int]] = []

    def refuse(row: Any) -> str:
        bad.append((row.number, row.actual_columns))
        return "skip"

    blob = text.encode()
    names = [str(i) for i in range(width)]
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(blob),
            pyarrow.csv.ReadOptions(
                use_threads=False, column_names=names, block_size=len(blob) + 1
            ),
            pyarrow.csv.ParseOptions(
                delimiter=separator,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=refuse,
            ),
            pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
    except pa.ArrowException as error:
        raise Unreadable("damaged", {"detail": clip(error, 200)}) from error
    return table, bad


def _without_blank_rows(
    table: Any, numbers: NDArray[np.int64]
) -> tuple[list[Any], NDArray[np.int64]]:
    blank = np.full(len(table), table.num_columns > 1)
    for column in table.columns:
        if not blank.any():
            break
        blank &= pc.equal(pc.utf8_trim_whitespace(column), "").to_numpy()
    if blank.any():
        table, numbers = table.filter(pa.array(~blank)), numbers[~blank]
    return [column.combine_chunks() for column in table.columns], numbers
