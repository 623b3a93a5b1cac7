"""One column of a user's file, batch by batch: first what it holds, then its numbers as float64."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bnviz.files.cells import (
    BOTH,
    DRESS,
    Cells,
    Floats,
    Gaps,
    Mask,
    mask,
    matches,
    quick,
    taken_apart,
)
from bnviz.files.dialect import SIGN, Decimal
from bnviz.files.findings import Finding, FindingCode, Values, clip
from bnviz.files.notation import DATE, FALSE, GROUPS, INTEGER, MONTH, NUMERAL, OTHER, TRUE, number

Rows = NDArray[np.int64]
Kind = Literal["numbers", "truth", "dates", "text", "nothing"]
#: A cell's row in the file, and its text.
Place = tuple[int, str]

#: Numbers beyond this are taken for errors; float32 ends at 3.4e38.
MAX_MAGNITUDE: Final = 1e30
#: From here on not every integer is a float64.
EXACT_INTEGERS: Final = 2**53
#: After so many cells a column that holds nearly no numbers is text, whatever follows.
_ENOUGH: Final = 50_000


@dataclass
class Survey:
    """What the batches of a column have shown so far.

    `proofs` counts the cells that are numbers with one decimal sign only, and `proof` is the
    first of them; `doubt` is the first that would be another number with the other sign.
    """

    gaps: Gaps
    cells: int = 0
    odd: int = 0
    truths: int = 0
    dates: int = 0
    months: int = 0
    first_odd: Place | None = None
    doubt: Place | None = None
    proofs: dict[Decimal, int] = field(default_factory=lambda: dict.fromkeys(BOTH, 0))
    proof: dict[Decimal, Place] = field(default_factory=dict)

    def see(self, rows: Rows, column: Any) -> None:
        """Takes note of the cells of some rows."""
        if not pa.types.is_string(column.type):
            self.cells += len(column) - column.null_count
            if pa.types.is_boolean(column.type):
                self.truths = self.cells
        elif plain := quick(column, self.gaps):
            sign, numbers = plain
            if self.months == self.cells and sign == "point":
                months = matches(column, MONTH)
                self.months += int(months.sum())
                if months.any() and not self.first_odd:
                    self.first_odd = _place(rows, column, months)
            self.cells += len(numbers) - numbers.null_count
            marked = mask(pc.match_substring(column, SIGN[sign])) & mask(pc.is_valid(numbers))
            if marked.any() and not self.proofs[sign]:
                self._weigh(rows[marked], pc.filter(column, pa.array(marked)))
        elif self.cells < _ENOUGH or self.odd < 0.9 * self.cells:
            self._look(rows, taken_apart(column, self.gaps))

    def _look(self, rows: Rows, cells: Cells) -> None:
        fitting = cells.fits["point"] | cells.fits["comma"]
        odd = ~cells.missing & ~cells.infinite & ~fitting
        self.cells += int((fitting | odd).sum())
        if odd.any():
            self.first_odd = self.first_odd or _place(rows, cells.tidy, odd)
            lower = pc.utf8_lower(pc.filter(cells.tidy, pa.array(odd)))
            self.odd += len(lower)
            self.truths += int(mask(pc.is_in(lower, pa.array([*TRUE, *FALSE]))).sum())
            self.dates += int(matches(lower, DATE).sum())
        self._weigh(rows[fitting], pc.filter(cells.core, pa.array(fitting)))

    def _weigh(self, rows: Rows, numerals: Any) -> None:
        fits = {sign: matches(numerals, NUMERAL[sign]) for sign in BOTH}
        for sign in BOTH:
            only = fits[sign] & ~fits[OTHER[sign]]
            self.proofs[sign] += int(only.sum())
            if only.any():
                self.proof.setdefault(sign, _place(rows, numerals, only))
        either = fits["point"] & fits["comma"] & matches(numerals, "[.,]")
        if either.any() and self.doubt is None:
            self.doubt = _place(rows, numerals, either)

    @property
    def kind(self) -> Kind:
        """What the cells are that are not missing."""
        if not self.cells:
            return "nothing"
        if self.cells in (self.truths, self.dates, self.months):
            return "truth" if self.truths else "dates"
        return "text" if 2 * self.odd > self.cells else "numbers"

    def sign(self, asked: Decimal | None) -> Decimal | None:
        """The decimal sign that the cells prove; the one asked for, if they prove both."""
        if asked and self.proofs[asked]:
            return asked
        usual: Decimal = "comma" if self.proofs["comma"] > self.proofs["point"] else "point"
        return usual if self.proof else None


@dataclass
class Column:
    """Reads a column's numbers, and remembers what there is to say of them."""

    name: str
    survey: Survey
    decimal: Decimal
    gaps: Gaps
    notes: dict[FindingCode, Values] = field(default_factory=dict)

    def numbers(self, rows: Rows, column: Any) -> Floats:
        """(n,) with NaN where a cell holds no usable number."""
        if self.survey.kind == "truth":
            numbers = self._truths(column)
        elif not pa.types.is_string(column.type):
            numbers = _floats(column)
        elif plain := quick(column, self.gaps, [self.decimal]):
            numbers = _floats(plain[1])
        else:
            return self._usable(rows, column, self._read(rows, column))
        self._note("missing", rows, np.isnan(numbers))
        return self._usable(rows, column, numbers)

    @property
    def is_numeric(self) -> bool:
        """Whether it is read as numbers."""
        return self.survey.kind in ("numbers", "truth")

    def findings(self, usual: Decimal | None) -> list[Finding]:
        """Why it is left out, or what was noted of its numbers; `usual` is the file's sign."""
        about: dict[FindingCode, Values] = {}
        match self.survey.kind:
            case "nothing":
                about["empty_column"] = {}
            case "truth":
                about["boolean"] = {}
            case "text" | "dates" as kind:
                row, text = self.survey.first_odd or (0, "")
                about[kind] = {"row": row, "text": clip(text)}
            case "numbers" if self.decimal != usual and self.decimal in self.survey.proof:
                row, text = self.survey.proof[self.decimal]
                value = number(text, self.decimal)
                about["other_decimal"] = {"row": row, "text": clip(text), "number": value}
        notes = about | self.notes
        return [Finding(code, {"column": self.name, **note}) for code, note in notes.items()]

    def _truths(self, column: Any) -> Floats:
        if pa.types.is_boolean(column.type):
            return _floats(column.cast(pa.int8()))
        cells = taken_apart(column, self.gaps)
        lower = pc.utf8_lower(cells.tidy)
        numbers = mask(pc.is_in(lower, pa.array(sorted(TRUE)))).astype(np.float64)
        return np.where(cells.missing | cells.infinite, np.nan, numbers)

    def _read(self, rows: Rows, column: Any) -> Floats:
        cells = taken_apart(column, self.gaps)
        numbers = cells.numbers(self.decimal)
        readable = cells.fits[self.decimal]
        grouped = readable & matches(cells.core, rf"\d{GROUPS[self.decimal]}\d{{3}}")
        marks: dict[FindingCode, Mask] = {"thousands": grouped}
        for what in DRESS:
            marks[what] = readable & cells.dressed[what]
        for code, which in marks.items():
            self._note(code, rows, which, column, numbers)
        self._note("spaces", rows, readable & matches(column, r"^\s|\s$"))
        odd = ~cells.missing & ~cells.infinite & ~readable
        self._note("mixed", rows, odd, column)
        self._note("missing", rows, cells.missing)
        return numbers

    def _usable(self, rows: Rows, column: Any, numbers: Floats) -> Floats:
        """Without markers for missing values, and without what a float64 cannot hold well."""
        marker = np.isin(numbers, self.gaps.numbers)
        self._note("missing", rows, marker)
        self._note("infinite", rows, np.isinf(numbers))
        with np.errstate(invalid="ignore"):
            huge = np.isfinite(numbers) & (np.abs(numbers) > MAX_MAGNITUDE)
            big = np.abs(numbers) >= EXACT_INTEGERS
        self._note("huge", rows, huge, limit=MAX_MAGNITUDE)
        if big.any() and not pa.types.is_floating(column.type):
            whole = big & (matches(column, INTEGER) if pa.types.is_string(column.type) else True)
            self._note("big_integers", rows, whole, column, numbers)
        return np.where(np.isfinite(numbers) & ~huge & ~marker, numbers, np.nan)

    def _note(
        self,
        code: FindingCode,
        rows: Rows,
        which: Mask,
        column: Any = None,
        numbers: Floats | None = None,
        **more: float,
    ) -> None:
        """Counts the cells in `which`; keeps the very first one's row, and its text and number."""
        if not which.any():
            return
        at = int(which.argmax())
        shown: Values = {} if column is None else {"text": clip(column[at].as_py())}
        shown |= {} if numbers is None else {"number": float(numbers[at])}
        note = self.notes.setdefault(code, {"count": 0, "row": int(rows[at]), **shown, **more})
        note["count"] = int(str(note["count"])) + int(which.sum())


def _place(rows: Rows, cells: Any, which: Mask) -> Place:
    at = int(which.argmax())
    return int(rows[at]), cells[at].as_py()


def _floats(column: Any) -> Floats:
    """(n,) with NaN for null; integers round where float64 is too short for them."""
    return np.array(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
