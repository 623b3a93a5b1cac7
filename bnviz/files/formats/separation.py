"""How the lines of a text become fields: the separator, and the table they make most sense as."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Final

from bnviz.core.verdict import Verdict
from bnviz.files.dialect import CHARACTERS, Dialect, Separator
from bnviz.files.findings import Question, QuestionCode, Unreadable, clip
from bnviz.files.header import Layout, Record, locate
from bnviz.files.notation import is_missing, is_number

#: Separators and names are judged by this much of the file.
SAMPLE_CHARACTERS, _SAMPLE_ROWS = 300_000, 200
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


def understood(start: str, asked: Dialect) -> tuple[Fields, Layout]:
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


def one_or_two(start: str, fields: Fields, layout: Layout) -> list[Question]:
    """Asks whether rows like 1,5 without a header are two whole numbers or one with a comma."""
    if fields.separator != "comma" or layout.header or len(layout.names) != 2:
        return []
    rows = [row for row in fields.records(start) if row]
    if not all(len(row) == 2 and _WHOLE.fullmatch(",".join(row)) for row in rows):
        return []
    asked: Verdict[QuestionCode] = Verdict("separator", {"row": 1, "text": clip(",".join(rows[0]))})
    return [Question(asked, {"comma": "comma", "none": "none"})]


def _ways(start: str, separators: Sequence[Separator]) -> Iterator[Fields]:
    for separator in separators:
        yield Fields(separator)
        if separator == "blanks" and (cuts := _cuts(start.split("\n")[:_SAMPLE_ROWS])):
            yield Fields("blanks", cuts)


def _cuts(lines: list[str]) -> tuple[int, ...]:
    """Where the lower half of the lines all have blanks, and not only a footer goes on."""
    lines = [line.rstrip() for line in lines if line.strip()]
    lower = lines[len(lines) // 2 :]
    width = max(map(len, lower), default=0)
    columns = zip(*(line.ljust(width) for line in lower), strict=True)
    blank = [set(column) == {" "} for column in columns]
    wide = sorted(map(len, lower))[3 * (len(lower) - 1) // 4] if lower else 0
    return tuple(i for i in range(1, wide) if blank[i - 1] and not blank[i] and not all(blank[:i]))


def _sense(records: Sequence[Record], layout: Layout) -> float:
    """How much of a table the records make: rows of one width, numbers in them, names above."""
    below = [record for record in records[layout.first - 1 :] if any(map(str.strip, record))]
    rows = [record for record in below if len(record) == len(layout.names)]
    cells = [_worth(cell) for row in rows for cell in row]
    if not below:
        return 0.3 if len(layout.names) > 1 else 0.1
    share = len(rows) / len(below)
    others = "[\t;|]" if sum(map(bool, layout.names)) > 1 else "[\t;|,]"
    uncut = any(re.search(others, name) for name in layout.names)
    return share * sum(cells) / max(len(cells), 1) * (0.4 if uncut else 0.6 if layout.above else 1)


def _worth(cell: str) -> float:
    if is_missing(cell) or is_number(cell):
        return 1
    return 0.4 if any(mark in cell for mark in "\t;|") else 0.7
