"""A batch on its way through BN: part of the mean subtracted, part of the scale divided out."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bnviz.core.batchnorm.equations import Forward


def partway(x: NDArray[np.float64], result: Forward, progress: float) -> NDArray[np.float64]:
    """`x` (B, D) at `progress` in [0, 2]: 0 raw, 1 centred, 2 normalized.

    The first half subtracts a growing share of the mean. The second multiplies
    by 1 / sqrt(biased variance + eps) to a growing power, so that every step
    changes the scale by the same factor.
    """
    centred = x - min(progress, 1.0) * result.mean
    return np.asarray(centred * result.inverse_std ** max(progress - 1.0, 0.0))


def stage_of(progress: float) -> Literal["raw", "center", "scale", "done"]:
    """What BN is doing at `progress`."""
    if progress <= 0:
        return "raw"
    if progress <= 1:
        return "center"
    return "scale" if progress < 2 else "done"
