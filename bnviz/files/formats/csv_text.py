"""Bytes of a text file -> columns of text, piece by piece."""

import io
import re
from array import array
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from bnviz.files.dialect import Dialect
from bnviz.files.findings import Finding, Unreadable, damaged
from bnviz.files.formats.encoding import encoding_of, text_of
from bnviz.files.formats.separation import SAMPLE_CHARACTERS, Fields, one_or_two, understood
from bnviz.files.header import Layout
from bnviz.files.source import Batch, Source

#: Rows with too few or too many fields, after which reading ends.
MAX_RAGGED: Final = 1_000_000
#: Bytes that are parsed at a time, more of wide tables; a row must fit.
_BLOCK: Final = 1 << 20
#: How JSON, XML and HTML begin.
_MARKUP: Final = re.compile(r"\s*([\[{]\s*[\[{\"]|<(!doctype|\?xml|html|table)\b)", re.IGNORECASE)


def delimited(blob: bytes, asked: Dialect) -> Source:
    """The columns of a CSV file. Raises Unreadable."""
    encoding = encoding_of(blob, asked.encoding)
    start = next(text_of(blob, encoding), "")[:SAMPLE_CHARACTERS]
    if not start.strip():
        raise Unreadable("empty", {})
    if _MARKUP.match(start):
        raise Unreadable("markup", {})
    wide = _has_wide_commas(start)
    start = start.replace("，", ",") if wide else start
    fields, layout = understood(start, asked)
    if layout.above > 1:
        values = {"row": layout.first, "expected": layout.above, "actual": len(layout.names)}
        raise Unreadable("ragged", values)
    findings = []
    if not encoding.startswith("utf") and not asked.encoding:
        findings.append(Finding("encoding", {"encoding": encoding}))
    dialect = Dialect(fields.separator, encoding=encoding, header=layout.header)
    return Source(
        layout.names,
        lambda: _batches(_pieces(blob, encoding, wide), fields, layout),
        dialect,
        findings + layout.findings,
        layout.questions + ([] if asked.separator else one_or_two(start, fields, layout)),
    )


def _has_wide_commas(start: str) -> bool:
    """Whether full-width commas stand between columns, and nothing else could."""
    lines = [line for line in start.split("\n")[:200] if line.strip()]
    return all("，" in line and not re.search("[,;\t|]", line) for line in lines)


def _pieces(blob: bytes, encoding: str, wide: bool) -> Iterator[str]:
    for piece in text_of(blob, encoding):
        yield piece.replace("，", ",") if wide else piece


def _batches(pieces: Iterator[str], fields: Fields, layout: Layout) -> Iterator[Batch]:
    """The rows that are as wide as the table and not blank, and which others there are."""
    absent = array("q")
    ragged = (0, 0, 0)

    def refuse(row: Any) -> str:
        nonlocal ragged
        absent.append(row.number)
        if row.number >= layout.first and row.text.strip():
            first = ragged[1:] if ragged[0] else (row.number, row.actual_columns)
            ragged = (ragged[0] + 1, *first)
        return "skip" if len(absent) < MAX_RAGGED else "error"

    number = 1
    try:
        for block in _blocks(_bytes(pieces, fields), fields, len(layout.names), refuse):
            rows = np.arange(number, number + len(block) + len(absent))
            rows = np.setdiff1d(rows, absent, assume_unique=True)[: len(block)]
            number = int(rows[-1]) + 1 if len(rows) else number
            absent = array("q", (each for each in absent if each >= number))
            keep = (rows >= layout.first) & ~_blank(block)
            columns = [column.filter(pa.array(keep)) for column in block.columns]
            yield Batch(rows[keep], columns, ragged)
            ragged = (0, 0, 0)
    except pa.ArrowException as error:
        if len(absent) < MAX_RAGGED:
            raise damaged(error) from error
    if ragged[0]:
        yield Batch(np.empty(0, np.int64), [pa.array([], pa.string())] * len(layout.names), ragged)


def _blocks(
    text: Iterator[bytes], fields: Fields, width: int, refuse: Callable[[Any], str]
) -> Iterable[Any]:
    names = [str(j) for j in range(width)]
    return pyarrow.csv.open_csv(  # type: ignore[no-any-return]
        pa.PythonFile(io.BufferedReader(_Stream(text)), "r"),
        pyarrow.csv.ReadOptions(
            use_threads=False, column_names=names, block_size=_BLOCK * (1 + width // 1000)
        ),
        pyarrow.csv.ParseOptions(
            delimiter=fields.delimiter,
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


def _blank(block: Any) -> NDArray[np.bool_]:
    """Which rows hold nothing; of a single column, a blank cell is a missing value."""
    blank = np.full(len(block), block.num_columns > 1)
    for column in block.columns:
        if not blank.any():
            break
        blank &= pc.equal(pc.utf8_trim_whitespace(column), "").to_numpy(zero_copy_only=False)
    return blank


def _bytes(pieces: Iterator[str], fields: Fields) -> Iterator[bytes]:
    """The text in UTF-8, without the blank lines at its end."""
    rest = ""
    for piece in pieces:
        text = rest + piece
        whole = text[: text.rfind("\n") + 1] if fields.separator == "blanks" else text
        body = whole.rstrip("\n")
        rest = text[len(body) :]
        if body:
            yield _tabbed(body, fields).encode()
    if rest := rest.rstrip("\n"):
        yield _tabbed(rest, fields).encode()


def _tabbed(text: str, fields: Fields) -> str:
    return "\n".join(fields.tabbed(text.split("\n"))) if fields.separator == "blanks" else text


class _Stream(io.RawIOBase):
    """Pieces of bytes as a file to read from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, memoryview(b"")

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fills the buffer as far as the piece at hand goes; returns the number of bytes."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count
