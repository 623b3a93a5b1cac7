"""Bytes of a text file -> columns of text: its encoding, separator, names and rows."""

import csv
import io
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from bnviz.core.verdict import Verdict
from bnviz.files.dialect import CHARACTERS, Dialect, Separator
from bnviz.files.encoding import encoding_of, text_of
from bnviz.files.findings import Finding, Question, QuestionCode, Unreadable, clip
from bnviz.files.header import Layout, Record, locate
from bnviz.files.notation import is_missing, is_number
from bnviz.files.source import Batch, Source

#: Rows with too few or too many fields, after which reading ends.
MAX_RAGGED: Final = 1_000_000
#: Separators and names are judged by this much of the file.
_SAMPLE_CHARACTERS, _SAMPLE_ROWS = 300_000, 200
#: Bytes that are parsed at a time, more of wide tables; a row must fit.
_BLOCK: Final = 1 << 20
#: Fields between blanks, which may themselves have blanks between quotes.
_FIELDS: Final = re.compile(r'(?:[^ \t"]|"[^"]*"?)+')
#: A row that is two whole numbers, or one number with a decimal comma.
_WHOLE: Final = re.compile(r" ?-?\d+,\d+ ?")


@dataclass(frozen=True)
class Fields:
    """How lines become fields: at a separator, or cut at places (of characters) that line up."""

    separator: Separator
    cuts: tuple[int, ...] = ()

    @property
    def delimiter(self) -> str:
        """The character between fields, once blanks have become tabs."""
        return CHARACTERS["tab" if self.separator == "blanks" else self.separator]

    def tabbed(self, lines: Iterable[str]) -> Iterator[str]:
        """The lines, with a tab between fields where blanks stand."""
        for line in lines:
            if any(line[cut - 1 : cut + 1].strip(" ")[1:] for cut in self.cuts):
                yield line  # a title, whose words would be cut in two
            elif self.cuts:
                ends = zip((0, *self.cuts), (*self.cuts, len(line)), strict=True)
                yield "\t".join(line[start:end].strip() for start, end in ends)
            elif '"' in line or not line.isascii():  # no-break blanks separate nothing
                yield "\t".join(_FIELDS.findall(line))
            else:
                yield "\t".join(line.split())

    def records(self, text: str) -> list[Record]:
        """The first records of the text."""
        lines: Iterable[str] = io.StringIO(text, newline="")
        if self.separator == "blanks":
            lines = (line + "\n" for line in self.tabbed(text.split("\n")))
        records: list[Record] = []
        reader = csv.reader(lines, delimiter=self.delimiter)
        with suppress(csv.Error):
            records += islice(reader, _SAMPLE_ROWS)
        return records


def delimited(blob: bytes, asked: Dialect) -> Source:
    """The columns of a CSV file. Raises Unreadable."""
    encoding = encoding_of(blob, asked.encoding)
    start = next(text_of(blob, encoding), "")[:_SAMPLE_CHARACTERS]
    if not start.strip():
        raise Unreadable("empty", {})
    fields, layout = _understood(start, asked)
    if layout.above > 1:
        values = {"row": layout.first, "expected": layout.above, "actual": len(layout.names)}
        raise Unreadable("ragged", values)
    findings = []
    if not encoding.startswith("utf") and not asked.encoding:
        findings.append(Finding("encoding", {"encoding": encoding}))
    dialect = Dialect(fields.separator, encoding=encoding, header=layout.header)
    return Source(
        layout.names,
        lambda: _batches(text_of(blob, encoding), fields, layout),
        dialect,
        findings + layout.findings,
        layout.questions + ([] if asked.separator else _one_or_two(start, fields, layout)),
    )


def _one_or_two(start: str, fields: Fields, layout: Layout) -> list[Question]:
    """Asks whether rows like 1,5 without a header are two whole numbers or one with a comma."""
    if fields.separator != "comma" or layout.header or len(layout.names) != 2:
        return []
    rows = [row for row in fields.records(start) if row]
    if not all(len(row) == 2 and _WHOLE.fullmatch(",".join(row)) for row in rows):
        return []
    asked: Verdict[QuestionCode] = Verdict("separator", {"row": 1, "text": clip(",".join(rows[0]))})
    return [Question(asked, {"comma": "comma", "none": "none"})]


def _understood(start: str, asked: Dialect) -> tuple[Fields, Layout]:
    """How the lines become fields, and where the table begins: what makes most sense of both."""
    first, _, below = start.partition("\n")
    mark = re.fullmatch(r'"?sep=(.)"?', first.strip(), re.IGNORECASE)  # as Excel declares it
    declared = [each for each, char in CHARACTERS.items() if mark and char == mark[1]][:1]
    start = "\n" + below if declared else start
    separators = [asked.separator] if asked.separator else declared or list(CHARACTERS)
    best: tuple[float, Fields, Layout] | None = None
    problem: Unreadable | None = None
    for fields in _ways(start, separators):
        records = fields.records(start)
        if not records:  # a field without end
            continue
        try:
            layout = locate(records, asked.header)
        except Unreadable as error:
            problem = problem or error
            continue
        single = len(layout.names) == 1 and layout.above < 2
        if single and fields.separator != "none" and len(separators) > 1:
            continue
        sense = _sense(records, layout) * (0.9 if fields.separator == "blanks" else 1)
        if best is None or sense > best[0]:
            best = sense, fields, layout
    too_wide = problem is not None and problem.reason.key == "too_wide"
    if best is None or (too_wide and best[1].separator == "none"):
        raise problem or Unreadable("damaged", {"detail": "the first row does not end"})
    return best[1:]


def _ways(start: str, separators: Sequence[Separator]) -> Iterator[Fields]:
    for separator in separators:
        yield Fields(separator)
        if separator == "blanks" and (cuts := _cuts(start.split("\n")[:_SAMPLE_ROWS])):
            yield Fields("blanks", cuts)


def _cuts(lines: list[str]) -> tuple[int, ...]:
    """Where the lower half of the lines all have blanks: after each such stretch."""
    lines = [line.rstrip() for line in lines if line.strip()]
    lower = lines[len(lines) // 2 :]
    width = max(map(len, lower), default=0)
    columns = zip(*(line.ljust(width) for line in lower), strict=True)
    blank = [set(column) == {" "} for column in columns]
    return tuple(i for i in range(1, width) if blank[i - 1] and not blank[i] and not all(blank[:i]))


def _sense(records: Sequence[Record], layout: Layout) -> float:
    """How much of a table the records make: rows of one width, numbers in them, names above."""
    below = [record for record in records[layout.first - 1 :] if any(map(str.strip, record))]
    rows = [record for record in below if len(record) == len(layout.names)]
    cells = [_worth(cell) for row in rows for cell in row]
    if not below:
        return 0.3 if len(layout.names) > 1 else 0.1
    share = len(rows) / len(below)
    others = "[\t;|]" if len(layout.names) > 1 else "[\t;|,]"
    uncut = any(re.search(others, name) for name in layout.names)
    return share * sum(cells) / max(len(cells), 1) * (0.4 if uncut else 0.6 if layout.above else 1)


def _worth(cell: str) -> float:
    if is_missing(cell) or is_number(cell):
        return 1
    return 0.4 if any(mark in cell for mark in "\t;|") else 0.7


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
            raise Unreadable("damaged", {"detail": clip(error, 200)}) from error
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
