"""What BN did to a batch, in figures that a verdict can be made of."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bnviz.core.batchnorm.equations import Forward

#: A feature counts as normalized when its standard deviation is this close to 1.
TOLERANCE = 0.01


@dataclass(frozen=True)
class Effect:
    """Per feature of x_hat (D,): its biased standard deviation and what became of it.

    `normalized`, `swallowed` and `constant` are (D,) masks, no feature in two of
    them: standard deviation within TOLERANCE of 1; below that because epsilon
    outweighs the variance; no variance at all. `tolerance` is the largest
    departure of a normalized feature from mean 0 and standard deviation 1.
    """

    deviation: NDArray[np.float64]
    normalized: NDArray[np.bool_]
    swallowed: NDArray[np.bool_]
    constant: NDArray[np.bool_]
    tolerance: float


def effect(result: Forward) -> Effect:
    """Measured on the output itself, not derived from epsilon."""
    x_hat = result.x_hat.astype(np.float64)
    constant = result.biased_variance <= 0
    mean, deviation = x_hat.mean(axis=0), x_hat.std(axis=0)
    with np.errstate(invalid="ignore"):
        normalized = ~constant & (np.abs(deviation - 1) <= TOLERANCE)
    departures = np.maximum(np.abs(mean), np.abs(deviation - 1))[normalized]
    return Effect(
        deviation,
        normalized,
        ~constant & ~normalized,
        constant,
        float(departures.max()) if departures.size else 0.0,
    )
