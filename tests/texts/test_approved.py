"""How numbers are written and symptoms are found, as text: `tests/approved/texts`."""

from bnviz.core.pitfalls.configs import CONFIGS
from bnviz.texts import numbers
from bnviz.texts.catalogue import catalogue
from bnviz.texts.search import rank
from tests.approval import approve, outlined

NUMBERS = (0.0, -1.0, 3.14159, 99_999.0, 100_000.0, 123_456.789, 999_999.0, 1e6, 1.25e7, 1e24)
NUMBERS += (0.00123456, 1e-4, 9.9e-5, -1.2345e-7, 0.5, 12.0, 1234.5, float("inf"), float("nan"))
PAIRS = ((0.0, 1.0), (-1e-9, 0.3), (12.3456, 0.0123), (12.3456, 1e-6), (1e6, 3.0), (5.0, 0.0))
PAIRS += ((1234.5, 99.0), (1234.5, 1e5), (0.1, 9.99), (7.0, float("nan")), (7.0, 123.4))
QUERIES = ("my validation loss is worse", "eval", "NaN", "the batch size", "evaluating nonsense")
QUERIES += ("of the", "验证集变差", "批", "drop")


def test_numbers() -> None:
    table = {
        repr(number): {
            "short": numbers.short(number),
            "two digits": numbers.short(number, 2),
            "percent": numbers.percent(number),
            "plain": numbers.plain(number) if abs(number) < 1e300 else "",
            "exact": numbers.written(number, "=") if abs(number) < 1e300 else "",
        }
        for number in NUMBERS
    }
    pairs = {f"{pair[0]!r} and {pair[1]!r}": numbers.plus_minus(*pair) for pair in PAIRS}
    approve("texts/numbers", outlined(table | {"plus minus": pairs}))


def test_symptoms() -> None:
    told = {
        lang: {
            name: [
                catalogue(lang)[f"pitfalls.{name}.symptom"],
                catalogue(lang)[f"pitfalls.{name}.title"],
            ]
            for name in CONFIGS
        }
        for lang in ("en", "zh")
    }
    ranked = {query: rank(query, told["en" if query.isascii() else "zh"]) for query in QUERIES}
    approve("texts/symptoms", outlined(ranked))
