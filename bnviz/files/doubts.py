"""What cells leave open, judged over all columns: the decimal sign, and numbers as markers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bnviz.core.verdict import Verdict
from bnviz.files.columns import Survey
from bnviz.files.dialect import Decimal, Separator
from bnviz.files.findings import Question, Values, clip
from bnviz.files.notation import is_total, number
from bnviz.files.source import Batch

#: Numbers that instruments and programs write for a missing value.
_NINES: Final = (
    *(10.0**digits - 1 for digits in range(2, 7)),
    *(float(f"{'9' * digits}.{'9' * after}") for digits in (2, 3, 4) for after in (1, 2)),
)
_MARKERS: Final = frozenset(
    {-32768, -8888, -999.25, -200, 1e20, -1e20, *_NINES, *(-each for each in _NINES)}
)


def decimal_sign(
    surveys: Mapping[str, Survey], separator: Separator | None, asked: Decimal | None
) -> tuple[Decimal | None, list[Question]]:
    """The decimal sign for columns that do not prove their own, None if nothing has one; or asks.

    It is the one that all other columns prove. Where none does, it is the comma if commas
    stand between semicolons, which are written where the comma is taken; and the point if
    points stand where those who write decimal commas write semicolons or tabs.
    """
    proven = Counter(survey.sign(asked) for survey in surveys.values() if survey.proof)
    doubts = {name: s.doubt for name, s in surveys.items() if s.doubt and not s.proof}
    usual = asked or (proven.most_common(1)[0][0] if proven else None)
    if asked or not doubts or len(proven) == 1:
        return usual, []
    marks = {mark for _, text in doubts.values() for mark in ".," if mark in text}
    if not proven and marks == {","} and separator == "semicolon":
        return "comma", []
    if not proven and marks == {"."} and separator in ("comma", "pipe", "blanks", "none"):
        return "point", []
    column, (row, text) = next(iter(doubts.items()))
    values: Values = {"column": column, "row": row, "text": clip(text)}
    values |= {"point": number(text, "point"), "comma": number(text, "comma")}
    return usual, [Question(Verdict("decimal", values), {"point": "point", "comma": "comma"})]


def markers(
    names: Sequence[str], values: NDArray[np.float64], rows: NDArray[np.int64]
) -> list[Question]:
    """Asks whether numbers like -200 and 9999, far from all others of a column, are missing values.

    `values` is (N, D) with NaN where there is none, `rows` (N,) the rows' numbers in the file.
    """
    first: dict[str, Values] = {}
    for name, column in zip(names, values.T, strict=True):
        for marker in _MARKERS & {float(np.nanmin(column)), float(np.nanmax(column))}:
            others = column[~np.isnan(column) & (column != marker)]
            if others.size and _far(marker, float(others.min()), float(others.max())):
                which = column == marker
                place = {"row": int(rows[which.argmax()]), "count": int(which.sum())}
                first.setdefault(f"{marker:g}", {"column": name, **place})
    if not first:
        return []
    numbers = tuple(sorted(first, key=float))
    asked: Values = {"numbers": numbers, **next(iter(first.values()))}
    return [Question(Verdict("missing", asked), {"missing": numbers, "numbers": ()})]


def total(last: Batch) -> Question | None:
    """Asks whether the last row is a total, where a word in it says so."""
    for column in last.columns if len(last.rows) else ():
        text = column[-1].as_py() if pa.types.is_string(column.type) else None
        if text and is_total(text):
            values: Values = {"row": int(last.rows[-1]), "text": clip(text)}
            return Question(Verdict("total", values), {"omitted": "omitted", "kept": "kept"})
    return None


def _far(marker: float, low: float, high: float) -> bool:
    """Whether a marker is the only negative number, or far beyond the others on either side."""
    gap = max(low - marker, marker - high)
    beyond = gap > high - low and abs(marker) >= 2 * max(abs(low), abs(high))
    return beyond or marker < 0 <= low
