"""Which net did better, decided from the losses of all seeds; it can come out either way."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from bnviz.core.types import Floats

#: The better net; "tie" for equal medians; "neither" when every seed of both nets
#: diverged; "incomplete" when no seed is finite in both nets, though each net has some.
Winner = Literal["bn", "plain", "tie", "neither", "incomplete"]


@dataclass(frozen=True)
class Verdict:
    """Two nets compared on the same seeds.

    A pair is a seed that stayed finite in both nets; medians, wins, difference and
    spread are over pairs, and NaN or None where there are too few of them. When
    every seed of one net diverged, the other wins with no pair at all.
    """

    winner: Winner
    seeds: int
    pairs: int
    bn_wins: int
    """Pairs in which BN's loss is the lower one; equal losses are nobody's."""
    plain_wins: int
    bn_median: float
    plain_median: float
    difference: float
    """How much lower the lower median is, as a share of the higher one: 0 to 1."""
    spread: float
    """Interquartile range, over pairs, of (plain - BN) / the larger of both; NaN below 2 pairs."""
    beyond_spread: bool | None
    """Whether the difference exceeds the spread; None where no spread can be told."""
    bn_diverged: int
    plain_diverged: int
    bn_beats_baseline: bool | None
    """Whether the median of BN's finite seeds is below the baseline's loss; None without either."""
    plain_beats_baseline: bool | None


def compare(
    bn_losses: ArrayLike,
    plain_losses: ArrayLike,
    bn_diverged: ArrayLike,
    plain_diverged: ArrayLike,
    baseline_loss: float | None = None,
) -> Verdict:
    """The verdict on two nets' losses (S,), smaller being better, with a flag (S,) for divergence.

    `baseline_loss` is that of always predicting the training rows' mean. A loss
    that is not finite counts as diverged whatever its flag says.
    """
    bn, plain = _finite(bn_losses, bn_diverged), _finite(plain_losses, plain_diverged)
    alive = ~np.isnan(bn), ~np.isnan(plain)
    both = alive[0] & alive[1]
    pairs = int(both.sum())
    median = _median(bn[both]), _median(plain[both])
    difference, spread = _difference(*median), _spread(bn[both], plain[both])
    return Verdict(
        winner=_winner(median, int(alive[0].sum()), int(alive[1].sum())),
        seeds=len(bn),
        pairs=pairs,
        bn_wins=int((bn[both] < plain[both]).sum()),
        plain_wins=int((plain[both] < bn[both]).sum()),
        bn_median=median[0],
        plain_median=median[1],
        difference=difference,
        spread=spread,
        beyond_spread=None if np.isnan(spread) else bool(difference > spread),
        bn_diverged=int((~alive[0]).sum()),
        plain_diverged=int((~alive[1]).sum()),
        bn_beats_baseline=_below(bn, baseline_loss),
        plain_beats_baseline=_below(plain, baseline_loss),
    )


def _finite(losses: ArrayLike, diverged: ArrayLike) -> Floats:
    """The losses, NaN where a seed has none to show."""
    values = np.asarray(losses, dtype=np.float64)
    gone = np.asarray(diverged, dtype=np.float64) > 0
    return np.where(gone | ~np.isfinite(values), np.nan, values)


def _median(values: Floats) -> float:
    return float(np.median(values)) if len(values) else float("nan")


def _difference(one: float, two: float) -> float:
    """NaN for no pairs, 0 for equal medians, zero included."""
    return 0.0 if one == two else 1 - min(one, two) / max(one, two)


def _spread(bn: Floats, plain: Floats) -> float:
    if len(bn) < 2:
        return float("nan")
    larger = np.maximum(bn, plain)
    relative = (plain - bn) / np.where(larger > 0, larger, 1)
    low, high = np.quantile(relative, (0.25, 0.75))
    return float(high - low)


def _winner(median: tuple[float, float], bn_alive: int, plain_alive: int) -> Winner:
    if not bn_alive and not plain_alive:
        return "neither"
    if not bn_alive or not plain_alive:
        return "bn" if bn_alive else "plain"
    if np.isnan(median[0]):
        return "incomplete"
    if median[0] == median[1]:
        return "tie"
    return "bn" if median[0] < median[1] else "plain"


def _below(losses: Floats, baseline: float | None) -> bool | None:
    finite = losses[~np.isnan(losses)]
    if baseline is None or not len(finite):
        return None
    return bool(np.median(finite) < baseline)
