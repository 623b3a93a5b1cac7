"""What One batch computes, remembered; see :mod:`bnviz.ui.cache`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from bnviz.core.batchnorm import equations
from bnviz.core.batchnorm.effect import Effect, effect
from bnviz.core.batchnorm.mean_noise import MeanNoise, mean_noise
from bnviz.core.configs import BatchConfig, NormConfig, Precision
from bnviz.core.data import batches
from bnviz.core.data.shape import Shape, shapes
from bnviz.core.verdict import Verdict
from bnviz.ui.cache import cached, table

if TYPE_CHECKING:
    from bnviz.core.batchnorm.implementations import Implementation


@cached
def batch_of(config: BatchConfig) -> batches.Batch:
    """The batch that `config` describes."""
    return batches.draw(config, table(config.table))


def notes(
    config: BatchConfig,
) -> Iterator[Verdict[Literal["limited", "replaced", "refused"]]]:
    """Where the batch is not quite what was asked for, and what torch says to it."""
    yield from batches.notes(config, batch_of(config), table(config.table))
    if config.batch_size == 1:
        yield Verdict("refused", {"message": torch_refusal(config) or ""})


@cached
def normalized(config: BatchConfig, norm: NormConfig) -> equations.Forward:
    """That batch after BN."""
    return equations.apply(batch_of(config).values, norm)


@cached
def batch_moments_of(config: BatchConfig, precision: Precision) -> equations.BatchMoments:
    """What that batch, rounded to `precision`, is normalized with."""
    return equations.batch_moments(equations.rounded(batch_of(config).values, precision))


@cached
def _shapes_of(config: BatchConfig) -> dict[Precision, Shape]:
    return shapes(batch_of(config).values)


def shape_of(config: BatchConfig, precision: Precision) -> Shape:
    """The batch's picture, its values rounded to `precision`."""
    return _shapes_of(config)[precision]


@cached
def shape_after(config: BatchConfig, norm: NormConfig) -> Shape:
    """The picture after BN: the one before, moved and stretched."""
    moments = batch_moments_of(config, norm.precision)
    gamma, beta = equations.affine(norm, len(moments.mean))
    with np.errstate(all="ignore"):
        factor = gamma * equations.gain(moments.biased_variance, norm.eps)
        return shape_of(config, norm.precision).moved(factor, beta - factor * moments.mean)


def effect_of(config: BatchConfig, norm: NormConfig) -> Effect:
    """What BN did to it, whatever gamma and beta."""
    return _effect_of(config, norm.precision, norm.eps)


@cached
def _effect_of(config: BatchConfig, precision: Precision, eps: float) -> Effect:
    x = equations.rounded(batch_of(config).values, precision)
    return effect(x, batch_moments_of(config, precision), eps)


@cached
def statistics(config: BatchConfig) -> equations.Statistics:
    """Per-feature statistics before BN."""
    return equations.describe(batch_of(config).values)


@cached
def statistics_after(config: BatchConfig, norm: NormConfig) -> equations.Statistics:
    """Per-feature statistics after BN."""
    return equations.describe(normalized(config, norm).y)


@cached
def mean_noise_of(config: BatchConfig) -> MeanNoise:
    """Means of the batches up to this one."""
    return mean_noise(config, table(config.table))


@cached
def implementations(config: BatchConfig, norm: NormConfig) -> tuple["Implementation", ...]:
    """Four implementations on this batch, timed when first asked for."""
    from bnviz.core.batchnorm.implementations import compare

    return compare(batch_of(config).values, norm)


@cached
def swallowed(config: BatchConfig, norm: NormConfig) -> NDArray[np.float64]:
    """Per feature, the share of epsilon in variance + epsilon."""
    return equations.swallowed(batch_moments_of(config, norm.precision).biased_variance, norm.eps)


@cached
def torch_refusal(config: BatchConfig) -> str | None:
    """What torch.nn.BatchNorm1d in train mode says to this batch, if it refuses it."""
    from bnviz.core.batchnorm.implementations import torch_refusal

    return torch_refusal(batch_of(config).values)
