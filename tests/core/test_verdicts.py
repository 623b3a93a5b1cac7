"""The verdict can come out every way, and its figures are those of the losses it is given."""

import numpy as np
import pytest
from scipy import stats

from bnviz.core.verdicts import compare

NAN = float("nan")
FAR = 1e9


def losses(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize(
    ("bn", "plain", "outcome"),
    [
        (losses(1.0, 1.1, 0.9), losses(2.0, 2.1, 1.9), "bn"),
        (losses(2.0, 2.1, 1.9), losses(1.0, 1.1, 0.9), "plain"),
        (losses(1.0, 2.0, 0.5), losses(1.1, 1.0, 1.0), "even"),
        (losses(1.0, 1.0), losses(1.0, 1.0), "even"),
        (losses(1.0), losses(5.0), "single"),
        (losses(1.0, NAN), losses(5.0, 2.0), "single"),
        (losses(1.0, NAN), losses(NAN, 2.0), "single"),
        (losses(1.0, 2.0), losses(NAN, np.inf), "only_bn"),
        (losses(NAN, NAN), losses(1.0, NAN), "only_plain"),
        (losses(NAN), losses(NAN), "nothing"),
    ],
)
def test_every_outcome_can_come_out(bn: np.ndarray, plain: np.ndarray, outcome: str) -> None:
    assert compare(bn, plain, FAR).outcome == outcome


def test_swapping_the_nets_swaps_the_verdict() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        a, b = rng.lognormal(0, 0.3, 6), rng.lognormal(0.3, 0.3, 6)
        there, back = compare(a, b, FAR), compare(b, a, FAR)
        swap = {"bn": "plain", "plain": "bn", "even": "even"}
        assert back.outcome == swap[there.outcome]
        assert back.bn_wins == there.pairs - there.bn_wins
        assert back.ratio == pytest.approx(1 / there.ratio)
        assert back.spread == pytest.approx(there.spread)


def test_figures_are_those_of_the_pairs() -> None:
    bn, plain = losses(1.0, 3.0, NAN, 2.0), losses(2.0, 2.0, 1.0, 8.0)
    verdict = compare(bn, plain, FAR)
    ratios = np.array([0.5, 1.5, 0.25])
    assert (verdict.pairs, verdict.bn_wins) == (3, 2)
    assert verdict.ratio == pytest.approx(0.5)
    assert 1 + verdict.spread == pytest.approx(stats.gstd(ratios))
    assert (verdict.bn_diverged, verdict.plain_diverged) == (1, 0)


def test_a_net_that_loses_to_the_mean_is_told_so() -> None:
    verdict = compare(losses(1.0, 1.2), losses(3.0, 3.3), baseline=2.0)
    assert verdict.bn_useful
    assert not verdict.plain_useful


def test_a_loss_of_zero_is_a_win() -> None:
    verdict = compare(losses(0.0, 0.0), losses(1.0, 2.0), FAR)
    assert verdict.outcome == "bn"
    assert verdict.bn_wins == 2
