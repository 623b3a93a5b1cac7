"""Which of two nets does better over the same seeds, by a sign test; it can come out either way.

Under the hypothesis that the nets are equally good, each seed is won by either with
probability 1/2, whatever the losses are distributed like: the test is exact for every number
of seeds, and its interval is made of the same counts (Conover 1999, *Practical Nonparametric
Statistics*, sections 3.2 and 3.4). A net that diverges loses its seed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from bnviz.core.types import Floats
from bnviz.core.verdict import Verdict

#: The better net; "undecided" where the test tells no difference; "too_few" where it could not,
#: whoever had won; "tie" where no seed differs; "neither" where every net diverged.
Winner = Literal["bn", "plain", "undecided", "too_few", "tie", "neither"]

#: What :func:`evidence` says.
Evidence = Literal[
    "comparison.clear",
    "comparison.clear_least",
    "comparison.clear_open",
    "comparison.undecided",
    "comparison.undecided_open",
    "comparison.too_few",
]

#: How often, at most, two equally good nets are called different.
ERROR = 0.05
#: Seeds that must differ for a two-sided test at that rate to say anything: 2 / 2^6 < 0.05.
FEWEST = 6


@dataclass(frozen=True)
class Comparison:
    """Two nets compared over S seeds.

    Differences are (plain - BN) / the larger of both, in [-1, 1] for losses: positive where BN's
    is lower, 1 where the net without BN diverged. They are over the seeds that differ; NaN for
    none, the interval also for fewer than FEWEST.
    """

    winner: Winner
    seeds: int
    bn_wins: int
    """Seeds in which BN's loss is the lower one; equal losses are nobody's."""
    plain_wins: int
    bn_diverged: int
    plain_diverged: int
    both_diverged: int
    """Seeds in which both did."""
    bn_median: float
    """Median loss over the seeds that are finite in both nets; NaN for none."""
    plain_median: float
    p: float
    """Probability of a count of wins this uneven, or more so, were the nets equally good."""
    difference: float
    """The median difference."""
    low: float
    """The lower end of its exact interval of at least 95 % confidence."""
    high: float

    @property
    def differing(self) -> int:
        """Seeds that one of the nets wins."""
        return self.bn_wins + self.plain_wins

    @property
    def open(self) -> bool:
        """Whether the median difference is that of seeds of which one net alone diverged: then
        there is no number for it.
        """
        alone = max(self.bn_diverged, self.plain_diverged) - self.both_diverged
        return 2 * alone >= self.differing


def compare(
    bn_losses: ArrayLike,
    plain_losses: ArrayLike,
    bn_diverged: ArrayLike = 0,
    plain_diverged: ArrayLike = 0,
) -> Comparison:
    """The comparison of two nets' losses (S,), smaller being better, with flags for divergence.

    A loss that is not finite counts as diverged whatever its flag says.
    """
    bn, plain = _infinite(bn_losses, bn_diverged), _infinite(plain_losses, plain_diverged)
    finite = np.isfinite(bn) & np.isfinite(plain)
    differences = _differences(bn, plain)
    bn_wins = int((differences > 0).sum())
    wins = bn_wins, len(differences) - bn_wins
    p = sign_test(*wins)
    low, high = _interval(differences)
    return Comparison(
        winner=_winner(bn, plain, wins, p),
        seeds=len(bn),
        bn_wins=wins[0],
        plain_wins=wins[1],
        bn_diverged=int(np.isinf(bn).sum()),
        plain_diverged=int(np.isinf(plain).sum()),
        both_diverged=int((np.isinf(bn) & np.isinf(plain)).sum()),
        bn_median=_median(bn[finite]),
        plain_median=_median(plain[finite]),
        p=p,
        difference=_median(differences),
        low=low,
        high=high,
    )


def sign_test(wins: int, losses: int) -> float:
    """The two-sided p-value of so many wins and losses, each as likely as the other."""
    return min(1.0, 2 * _tail(min(wins, losses), wins + losses))


def discovery_rates(p: Sequence[float]) -> list[float]:
    """The q-value of each p-value among all: the smallest false discovery rate at which it counts.

    The adjusted p-value of the step-up procedure of Benjamini & Hochberg (1995).
    """
    count = len(p)
    order = np.argsort(p)[::-1]
    ranked = np.asarray(p, dtype=np.float64)[order] * count / np.arange(count, 0, -1)
    q = np.empty(count)
    q[order] = np.minimum.accumulate(np.minimum(ranked, 1.0)) if count else []
    return list(map(float, q))


def leader(nets: Comparison, q: float) -> Literal["bn", "plain", "undecided"]:
    """The better net of one comparison among several, `q` being its q-value among them."""
    if not q <= ERROR:
        return "undecided"
    return "bn" if nets.bn_wins > nets.plain_wins else "plain"


def evidence(nets: Comparison) -> Verdict[Evidence]:
    """How sure the comparison is: the test, its p-value and the interval of the difference.

    Follows a sentence that says what is compared and who won how often, as a value of its
    verdict. An end that is a seed's whose net diverged, for which there is no number, is open.
    """
    values = {"p": nets.p, "differing": nets.differing, "fewest": FEWEST}
    if nets.differing < FEWEST:
        return Verdict("comparison.too_few", values)
    lost = nets.bn_diverged + nets.plain_diverged > 0
    low, high = sorted((abs(nets.low), abs(nets.high)))
    if nets.winner == "undecided":
        if lost and high >= 1:
            return Verdict("comparison.undecided_open", values)
        by = {"bn_by": max(nets.high, 0.0), "plain_by": max(-nets.low, 0.0)}
        return Verdict("comparison.undecided", values | by)
    if lost and low >= 1:
        return Verdict("comparison.clear_open", values)
    if lost and high >= 1:
        return Verdict("comparison.clear_least", values | {"low": low})
    return Verdict("comparison.clear", values | {"low": low, "high": high})


def _tail(count: int, of: int) -> float:
    """The probability of at most `count` heads in `of` tosses."""
    return float(sum(comb(of, k) for k in range(count + 1)) / 2**of)


def _infinite(losses: ArrayLike, diverged: ArrayLike) -> Floats:
    """The losses, infinite where a seed diverged."""
    values = np.asarray(losses, dtype=np.float64)
    gone = np.asarray(diverged, dtype=np.float64) > 0
    return np.where(gone | ~np.isfinite(values), np.inf, values)


def _differences(bn: Floats, plain: Floats) -> Floats:
    """(plain - BN) / the larger size of both, of the seeds in which they differ."""
    differ = bn != plain
    bn, plain = bn[differ], plain[differ]
    finite = np.isfinite(bn) & np.isfinite(plain)
    size = np.where(finite, np.maximum(np.abs(bn), np.abs(plain)), 1.0)
    shares: Floats = np.where(bn < plain, 1.0, -1.0)
    shares[finite] = (plain[finite] - bn[finite]) / size[finite]
    return shares


def _interval(differences: Floats) -> tuple[float, float]:
    """The exact interval of their median: what the sign test does not reject."""
    count, ranked = len(differences), np.sort(differences)
    if count < FEWEST:
        return float("nan"), float("nan")
    cut = next(wins for wins in range(count) if sign_test(wins, count - wins) > ERROR)
    return float(ranked[cut - 1]), float(ranked[-cut])


def _median(values: Floats) -> float:
    return float(np.median(values)) if len(values) else float("nan")


def _winner(bn: Floats, plain: Floats, wins: tuple[int, int], p: float) -> Winner:
    if np.isinf(bn).all() and np.isinf(plain).all():
        return "neither"
    if not sum(wins):
        return "tie"
    if sum(wins) < FEWEST:
        return "too_few"
    if p > ERROR:
        return "undecided"
    return "bn" if wins[0] > wins[1] else "plain"
