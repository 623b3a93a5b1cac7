"""Which net was better, by how much, over how many seeds, and is that more than chance?

Each seed gives a pair: both nets started from the same weights and saw the same
batches, so the pair's log ratio log(loss with BN / loss without) is what is compared.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Outcome = Literal["bn", "plain", "even", "single", "only_bn", "only_plain", "nothing"]


@dataclass(frozen=True)
class Verdict:
    """A comparison of final losses over S seeds.

    `outcome`: "bn" or "plain" is better by more than the spread between seeds; "even"
    when not; "single" when one pair alone leaves no spread to compare with;
    "only_bn" or "only_plain" when no seed of the other stayed finite; "nothing" when
    no seed of either did.
    """

    outcome: Outcome
    pairs: int
    """Seeds at which both nets stayed finite."""
    bn_wins: int
    """Pairs in which BN's loss is the lower one."""
    ratio: float
    """exp of the median log ratio: below 1 where BN's loss is lower. NaN without pairs."""
    spread: float
    """exp of the unbiased standard deviation of the log ratios, minus 1. NaN below two pairs."""
    bn_diverged: int
    plain_diverged: int
    bn_useful: bool
    """BN's median loss is below that of always answering the training mean."""
    plain_useful: bool


def compare(bn: Floats, plain: Floats, baseline: float) -> Verdict:
    """The verdict on losses (S,) of both nets, NaN or infinite where a seed diverged.

    `baseline` is the loss of always answering the training targets' mean.
    """
    bn_lives, plain_lives = np.isfinite(bn), np.isfinite(plain)
    both = bn_lives & plain_lives
    tiny = np.finfo(np.float64).tiny  # a loss of zero is better than any other, not undefined
    logs = np.log(np.maximum(bn[both], tiny)) - np.log(np.maximum(plain[both], tiny))
    middle = float(np.median(logs)) if logs.size else float("nan")
    deviation = float(logs.std(ddof=1)) if logs.size > 1 else float("nan")
    with np.errstate(over="ignore"):
        ratio, spread = float(np.exp(middle)), float(np.expm1(deviation))
    return Verdict(
        _outcome(bool(bn_lives.any()), bool(plain_lives.any()), logs.size, middle, deviation),
        int(logs.size),
        int((logs < 0).sum()),
        ratio,
        spread,
        int((~bn_lives).sum()),
        int((~plain_lives).sum()),
        _useful(bn[bn_lives], baseline),
        _useful(plain[plain_lives], baseline),
    )


def _outcome(bn: bool, plain: bool, pairs: int, middle: float, deviation: float) -> Outcome:
    if not bn or not plain:
        return "only_bn" if bn else "only_plain" if plain else "nothing"
    if pairs < 2:
        return "single"
    if abs(middle) <= deviation or middle == 0:
        return "even"
    return "bn" if middle < 0 else "plain"


def _useful(losses: Floats, baseline: float) -> bool:
    return bool(losses.size and np.median(losses) < baseline)
