"""Numbers on screen: few digits, but the right ones."""

import math
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bnviz.texts.numbers import factor, percent, plain, plus_minus, short, size, written

finite = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-3.0, "-3"),
        (0.00123456, "0.00123"),
        (12.345, "12.3"),
        (1234.5, "1,234"),
        (1235.5, "1,236"),
        (99_999, "99,999"),
        (100_000.0, "100,000"),
        (123_456.7, "123,457"),
        (8.13461e7, "8.13e7"),
        (1.2e-7, "1.2e-7"),
        (1e-5, "1e-5"),
        (-1.44579e6, "-1.45e6"),
        (9.999e5, "999,900"),
        (0.9996, "1.00"),
        (0.000999999, "0.00100"),
        (99.96, "100"),
        (math.inf, "∞"),
        (-math.inf, "-∞"),
        (math.nan, "–"),
    ],
)
def test_short(value: float, text: str) -> None:
    assert short(value) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1030, "1.03 kB"),
        (999_999, "1 MB"),
        (4_200_000, "4.20 MB"),
        (15 * 10**11, "1,500 GB"),
    ],
)
def test_size(count: int, text: str) -> None:
    assert size(count) == text.replace(" ", "\N{NO-BREAK SPACE}")


@pytest.mark.parametrize(
    ("divisor", "text"),
    [
        (411_234.0, "÷ 410,000"),
        (0.0141, "× 71"),
        (1.0, "× 1"),
        (1.44, "÷ 1.4"),
        (0.968, "× 1.03"),
        (1.004, "÷ 1"),
        (1.0951, "÷ 1.10"),
    ],
)
def test_factor(divisor: float, text: str) -> None:
    assert factor(divisor) == written(divisor, "÷") == text.replace(" ", "\N{NO-BREAK SPACE}")


def read(text: str) -> float:
    return float(text.replace(",", ""))


@given(st.floats(-1e307, 1e307), st.integers(1, 8))
@example(999_999.5, 3)
@example(0.00099999, 2)
@example(5e-324, 3)
def test_short_is_the_number_to_its_digits(value: float, digits: int) -> None:
    assert read(short(value, digits)) == pytest.approx(value, rel=0.5000001 * 10 ** (1 - digits))


@given(finite)
def test_short_is_short_and_plain(value: float) -> None:
    text = short(value)
    assert len(text) <= 10
    assert re.fullmatch(r"-?\d[\d,]*(\.\d+)?(e-?\d+)?", text)


@given(finite, finite)
def test_short_keeps_the_order(a: float, b: float) -> None:
    low, high = sorted((a / 10, b / 10))
    assert read(short(low)) <= read(short(high))


@given(finite)
def test_plain_reads_back(value: float) -> None:
    """What stands in the address is the number, to the six digits of %g or exactly."""
    assert float(plain(value)) == pytest.approx(value, rel=1e-5)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1000, "1000"),
        (65_536, "65536"),
        (0.25, "0.25"),
        (1e-5, "1e-5"),
        (2e-12, "2e-12"),
        (10.0, "10"),
        (0.0, "0"),
    ],
)
def test_plain(value: float, text: str) -> None:
    assert plain(value) == text


@given(st.floats(0, 1))
def test_percent(share: float) -> None:
    text = percent(share)
    assert text.endswith("\N{NO-BREAK SPACE}%")
    assert read(text[:-2]) == pytest.approx(100 * share, rel=0.006)


def test_percent_of_nothing() -> None:
    assert percent(math.nan) == "–"


@pytest.mark.parametrize(
    ("center", "deviation", "text"),
    [
        (1.58905, 0.23224, "1.589 ± 0.232"),
        (3494.18, 851.98, "3,494 ± 852"),
        (-1e-9, 1.0, "0.00 ± 1.00"),
        (-1e-9, 0.99999, "0.00 ± 1.00"),
        (0.0, 0.0, "0 ± 0"),
        (math.nan, math.nan, "– ± –"),
        (2.5, math.nan, "2.50 ± –"),
        (5.0, 0.0, "5 ± 0"),
    ],
)
def test_plus_minus(center: float, deviation: float, text: str) -> None:
    assert plus_minus(center, deviation) == text


@given(st.floats(-1e12, 1e12), st.floats(0, 1e12))
def test_plus_minus_is_right_to_a_hundredth_of_the_deviation(
    center: float, deviation: float
) -> None:
    left, right = map(read, plus_minus(center, deviation).split(" ± "))
    assert right == pytest.approx(deviation, rel=0.006)
    assert abs(left - center) <= max(0.006 * deviation, 0.006 * abs(center)) + 1e-300
