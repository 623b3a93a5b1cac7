"""How people and programs write numbers: decimal signs, groups of digits, currencies, brackets.

A pattern serves Python's `re` and Arrow's RE2 alike. What is matched has been tidied:
full-width digits, typographic blanks, minus signs and apostrophes are the plain ones.
"""

import re
import unicodedata
from typing import Any, Final

import pyarrow.compute as pc

from bnviz.files.dialect import SIGN, Decimal

OTHER: Final[dict[Decimal, Decimal]] = {"point": "comma", "comma": "point"}


def _numeral(decimal: str, group: str) -> str:
    """Digits, in groups of three or not, then the decimal sign and digits, and an exponent."""
    grouped = "|".join(rf"[1-9]\d{{0,2}}({mark}\d{{3}})+" for mark in (group, " ", "'"))
    indian = rf"|[1-9]\d?({group}\d\d)+{group}\d{{3}}" if group == "," else ""
    whole = rf"(\d+|{grouped}{indian})({decimal}\d*)?"
    return rf"^[+-]?({whole}|{decimal}\d+)([eE][+-]?\d+)?$"


#: A number as float() reads it.
PLAIN: Final = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
#: A number whose decimal sign is this; a number that fits only one of them proves the sign.
NUMERAL: Final[dict[Decimal, str]] = {
    "point": _numeral(r"\.", ","),
    "comma": _numeral(",", r"\."),
}
INTEGER: Final = r"^[+-]?\d+$"
#: Marks between groups of digits, by the decimal sign.
GROUPS: Final[dict[Decimal, str]] = {"point": "[, ']", "comma": "[. ']"}
_CURRENCY: Final = (
    r"(?:(?:US|A|C|R|HK|NT)?\$|[€£¥₹₩₽₺₴₪₫฿₱₦¢]|CHF|EUR|USD|GBP|JPY|CNY|RMB|INR|SEK|NOK|DKK|PLN|CZK"
    r"|HUF|Fr\.|kr\.?|zł|Kč|Ft|Rs\.?|元|円|원)"
)
#: A number with a currency, a percent sign, brackets for minus, or the minus behind it.
DRESSED: Final = (
    rf"^(?P<front>[-+(]?) ?(?P<money>{_CURRENCY}?) ?(?P<inner>[-+(]?) ?"
    r"(?P<core>[.,]?\d(?:[\d., ']*\d)?[.,]?(?:[eE][+-]?\d+)?) ?(?P<percent>%?)"
    rf" ?(?P<coin>{_CURRENCY}?) ?(?P<back>[-)]?)$"
)
INFINITE: Final = r"^[+-]?(inf|infinity|∞)$"
DATE: Final = (
    r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ t]\d{1,2}:.*)?$"
    r"|^\d{1,2}:\d{2}(:\d{2})?([.,]\d+)?$|^\d{2,4}年.*[月日]$|^\d{4}[-/]\d{1,2}$|^\d{1,2}[-/]\d{4}$"
)
#: Months as in 01.2024, which look like numbers with a decimal point.
MONTH: Final = r"^(0[1-9]|1[0-2])\.(19|20)\d\d$"
_WORDS: Final = (
    "|na|n/a|n.a.|#n/a|<na>|nan|-nan|null|none|nil|nd|n/d|k.a.|\\n|-|--|---|–|—|?|.|...|无|缺失|"
    "#nv|#n/d|#div/0!|#num!|#null!|#value!|#wert!|#valeur!|#¡valor!|#ref!|#bezug!|#name?"
)
#: Words for no value, in small letters, with what spreadsheets of several countries write.
MISSING: Final = frozenset(_WORDS.split("|"))
_TOTALS: Final = (
    "total|totals|grand total|sum|sums|gesamt|gesamtsumme|insgesamt|summe|somme|suma|totale|totaal|"
    "итого|всего|合计|总计|总和|共计|合計|總計|総計"
)
#: What stands beside a total, in small letters.
TOTALS: Final = frozenset(_TOTALS.split("|"))
TRUE, FALSE = frozenset({"true", "yes"}), frozenset({"false", "no"})

_NUMERALS: Final = tuple(re.compile(each, re.ASCII) for each in NUMERAL.values())
_DRESSED: Final = re.compile(DRESSED, re.ASCII)
#: To plain ones, without marks that are not seen; digits that are raised, lowered or in circles are
#: no part of a number.
_SIGNS: Final = (
    ("[\u2010-\u2015−]", "-"),
    ("’", "'"),
    ("[¹²³⁰-₉①-⓿]", "^"),
    ("[\u200b-\u200f\u202a-\u202e\ufeff]", ""),
)
#: A whole price as in 50.- and € 50,--, where the dash stands for no cents.
_PRICE: Final = r"(\d)[.,]--?( ?[^\d ]*)$"


def tidied(cells: Any) -> Any:
    """Text cells (pyarrow) with plain digits, blanks and signs, and none around them."""
    if not pc.all(pc.string_is_ascii(cells)).as_py():
        for fancy, plain in _SIGNS:
            cells = pc.replace_substring_regex(cells, fancy, plain)
        cells = pc.utf8_normalize(cells, "NFKC")
    cells = pc.utf8_trim_whitespace(cells)
    if pc.any(pc.match_substring_regex(cells, _PRICE)).as_py():
        cells = pc.replace_substring_regex(cells, _PRICE, r"\1\2")
    return cells


def tidy(cell: str) -> str:
    """The same for one cell."""
    for fancy, plain in _SIGNS:
        cell = re.sub(fancy, plain, cell)
    return re.sub(_PRICE, r"\1\2", unicodedata.normalize("NFKC", cell).strip())


def is_plain(cell: str) -> bool:
    """Whether float() reads a cell as the number that it shows."""
    return re.match(PLAIN, cell, re.ASCII) is not None


def number(cell: str, sign: Decimal) -> float:
    """What a tidy numeral is with this decimal sign."""
    return float(re.sub(GROUPS[sign], "", cell).replace(SIGN[sign], "."))


def is_total(cell: str) -> bool:
    """Whether a cell of text says that a total stands beside it."""
    return tidy(cell).lower().rstrip(" :") in TOTALS


def is_missing(cell: str) -> bool:
    """Whether a cell of text stands for no value."""
    return tidy(cell).lower() in MISSING


def is_number(cell: str) -> bool:
    """Whether a cell of text can be read as a number in some notation."""
    written = tidy(cell)
    core = _DRESSED.match(written)
    numeral = core["core"] if core else written
    return any(each.match(numeral) for each in _NUMERALS) or bool(
        re.match(INFINITE, written.lower())
    )
