"""A batch on its way through BN, one operation after the other."""

from typing import Final, Literal

import numpy as np

from bnviz.core.batchnorm.equations import Forward
from bnviz.core.types import Float, Floats

Stage = Literal["raw", "center", "scale", "done", "gamma", "beta"]
STAGES: Final[tuple[Stage, ...]] = ("raw", "center", "scale", "done", "gamma", "beta")


def partway(
    x: Float[Floats, "b d"],
    result: Forward,
    progress: float,
    gamma: Float[Floats, " d"] | float = 1.0,
    beta: Float[Floats, " d"] | float = 0.0,
) -> Float[Floats, "b d"]:
    """`x` (B, D) at `progress` in [0, 4]: 0 raw, 1 centred, 2 normalized, 3 times gamma, 4 + beta.

    The first part subtracts a growing share of the mean. The second multiplies
    by 1 / sqrt(biased variance + eps) to a growing power, so that every step
    changes the scale by the same factor. The last two go to gamma and beta (D,) evenly.
    `result` gives mean and scale: the batch's own as in train mode, or others as in eval mode.
    """
    centering, scaling, stretching, shifting = np.clip(progress - np.arange(4), 0, 1)
    centred = x - centering * result.mean
    factor = result.inverse_std**scaling * (1 + stretching * (np.asarray(gamma) - 1))
    return np.asarray(centred * factor + shifting * np.asarray(beta))


def stage_of(progress: float) -> Stage:
    """What BN is doing at `progress`; exactly at 2 the batch is normalized."""
    if progress <= 0:
        return "raw"
    if progress == 2:
        return "done"
    moving: tuple[Stage, ...] = ("center", "scale", "gamma", "beta")
    return moving[min(int(np.ceil(progress)), 4) - 1]
