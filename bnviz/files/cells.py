"""Some cells of text -> which of them are numbers, in which notation, and what numbers."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bnviz.files import notation
from bnviz.files.dialect import SIGN, Decimal
from bnviz.files.notation import GROUPS, NUMERAL

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

BOTH: Final[tuple[Decimal, Decimal]] = ("point", "comma")
#: What may stand around a number.
DRESS: Final = ("percent", "currency", "negative")


class Gaps:
    """The cells that stand for no value: the usual words in any case, and those asked for."""

    def __init__(self, asked: Collection[str] = ()) -> None:
        words = notation.MISSING | {notation.tidy(each).lower() for each in asked}
        ways = (str.lower, str.upper, str.title)
        spelled = {way(each) for each in words for way in ways} | {"NaN", *asked}
        self.lower, self.spelled = pa.array(sorted(words)), pa.array(sorted(spelled))
        self.numbers = [float(each) for each in asked if notation.is_plain(each)]


def quick(cells: Any, gaps: Gaps, signs: Iterable[Decimal] = BOTH) -> tuple[Decimal, Any] | None:
    """The decimal sign and the numbers, null where missing, if all cells are plain and alike."""
    known = pc.if_else(pc.is_in(cells, gaps.spelled), None, cells)
    for sign in signs:
        plain = known
        if sign == "comma":
            if pc.any(pc.match_substring(known, ".")).as_py():
                continue
            plain = pc.replace_substring(known, ",", ".")
        try:
            numbers = plain.cast(pa.float64())
        except pa.ArrowInvalid:
            continue
        if pc.all(pc.is_finite(numbers)).as_py() is not False:
            return sign, numbers
    return None


@dataclass(frozen=True)
class Cells:
    """Any cells of text, taken apart: masks (n,) say what each of them is.

    `core` is the number alone, without currency, percent sign or brackets; `fits` says which
    cores are numbers with that decimal sign.
    """

    tidy: Any
    core: Any
    missing: Mask
    infinite: Mask
    fits: dict[Decimal, Mask]
    dressed: dict[str, Mask]

    def numbers(self, sign: Decimal) -> Floats:
        """(n,) with NaN for what is no number with this decimal sign."""
        readable = self.fits[sign]
        plain = pc.replace_substring_regex(
            pc.filter(self.core, pa.array(readable)), GROUPS[sign], ""
        )
        plain = pc.replace_substring(plain, SIGN[sign], ".")
        numbers = np.full(len(readable), np.nan)
        numbers[readable] = plain.cast(pa.float64()).to_numpy(zero_copy_only=False)
        numbers[self.infinite] = np.inf
        return numbers


def taken_apart(cells: Any, gaps: Gaps) -> Cells:
    """What each cell of a text column is."""
    tidy = notation.tidied(cells)
    missing = mask(pc.is_in(pc.utf8_lower(tidy), gaps.lower))
    infinite = matches(pc.utf8_lower(tidy), notation.INFINITE)
    fits = {sign: ~missing & matches(tidy, NUMERAL[sign]) for sign in BOTH}
    dressed = {what: np.zeros(len(missing), np.bool_) for what in DRESS}
    other = ~missing & ~infinite & ~fits["point"] & ~fits["comma"]
    core = tidy
    if other.any():
        bare, worn = _undressed(pc.filter(tidy, pa.array(other)))
        core = pc.replace_with_mask(tidy, pa.array(other), bare)
        for sign in BOTH:
            fits[sign][other] = matches(bare, NUMERAL[sign])
        for what in DRESS:
            dressed[what][other] = worn[what]
    return Cells(tidy, core, missing, infinite, fits, dressed)


def _undressed(cells: Any) -> tuple[Any, dict[str, Mask]]:
    """The numbers without what stands around them, minus first; and what stood there."""
    parts = pc.extract_regex(cells, notation.DRESSED)
    part = {each.name: pc.fill_null(parts.field(each.name), "?") for each in parts.type}
    sign = pc.binary_join_element_wise(part["front"], part["inner"], part["back"], "")
    unit = pc.binary_join_element_wise(part["money"], part["percent"], part["coin"], "")
    minus = pc.is_in(sign, pa.array(["-", "()"]))
    known = pc.or_(minus, pc.is_in(sign, pa.array(["", "+"])))
    number = pc.binary_join_element_wise(pc.if_else(minus, "-", ""), part["core"], "")
    worn = {
        "percent": mask(pc.match_substring(unit, "%")),
        "currency": matches(unit, "[^%]"),
        "negative": mask(pc.or_(pc.equal(sign, "()"), pc.equal(part["back"], "-"))),
    }
    return pc.if_else(known, number, cells), worn


def matches(cells: Any, pattern: str) -> Mask:
    """Which cells match."""
    return mask(pc.match_substring_regex(cells, pattern))


def mask(flags: Any) -> Mask:
    """Arrow's truth values as numpy's, with null as False."""
    return np.asarray(pc.fill_null(flags, False).to_numpy(zero_copy_only=False), np.bool_)
