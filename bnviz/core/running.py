"""Running statistics: what BN remembers of the batches it saw, to use in eval mode.

Two libraries, opposite conventions (both start at mean 0 and variance 1):

======  ==================  ================================  =========================
        default             weight                            variance remembered
======  ==================  ================================  =========================
torch   torch_momentum 0.1  torch_momentum is the NEW value's  unbiased, B / (B - 1)
Keras   keras_momentum 0.99 keras_momentum is the OLD value's  biased
======  ==================  ================================  =========================

Sources: documentation of torch.nn.BatchNorm1d; documentation and source of
keras.layers.BatchNormalization. To normalize with them, hand `mean` and `variance`
to :func:`bnviz.core.batchnorm.normalize`.
"""

from dataclasses import dataclass

import numpy as np

from bnviz.core.batchnorm import Batch2d, Floats, biased_variance, mean, unbiased_variance


@dataclass(frozen=True)
class Running:
    """`mean` and `variance` (D,) after `batches_tracked` batches."""

    mean: Floats
    variance: Floats
    batches_tracked: int


def start(features: int) -> Running:
    """Mean 0 and variance 1, before any batch."""
    return Running(np.zeros(features), np.ones(features), 0)


def update_torch(running: Running, x: Batch2d, torch_momentum: float | None = 0.1) -> Running:
    """new = (1 - torch_momentum) old + torch_momentum batch, with the unbiased variance.

    None is torch's cumulative average, :func:`update_cumulative`. Raises ValueError for
    a batch of one row, as torch does: it has no unbiased variance.
    """
    if torch_momentum is None:
        return update_cumulative(running, x)
    return _blend(running, *_unbiased(x), torch_momentum)


def update_cumulative(running: Running, x: Batch2d) -> Running:
    """The plain average over all batches so far, new = old + (batch - old) / batches.

    torch's `momentum=None`: batches count alike whatever their size, and the start
    values are forgotten with the first. Raises ValueError for a batch of one row.
    """
    return _blend(running, *_unbiased(x), 1 / (running.batches_tracked + 1))


def update_keras(running: Running, x: Batch2d, keras_momentum: float = 0.99) -> Running:
    """new = keras_momentum old + (1 - keras_momentum) batch, with the biased variance."""
    mu = mean(x)
    return _blend(running, mu, biased_variance(x, mu), 1 - keras_momentum)


def _unbiased(x: Batch2d) -> tuple[Floats, Floats]:
    if len(x) < 2:
        raise ValueError("a batch of 1 row has no unbiased variance: use 2 rows or more")
    mu = mean(x)
    return mu, unbiased_variance(x, mu)


def _blend(running: Running, mu: Floats, spread: Floats, share: float) -> Running:
    """`share` is the weight of the new mean `mu` and the new variance `spread`."""
    return Running(
        (1 - share) * running.mean + share * mu,
        (1 - share) * running.variance + share * spread,
        running.batches_tracked + 1,
    )
