"""Every cache of the screen, in one place.

Configs are frozen and hashable and results are frozen too, so one plain
least-recently-used cache serves all visitors: unlike ``st.cache_data`` it hands
out the result itself instead of a copy, which for a large batch would cost more
than computing it. Arrays are made read-only before they are shared.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from bnviz.core.batchnorm import equations
from bnviz.core.batchnorm.effect import Effect
from bnviz.core.batchnorm.effect import effect as measure_effect
from bnviz.core.batchnorm.mean_noise import Jitter
from bnviz.core.batchnorm.mean_noise import jitter as measure_jitter
from bnviz.core.configs import BatchConfig, NormConfig
from bnviz.core.data import batches
from bnviz.core.verdict import Verdict

if TYPE_CHECKING:
    from bnviz.core.batchnorm.implementations import Implementation
from bnviz.ui.cache import kept, table


@kept(4)
def batch(config: BatchConfig) -> batches.Batch:
    """The batch that `config` describes."""
    return batches.draw(config, table(config.table) if config.table else None)


def notes(
    config: BatchConfig,
) -> Iterator[Verdict[Literal["limited", "replaced", "refused"]]]:
    """Where the batch is not quite what was asked for, and what torch says to it."""
    yield from batches.notes(config, batch(config), table(config.table) if config.table else None)
    if config.batch_size == 1:
        yield Verdict("refused", {"message": torch_refusal(config) or ""})


@kept(4)
def normalized(config: BatchConfig, norm: NormConfig) -> equations.Forward:
    """That batch after BN."""
    return equations.apply(batch(config).values, norm)


@kept(16)
def effect(config: BatchConfig, norm: NormConfig) -> Effect:
    """What BN did to it."""
    return measure_effect(normalized(config, norm))


@kept(16)
def statistics(config: BatchConfig) -> equations.Statistics:
    """Per-feature statistics before BN."""
    return equations.describe(batch(config).values)


@kept(16)
def statistics_after(config: BatchConfig, norm: NormConfig) -> equations.Statistics:
    """Per-feature statistics after BN."""
    return equations.describe(normalized(config, norm).y)


@kept(16)
def jitter(config: BatchConfig) -> Jitter:
    """Means of the batches up to this one."""
    return measure_jitter(config, table(config.table) if config.table else None)


@kept(4)
def implementations(config: BatchConfig, norm: NormConfig) -> tuple["Implementation", ...]:
    """Four implementations on this batch, timed when first asked for."""
    from bnviz.core.batchnorm.implementations import compare

    return compare(batch(config).values, norm)


@kept(16)
def swallowed(config: BatchConfig, norm: NormConfig) -> NDArray[np.float64]:
    """Per feature, the share of epsilon in variance + epsilon."""
    return equations.swallowed(normalized(config, norm).biased_variance, norm.eps)


@kept(4)
def torch_refusal(config: BatchConfig) -> str | None:
    """What torch.nn.BatchNorm1d in train mode says to this batch, if it refuses it."""
    from bnviz.core.batchnorm.implementations import torch_refusal

    return torch_refusal(batch(config).values)
