"""What Train versus eval computes, remembered; see :mod:`bnviz.ui.cache`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from bnviz.core.batchnorm import agreement, batch_dependence, micro_batches, stream
from bnviz.core.configs import BatchConfig, StreamConfig, TrainConfig
from bnviz.core.data.moments import Moments, moments
from bnviz.core.verdict import Verdict
from bnviz.ui.cache import cached, table
from bnviz.ui.fitness.compute import dataset_of, last_state
from bnviz.ui.one_batch.compute import batch_of

if TYPE_CHECKING:
    from bnviz.core.batchnorm.layer_modes import Outcome, Setting
    from bnviz.core.training.precise_bn import Recalibration


def any_size(config: BatchConfig) -> BatchConfig:
    """The same for every batch size, for what has batches of its own: computed once."""
    return config.model_copy(update={"batch_size": 1})


def _population(config: BatchConfig) -> BatchConfig:
    """The same for every batch of a population, so that its moments are computed once."""
    return any_size(config).model_copy(update={"seed": 0})


@cached
def _moments(population: BatchConfig) -> Moments:
    return moments(population, table(population.table))


def moments_of(config: BatchConfig) -> Moments:
    """True moments of what `config` draws from."""
    return _moments(_population(config))


def names(config: BatchConfig) -> tuple[str, ...]:
    """The features that `config` draws."""
    return batch_of(_population(config)).names


@cached
def drawn(batch: BatchConfig, steps: int) -> stream.Drawn:
    """The statistics of the stream's batches."""
    return stream.drawn(batch, steps, table(batch.table))


@cached
def walk(config: StreamConfig) -> stream.Walk:
    """The running statistics on their way."""
    return stream.walk(config, drawn(config.batch, config.steps), moments_of(config.batch))


Told = tuple[Verdict[agreement.Key], ...]


@cached
def answer(config: StreamConfig, eps: float) -> tuple[Told, Told]:
    """Whether eval mode agrees by now, with the cause if not; and what kept them apart before."""
    told = agreement.verdict(walk(config), config, eps)
    end = 2 if told[0].key == "off" else 1
    return told[:end], told[end:]


@cached
def gap(
    config: StreamConfig, quantity: stream.Quantity, reference: Literal["true", "train"]
) -> stream.Gap:
    """The gap of the running statistics, taken apart."""
    return stream.gap(walk(config), quantity, reference)


@cached
def dependence(
    batch: BatchConfig, feature: int, z: float, eps: float
) -> batch_dependence.BatchDependence:
    """One sample in random batches of every size; `batch` is of :func:`any_size`."""
    return batch_dependence.batch_dependence(
        batch, feature, z, eps, moments_of(batch), table(batch.table)
    )


@cached
def density(
    batch: BatchConfig, feature: int, z: float, size: int, eps: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Where theory expects its output in batches of one size; `batch` is of :func:`any_size`."""
    return batch_dependence.density(batch, feature, z, size, eps, moments_of(batch))


@cached
def refusal() -> str | None:
    """What torch.nn.BatchNorm1d in train mode says to a batch of one row."""
    from bnviz.core.batchnorm.implementations import torch_refusal

    return torch_refusal(np.zeros((1, 1)))


@cached
def _small_state(config: TrainConfig) -> Mapping[str, NDArray[np.float32]]:
    from bnviz.core.training.precise_bn import train_small

    return train_small(config, dataset_of(config.data))


@cached
def recalibrated_here(config: TrainConfig, rows: int) -> "Recalibration":
    """Precise BN for nets trained on the spot."""
    from bnviz.core.training.precise_bn import recalibrate

    return recalibrate(config, dataset_of(config.data), _small_state(config), rows)


@cached
def recalibrated_run(
    config: TrainConfig, run_id: str, snapshots: int, rows: int
) -> "Recalibration | None":
    """Precise BN for a stored run; None before its first snapshot with a state."""
    from bnviz.core.training.precise_bn import recalibrate

    last = last_state(run_id, snapshots)
    if last is None:
        return None
    return recalibrate(config, dataset_of(config.data), last.state, rows)


@cached
def truth_table() -> list[tuple["Setting", "Outcome"]]:
    """What is frozen, tried in every setting."""
    from bnviz.core.batchnorm.layer_modes import truth_table

    return truth_table()


@cached
def split(
    batch: BatchConfig, parts: int, eps: float, torch_momentum: float | None
) -> micro_batches.Split:
    """One batch split, three ways."""
    values = batch_of(batch).values
    return micro_batches.split_ways(values, parts, eps, torch_momentum, batch.seed)
