"""Logarithmic axes: ticks inside the range, few, round, labelled with what they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnviz.plots.axes import around, decades, place, span, symmetric, tick_label

sizes = st.floats(1e-20, 1e20)


@given(st.lists(sizes, min_size=1, max_size=20), st.integers(3, 8))
def test_ticks_are_on_the_axis_and_say_where(values: list[float], most: int) -> None:
    axis = decades(np.array(values), most=most)
    low, high = axis["range"]
    assert low < np.log10(min(values)) and np.log10(max(values)) < high
    ticks, texts = np.array(axis["tickvals"]), axis["ticktext"]
    assert 2 <= len(ticks) <= 14 and len(set(texts)) == len(texts)
    assert (np.log10(ticks) > low - 1e-9).all() and (np.log10(ticks) < high + 1e-9).all()
    assert (np.diff(ticks) > 0).all()
    assert [float(text) for text in texts] == pytest.approx(ticks, rel=1e-3)


@pytest.mark.parametrize("values", [[], [np.nan], [0.0, -3.0], [np.inf]])
def test_nothing_to_show(values: list[float]) -> None:
    axis = decades(np.array(values))
    assert axis["type"] == "log" and len(axis["tickvals"]) > 1


def test_what_a_logarithm_cannot_show_does_not_matter() -> None:
    clean = decades(np.array([1.0, 100.0]))
    assert decades(np.array([1.0, np.nan, -5.0, 0.0, np.inf]), np.array([100.0])) == clean


def test_zero_is_labelled_at_its_place() -> None:
    axis = decades(np.array([0.01, 10.0, 1e4]), zero=0.01)
    assert axis["tickvals"][0] == 0.01 and axis["ticktext"][0] == "0"
    assert axis["ticktext"].count("0") == 1


@pytest.mark.parametrize(
    ("tick", "text"),
    [
        (1e-5, "1e-5"),
        (0.001, "0.001"),
        (0.25, "0.25"),
        (1000, "1000"),
        (99_999, "99999"),
        (1e5, "1e5"),
        (1.5e5, "1.5e5"),
        (-1e7, "-1e7"),
        (1e24, "1e24"),
        (0.0, "0"),
    ],
)
def test_tick_label(tick: float, text: str) -> None:
    assert tick_label(tick) == text


@pytest.mark.parametrize(
    ("values", "unit", "ticks"),
    [
        ([-1e4, 1e6], 1.0, [-1e4, -1e2, 0.0, 1e2, 1e4, 1e6]),
        ([0.0, 1e3], 1.0, [0.0, 1e1, 1e2, 1e3]),
        ([-3.0, 4.0], 1.0, [-2.0, -1.0, 0.0, 1.0, 2.0]),
        ([], 1.0, [-1.0, 0.0, 1.0]),
    ],
)
def test_a_symmetric_axis(values: list[float], unit: float, ticks: list[float]) -> None:
    axis = symmetric(values, unit)
    assert axis["tickvals"] == pytest.approx(place(ticks, unit).tolist())
    low, high = axis["range"]
    assert all(low < each < high for each in place(values, unit))


def test_a_symmetric_axis_holds_half_a_unit_at_least() -> None:
    low, high = symmetric([0.0], 2.0)["range"]
    assert (low, high) == pytest.approx((-1.06 * place(1.0, 2.0), 1.06 * place(1.0, 2.0)))


numbers = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=2, max_size=9).map(
    np.array
)


@given(numbers)
def test_an_axis_that_changes_seldom(values: np.ndarray) -> None:
    low, high = span(values[:1], values[1:])
    assert low <= values.min() and values.max() <= high and low < high
    width = np.ptp(values)
    if width > 1e-3:
        step = 10 ** np.floor(np.log10(width)) / 2
        assert high - low < width + 2 * step * (1 + 1e-9)
        assert [low / step, high / step] == pytest.approx(np.round([low / step, high / step]))


def test_an_axis_of_one_value_or_none() -> None:
    assert span(np.array([2.0])) == [1.5, 2.5]
    assert span(np.array([np.nan])) == [-1.0, 1.0]


@pytest.mark.parametrize(
    ("values", "reach"),
    [([0.0, 1.0], 5), ([-5.0], 5), ([5.1], 10), ([-39.0, 3.0], 40), ([np.nan], 5)],
)
def test_an_axis_around_zero(values: list[float], reach: float) -> None:
    assert around(np.array(values)) == [-reach, reach]
