"""The first rows of a file -> where its table begins: names, units, and the first row of data."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final, Literal

from bnviz.core.verdict import Verdict
from bnviz.files.findings import Finding, Question, QuestionCode, Unreadable, Values, clip
from bnviz.files.notation import is_missing, is_number, is_plain, tidy
from bnviz.files.source import MAX_COLUMNS

Record = list[str]
#: What a row holds where the rows below have numbers. Rows of another width are "ragged" if
#: they are numbers rather than words, else "other".
Kind = Literal["blank", "other", "ragged", "words", "numbers", "mixed", "gaps"]

#: A cell in a row of units: empty, in brackets, with a sign of units, or a common short symbol.
_UNIT: Final = re.compile(
    r"^$|^[\[(].*[\])]$|^\S{0,9}[°%/^*·²³µ-]\S{0,9}$"
    r"|^[kmMGTchdnpuµ]?(m|s|g|A|K|C|F|V|W|N|J|l|L|t|Hz|Pa|Wh|Ah|VA|eV|bar|mol|cal|Ω)\d?$"
    r"|^(min|h|d|a|rad|deg|psi|ppm|ppb|dB|pH|rpm|mmHg|lx|lm|ha|ft|in|lb|oz)$"
)
#: A cell of data that is no number: a bound, or a number with a unit, a suffix or a note.
_NEARLY: Final = re.compile(r"^([<>≤≥≈~±]=? ?[+-]?\d[\d., ']*|[+-]?\d[\d., ']*[^\d\s]{1,6})$")


@dataclass(frozen=True)
class Layout:
    """A name for each column, the row of the names (0: none) and the first row of data, from 1.

    `skipped` are the rows above the data that are no names; `above` is the number of fields of
    the row just above the data, where it has no names: 0 unless that row is of another width.
    """

    names: list[str]
    header: int
    first: int
    skipped: list[str]
    above: int
    questions: list[Question]

    @property
    def findings(self) -> list[Finding]:
        """What was passed over, and what was made up."""
        findings = []
        if self.skipped:
            values: Values = {"count": len(self.skipped), "text": self.skipped[0]}
            findings.append(Finding("skipped", values))
        if not self.header:
            few = self.names if len(self.names) < 5 else [*self.names[:2], "…", self.names[-1]]
            findings.append(Finding("no_header", {"columns": tuple(few)}))
        return findings


def locate(records: Sequence[Record], asked: int | None = None) -> Layout:
    """Finds the table in the first `records` of a file, its names in row `asked` if that is given.

    The table is as wide as most rows of the lower half, and begins with the first row of that
    width that has numbers where the rows below have numbers. Raises Unreadable.
    """
    widest = max(map(len, records), default=0)
    if widest > MAX_COLUMNS:
        raise Unreadable("too_wide", {"count": widest, "limit": MAX_COLUMNS})
    width, numeric = _columns(records)
    trailing = all(not r[-1].strip() for r in records if len(r) == width)
    rows = [_fitted(record, width, trailing) for record in records]
    kinds = [_kind(record, width, numeric) for record in rows]
    length = len(rows[asked - 1]) if asked and 0 < asked <= len(rows) else 0
    if asked and length != width:
        raise Unreadable("no_names", {"row": asked, "columns": width})
    if not numeric and "gaps" not in kinds:
        raise Unreadable("empty", {})
    start = [asked] if asked else [] if numeric else [kinds.index("gaps") + 1]
    first, words = _first_data_row(kinds, start)
    while not asked and first <= len(rows) and _is_data(words, rows, numeric):
        first = words.pop()
    used = [] if asked == 0 else _names_rows(words, rows, numeric)
    if asked and used[:1] != [asked]:
        used = [asked]
    above = [(kind, len(r)) for kind, r in zip(kinds[: first - 1], rows, strict=False) if r]
    texts = {row: " ".join(records[row - 1]).strip() for row in range(1, first) if row not in used}
    open_question = asked is None and not used and first <= len(rows)
    return Layout(
        names=_joined([rows[row - 1] for row in used]) or [f"x{j}" for j in range(1, width + 1)],
        header=used[0] if used else 0,
        first=first,
        skipped=[clip(text) for text in texts.values() if text],
        above=above[-1][1] if above and above[-1][0] == "other" and not used and asked != 0 else 0,
        questions=_doubts(first, rows[first - 1]) if open_question else [],
    )


def _columns(records: Sequence[Record]) -> tuple[int, list[int]]:
    """How many columns the rows that are richest in numbers have, and which hold numbers."""
    votes = defaultdict[int, float](float)
    for record in records:
        filled = [cell for cell in record if cell.strip()]
        votes[len(record)] += sum(map(is_number, filled)) / max(len(filled), 1)
    if not any(votes.values()):
        rows = [record for record in records if any(map(str.strip, record))]
        votes.update(Counter(map(len, rows[len(rows) // 2 :])))
    width = max(votes, key=votes.__getitem__, default=0)
    if not width:
        raise Unreadable("empty", {})
    rows = [record for record in records if len(record) == width]
    numeric = []
    for j in range(width):
        cells = [row[j] for row in rows if not is_missing(row[j])]
        cells = cells[len(cells) // 2 :]
        if cells and 2 * sum(map(is_number, cells)) >= len(cells):
            numeric.append(j)
    return width, numeric


def _fitted(record: Record, width: int, trailing: bool) -> Record:
    """The record with one cell a column, if it can be; a comment that cannot is as good as blank.

    R leaves the row names' column unnamed; others end every row, or the names, with a separator.
    """
    filled = [cell.strip() for cell in record if cell.strip()]
    ruled = filled and all(re.fullmatch(":?[-=]{3,}:?", cell) for cell in filled)
    if ruled or (len(record) < width and not "".join(record).strip("-=+|: ")):
        return []
    if record and record[0].lstrip()[:1] in ("#", "%", "@"):  # @ as in Weka's files
        start = record[0].lstrip("#%@ ")
        plain = [start, *record[1:]] if start else record[1:]
        record = record if not start and len(record) == width else plain
        return record if len(record) == width > 1 else []
    if all(cell.strip() in ("", "Comment") for cell in record[width:]):  # as LabVIEW's last name
        record = record[:width]
    if len(record) == width - 1 > 1 and not any(map(is_number, record)):
        return [*record, ""] if trailing else ["", *record]
    return record


def _kind(record: Record, width: int, numeric: Sequence[int]) -> Kind:
    filled = [cell for cell in record if cell.strip()]
    if not filled:
        return "blank"
    if len(record) != width:
        return "ragged" if 2 * sum(map(is_number, filled)) > len(filled) else "other"
    cells = [record[j] for j in numeric if not is_missing(record[j])]
    numbers = sum(map(is_number, cells))
    if not cells:
        return "gaps"
    return "numbers" if numbers == len(cells) else "mixed" if numbers else "words"


def _first_data_row(kinds: Sequence[Kind], words: list[int]) -> tuple[int, list[int]]:
    """The first row of data, and the rows of words above it, back to a row of another width.

    A row that lacks numbers is data if there are words above it and none below, up to numbers.
    """
    for row, kind in enumerate(kinds, 1):
        if words and row <= words[0]:
            continue
        below = (
            kinds[row : kinds.index("numbers", row)] if "numbers" in kinds[row:] else kinds[row:]
        )
        if kind == "numbers":
            return row, words
        if words and kind in ("mixed", "gaps", "ragged") and "words" not in below:
            return row, words
        if kind in ("words", "mixed"):
            words.append(row)
        elif kind == "other":
            words.clear()
    return len(kinds) + 1, words


def _is_data(words: list[int], rows: Sequence[Record], numeric: Sequence[int]) -> bool:
    """Whether the last row of words is data, under a name for each column: <0.5, 12kg, 3M."""
    if len(words) < 2:
        return False
    upper, lower = rows[words[0] - 1], rows[words[-1] - 1]
    cells = [cell for cell in (tidy(lower[j]) for j in numeric) if not is_missing(cell)]
    near = [_NEARLY.match(cell) or is_number(cell) for cell in cells]
    names = {tidy(cell) for cell in upper}
    return (
        all(near)
        and bool(near)
        and len(names - {""}) == len(upper)
        and not any(map(_NEARLY.match, names))
    )


def _names_rows(words: list[int], rows: Sequence[Record], numeric: Sequence[int]) -> list[int]:
    """Of the rows of words above the data, the one or two that name the columns."""
    if len(words) < 2:
        return words
    upper, lower = ([cell.strip() for cell in rows[row - 1]] for row in words[-2:])
    if upper[0] and not any(upper[1:]):  # a title
        return words[-1:]
    units = [tidy(lower[j]) for j in numeric]
    if any(units) and all(map(_UNIT.match, units)):
        return _names_rows(words[:-1], rows, numeric)
    return words[-2:] if len(set(upper)) < len(upper) else words[-1:]


def _joined(rows: Sequence[Record]) -> list[str]:
    """One row's names, or those of two rows, where a group's name stands over its first column."""
    rows = [[cell.strip() for cell in row] for row in rows]
    if len(rows) < 2:
        return rows[0] if rows else []
    groups: Iterable[str] = accumulate(
        rows[0], lambda before, cell: (cell.strip() and cell) or before
    )
    pairs = zip(groups, rows[1], strict=True)
    return [" ".join(filter(None, pair)) for pair in pairs]


def _doubts(row: int, record: Record) -> list[Question]:
    """Asks whether a first row like 2019, 2020 or 0, 1, 2 or 400.5, 401, ... is of names."""
    filled = [cell for cell in map(tidy, record) if cell]
    points = [cell.replace(",", ".") for cell in filled]
    numbers = [float(cell) for cell in points if is_plain(cell)]
    steps = {round(after - before, 9) for before, after in pairwise(numbers)}
    years = all(1800 <= each < 2200 and each % 1 == 0 for each in numbers)
    even = len(steps) == 1 and 0 not in steps and (years or len(numbers) > 4)
    if not even and (numbers != list(range(len(filled))) or len(filled) < 3):
        return []
    asked: Verdict[QuestionCode] = Verdict("header", {"row": row, "text": clip(", ".join(record))})
    return [Question(asked, {"names": row, "data": 0})]
