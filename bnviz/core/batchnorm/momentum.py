"""What torch's momentum means in batches: how long running statistics remember.

The running statistic is r_t = (1 - m) r_(t-1) + m z_t with m the torch momentum, which is
1 minus the Keras momentum. So a batch k steps back weighs m (1 - m)^k and the start
(1 - m)^t. Two libraries, opposite conventions; both start at mean 0 and variance 1:

======  ===================  ===========================  ======================
        default              it weighs                    variance remembered
======  ===================  ===========================  ======================
torch   torch momentum 0.1   the NEW value                unbiased, B / (B - 1)
Keras   Keras momentum 0.99  the OLD value                biased
======  ===================  ===========================  ======================

Sources: documentation of torch.nn.BatchNorm1d; documentation and source of
keras.layers.BatchNormalization.
"""

import math
from dataclasses import dataclass

import numpy as np

from bnviz.core.types import Float, Floats


@dataclass(frozen=True)
class Clock:
    """Times in batches. The cumulative average (torch momentum None) forgets its start at once."""

    window: float
    """The plain average over so many batches is as noisy: (2 - m) / m."""
    half_life: float
    """After so many batches half of the start remains."""
    hundredth: float
    """After so many batches 1 % of the start remains."""


def complement(momentum: float) -> float:
    """The Keras momentum of a torch momentum and the reverse, free of binary rounding."""
    return round(1 - momentum, 12)


def clock(torch_momentum: float | None) -> Clock:
    """The times of this torch momentum; the window of a cumulative average is endless."""
    if torch_momentum is None:
        return Clock(math.inf, 1.0, 1.0)
    kept = 1 - torch_momentum
    window = (2 - torch_momentum) / torch_momentum
    if kept <= 0:
        return Clock(window, 1.0, 1.0)
    return Clock(window, math.log(0.5) / math.log(kept), math.log(0.01) / math.log(kept))


def shares(torch_momentum: float | None, steps: int) -> Float[Floats, " t"]:
    """(T,) the weight that each new batch gets when it comes: m, or 1 / t."""
    if torch_momentum is None:
        return 1 / np.arange(1, steps + 1, dtype=np.float64)
    return np.full(steps, torch_momentum)


def remaining(shares: Float[Floats, " t"]) -> Float[Floats, " t+1"]:
    """(T + 1,) how much of the start is left after 0 ... T batches."""
    return np.concatenate([[1.0], np.cumprod(1 - shares)])


def weights(shares: Float[Floats, " t"]) -> Float[Floats, " t"]:
    """(T,) what each batch weighs at the end; with what is left of the start they make 1."""
    later = np.cumprod((1 - shares)[::-1])[::-1]
    return np.asarray(shares * np.concatenate([later[1:], [1.0]]))


@np.errstate(invalid="ignore")
def average(
    values: Float[Floats, "t d"], shares: Float[Floats, " t"], start: Float[Floats, " d"] | float
) -> Float[Floats, "t+1 d"]:
    """(T + 1, D) the running average of `values` (T, D) from `start`, before and after each."""
    averages = np.empty((len(values) + 1, values.shape[1]))
    averages[0] = start
    for step, (value, share) in enumerate(zip(values, shares, strict=True)):
        averages[step + 1] = (1 - share) * averages[step] + share * value
    return averages
