"""Verdicts come out every way they can."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnviz.core.training.comparison import Verdict, compare

nan, inf = math.nan, math.inf
NONE = [0, 0, 0, 0]


def verdict(bn: list[float], plain: list[float], baseline: float | None = None) -> Verdict:
    return compare(bn, plain, [0] * len(bn), [0] * len(bn), baseline)


def test_bn_wins_clearly() -> None:
    found = verdict([1, 2, 3, 4], [2, 4, 6, 8])
    assert (found.winner, found.bn_wins, found.plain_wins, found.pairs) == ("bn", 4, 0, 4)
    assert (found.bn_median, found.plain_median, found.difference) == (2.5, 5.0, 0.5)
    assert found.spread == 0 and found.beyond_spread is True


def test_plain_wins_clearly() -> None:
    found = verdict([2, 4, 6, 8], [1, 2, 3, 4])
    assert (found.winner, found.bn_wins, found.plain_wins) == ("plain", 0, 4)
    assert found.difference == 0.5 and found.beyond_spread is True


def test_a_difference_within_the_spread() -> None:
    found = verdict([1.0, 2.0, 3.0, 4.0], [2.0, 1.0, 6.0, 3.2])
    assert (found.winner, found.difference) == ("bn", pytest.approx(1 - 2.5 / 2.6))
    assert found.beyond_spread is False
    # Relative differences 0.5, -0.5, 0.5, -0.2; their quartiles -0.275 and 0.5.
    assert found.spread == pytest.approx(0.775)
    assert (found.bn_wins, found.plain_wins) == (2, 2)


def test_equal_medians_are_a_tie() -> None:
    found = verdict([1, 2, 3, 4], [4, 3, 2, 1])
    assert (found.winner, found.difference, found.beyond_spread) == ("tie", 0, False)
    found = verdict([0, 0], [0, 0])
    assert (found.winner, found.difference, found.spread) == ("tie", 0, 0)


def test_one_seed_has_no_spread() -> None:
    found = verdict([1], [2])
    assert (found.winner, found.pairs, found.difference) == ("bn", 1, 0.5)
    assert math.isnan(found.spread) and found.beyond_spread is None


@pytest.mark.parametrize("by_flag", [True, False])
def test_diverged_seeds_are_counted_and_left_out(by_flag: bool) -> None:
    bad = 1e9 if by_flag else nan
    found = compare(
        [1, bad, 3, 1],
        [2, 1, bad, bad],
        [0, int(by_flag), 0, 0],
        [0, 0, int(by_flag), int(by_flag)],
    )
    assert (found.bn_diverged, found.plain_diverged, found.pairs, found.seeds) == (1, 2, 1, 4)
    assert (found.winner, found.bn_median, found.plain_median) == ("bn", 1, 2)
    assert found.beyond_spread is None


def test_infinite_losses_count_as_diverged() -> None:
    found = verdict([1, 1], [inf, 2])
    assert (found.plain_diverged, found.pairs) == (1, 1)


@pytest.mark.parametrize(
    ("bn", "plain", "winner"),
    [
        ([nan, nan], [1, 2], "plain"),
        ([1, 2], [nan, nan], "bn"),
        ([nan, nan], [nan, nan], "neither"),
        ([1, nan], [nan, 2], "incomplete"),
    ],
)
def test_without_a_pair(bn: list[float], plain: list[float], winner: str) -> None:
    found = verdict(bn, plain)
    assert (found.winner, found.pairs, found.beyond_spread) == (winner, 0, None)
    assert math.isnan(found.difference) and math.isnan(found.spread)
    assert math.isnan(found.bn_median) and math.isnan(found.plain_median)


@pytest.mark.parametrize(
    ("bn", "plain", "beats"),
    [
        ([1, 1], [9, 9], (True, False)),
        ([9, 9], [1, 1], (False, True)),
        ([1, 2], [1, 2], (True, True)),
        ([5, 9], [5, 5], (False, False)),
        ([nan, nan], [1, 1], (None, True)),
        ([1, nan], [nan, 9], (True, False)),
    ],
)
def test_beside_the_trivial_predictor(
    bn: list[float], plain: list[float], beats: tuple[bool | None, bool | None]
) -> None:
    found = verdict(bn, plain, baseline=5)
    assert (found.bn_beats_baseline, found.plain_beats_baseline) == beats
    assert verdict(bn, plain).bn_beats_baseline is None


LOSSES = st.lists(
    st.tuples(
        st.floats(0, 1e12) | st.sampled_from([nan, inf]),
        st.floats(0, 1e12) | st.sampled_from([nan, inf]),
    ),
    min_size=1,
    max_size=12,
)


@given(LOSSES)
def test_swapping_the_nets_swaps_the_verdict(pairs: list[tuple[float, float]]) -> None:
    bn, plain = map(list, zip(*pairs, strict=True))
    one, two = verdict(bn, plain, 3.0), verdict(plain, bn, 3.0)
    assert two.winner == {"bn": "plain", "plain": "bn"}.get(one.winner, one.winner)
    assert (one.bn_wins, one.bn_diverged) == (two.plain_wins, two.plain_diverged)
    assert one.bn_beats_baseline == two.plain_beats_baseline
    np.testing.assert_equal(one.difference, two.difference)
    np.testing.assert_allclose(one.spread, two.spread, atol=1e-12)
    assert math.isnan(one.difference) or 0 <= one.difference <= 1
    assert math.isnan(one.spread) or 0 <= one.spread <= 2
    assert one.bn_wins + one.plain_wins <= one.pairs <= one.seeds
