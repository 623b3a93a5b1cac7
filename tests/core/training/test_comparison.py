"""The comparison of two nets: exact, rarely wrong for any number of seeds, alike for both nets."""

import math

import numpy as np
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from bnviz.core.training.comparison import ERROR, FEWEST, Comparison, compare, evidence, sign_test

nan, inf = math.nan, math.inf
LOSS = st.floats(0, 1e12) | st.sampled_from([0.0, 1.0, nan, inf])
PAIRS = st.lists(st.tuples(LOSS, LOSS), min_size=1, max_size=24)


def of(pairs: list[tuple[float, float]]) -> Comparison:
    bn, plain = zip(*pairs, strict=True)
    return compare(bn, plain)


EVEN = [(1.0, 2.0), (3.0, 2.0)] * 4


@pytest.mark.parametrize(
    ("pairs", "key"),
    [
        ([*EVEN, (nan, 2.0)], "undecided"),
        ([*EVEN[1:], (nan, 2.0), (nan, 2.0)], "undecided_open"),
        ([(0.0, 2.0)] * 4 + [(3.0, 2.0)] * 5, "undecided"),
        ([(1.0, 2.0)] * 8 + [(1.0, nan)], "clear"),
        ([(1.0, 2.0)] * 7 + [(1.0, nan)] * 2, "clear_least"),
        ([(1.0, 2.0)] + [(1.0, nan)] * 8, "clear_open"),
        ([(0.0, 2.0)] * 9, "clear"),
        (EVEN[:5], "too_few"),
    ],
)
def test_an_end_is_open_only_where_a_net_of_its_diverged(
    pairs: list[tuple[float, float]], key: str
) -> None:
    """Of nine seeds the interval has the second and the eighth difference for its ends."""
    assert evidence(of(pairs)).key == f"comparison.{key}"
    assert evidence(of([(plain, bn) for bn, plain in pairs])).key == f"comparison.{key}"


@given(st.integers(0, 64), st.integers(0, 64))
def test_the_sign_test_is_the_binomial_test(wins: int, losses: int) -> None:
    if wins + losses:
        expected = scipy.stats.binomtest(wins, wins + losses).pvalue
        assert sign_test(wins, losses) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("seeds", range(2, 65))
def test_equal_nets_are_rarely_called_different(seeds: int) -> None:
    """At most 5 % for every number of seeds, whatever the losses and the divergences are."""
    random = np.random.default_rng(seeds)
    losses = np.exp(2 * random.standard_normal((2, 400, seeds)) ** 3)
    losses[random.random(losses.shape) < 0.1] = inf
    wins = (losses[0] < losses[1]).sum(1), (losses[0] > losses[1]).sum(1)
    called = [sign_test(int(a), int(b)) <= ERROR for a, b in zip(*wins, strict=True)]
    margin = 3 * math.sqrt(ERROR * (1 - ERROR) / 400)
    assert np.mean(called) <= ERROR + margin
    exact = sum(math.comb(seeds, k) for k in range(seeds + 1) if sign_test(k, seeds - k) <= ERROR)
    assert exact / 2**seeds <= ERROR, "of all outcomes of fair seeds"
    one = compare(losses[0, 0], losses[1, 0])
    assert (one.winner in ("bn", "plain")) == bool(called[0])


@pytest.mark.parametrize("seeds", [6, 8, 9, 20, 64])
def test_the_interval_covers_the_true_median(seeds: int) -> None:
    """Of differences whose median is 0, it misses 0 in 5 % of cases at most."""
    random = np.random.default_rng(1)
    plain, bn = np.exp(random.standard_normal((2, 400, seeds)))
    intervals = [compare(*each) for each in zip(bn, plain, strict=True)]
    missed = np.mean([not each.low <= 0 <= each.high for each in intervals])
    assert missed <= ERROR + 3 * math.sqrt(ERROR * (1 - ERROR) / 400)


@given(PAIRS)
def test_the_interval_is_what_the_test_does_not_reject(pairs: list[tuple[float, float]]) -> None:
    nets = of(pairs)
    if nets.differing < FEWEST:
        assert math.isnan(nets.low) and math.isnan(nets.high)
        return
    assert -1 <= nets.low <= nets.difference <= nets.high <= 1
    assert (nets.winner == "bn") == (nets.low > 0) and (nets.winner == "plain") == (nets.high < 0)


def test_the_interval_is_that_of_scipy() -> None:
    bn = np.array([0.9, 0.5, 0.8, 1.3, 0.7, 0.2, 0.95, 0.6, 1.1, 0.4, 0.65])
    nets = compare(bn, np.ones(11))
    differences = np.where(bn < 1, 1 - bn, 1 / bn - 1)
    low = scipy.stats.quantile_test(differences, alternative="two-sided").confidence_interval(0.95)
    assert (nets.low, nets.high) == pytest.approx((low.low, low.high))


CASES: dict[str, tuple[list[float], list[float], str]] = {
    "the winner by medians lost 4 of 5 pairs": (
        [1, 2, 3, 4, 5],
        [10, 1.9, 2.9, 3.5, 4.5],
        "too_few",
    ),
    "five of five": ([1] * 5, [2] * 5, "too_few"),
    "six of six": ([1] * 6, [2] * 6, "bn"),
    "seven of eight": ([1] * 7 + [3], [2] * 8, "undecided"),
    "41 of 48": ([1] * 41 + [100] * 7, [1.01] * 48, "bn"),
    "7 of 48": ([1.01] * 48, [1] * 41 + [100] * 7, "plain"),
    "6 of 8 diverged": ([1.0] * 8, [inf] * 6 + [2.0, 2.0], "bn"),
    "diverged against better": ([nan] * 6 + [1.0] * 2, [9.0] * 6 + [2.0] * 2, "undecided"),
    "both diverged is a tie": ([nan] * 6 + [1.0], [inf] * 6 + [2.0], "too_few"),
    "every net diverged": ([nan] * 9, [inf] * 9, "neither"),
    "equal": ([1.0] * 9, [1.0] * 9, "tie"),
    "equal, some diverged": ([1.0, nan], [1.0, nan], "tie"),
}


@pytest.mark.parametrize("case", CASES)
def test_cases(case: str) -> None:
    bn, plain, winner = CASES[case]
    assert compare(bn, plain).winner == winner


def test_the_figures_of_a_comparison() -> None:
    nets = compare([1, 1, 1, 1, 1, 1, 4, 7, nan], [2, 4, 2, 2, 2, 8, 2, 7, 3], [0] * 8 + [1])
    assert (nets.seeds, nets.bn_wins, nets.plain_wins, nets.differing) == (9, 6, 2, 8)
    assert (nets.bn_diverged, nets.plain_diverged) == (1, 0)
    assert (nets.bn_median, nets.plain_median) == (1, 2)
    assert nets.p == pytest.approx(2 * (1 + 8 + 28) / 256)
    assert (nets.difference, nets.low, nets.high) == (0.5, -1, 0.875)


def test_a_flag_counts_whatever_the_loss() -> None:
    nets = compare([1.0] * 6, [0.5] * 6, 0, [1] * 6)
    assert (nets.winner, nets.plain_diverged, nets.difference) == ("bn", 6, 1)


@given(PAIRS)
def test_swapping_the_nets_swaps_the_comparison(pairs: list[tuple[float, float]]) -> None:
    one, two = of(pairs), of([(plain, bn) for bn, plain in pairs])
    assert two.winner == {"bn": "plain", "plain": "bn"}.get(one.winner, one.winner)
    assert (one.bn_wins, one.bn_diverged) == (two.plain_wins, two.plain_diverged)
    assert one.p == two.p
    np.testing.assert_allclose([one.low, one.difference], [-two.high, -two.difference])


@given(PAIRS)
def test_the_evidence_says_what_the_numbers_bear_out(pairs: list[tuple[float, float]]) -> None:
    nets, told = of(pairs), evidence(of(pairs))
    values = told.values
    assert values["differing"] == nets.bn_wins + nets.plain_wins and values["p"] == nets.p
    assert (told.key == "comparison.too_few") == (nets.differing < FEWEST == values["fewest"])
    if told.key == "comparison.clear":
        assert nets.winner in ("bn", "plain") and nets.p <= ERROR
        assert 0 < values["low"] <= abs(nets.difference) <= values["high"] <= 1
    if nets.bn_diverged + nets.plain_diverged:
        ends = {values.get(end, 0) for end in ("low", "high", "bn_by", "plain_by")}
        assert max(ends) < 1, "no number stands for a loss that is none"
    else:
        assert told.key in ("comparison.clear", "comparison.undecided", "comparison.too_few")
    if told.key == "comparison.undecided":
        assert nets.p > ERROR
        assert -values["plain_by"] <= nets.difference <= values["bn_by"]


def test_few_seeds_can_never_tell() -> None:
    assert sign_test(FEWEST - 1, 0) > ERROR >= sign_test(FEWEST, 0)
