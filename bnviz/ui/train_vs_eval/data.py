"""The caches of Train versus eval; see :mod:`bnviz.ui.cache`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from bnviz.core.batchnorm import batch_dependence as companies
from bnviz.core.batchnorm import micro_batches, stream
from bnviz.core.configs import BatchConfig, StreamConfig, TrainConfig
from bnviz.core.data import moments as populations
from bnviz.core.data.tables import Table
from bnviz.ui import cache
from bnviz.ui.cache import kept
from bnviz.ui.fitness import data as fitness_data
from bnviz.ui.one_batch import data as one_batch_data

if TYPE_CHECKING:
    from bnviz.core.batchnorm.layer_modes import Outcome, Setting
    from bnviz.core.training.precise_bn import Recalibration


def _table(config: BatchConfig) -> Table | None:
    return cache.table(config.table) if config.table else None


def _population(config: BatchConfig) -> BatchConfig:
    """The same for every batch of a population, so that its moments are computed once."""
    return config.model_copy(update={"batch_size": 1, "seed": 0})


@kept(16)
def _moments(population: BatchConfig) -> populations.Moments:
    return populations.moments(population, _table(population))


def moments(config: BatchConfig) -> populations.Moments:
    """True moments of what `config` draws from."""
    return _moments(_population(config))


def names(config: BatchConfig) -> tuple[str, ...]:
    """The features that `config` draws."""
    return one_batch_data.batch(_population(config)).names


@kept(8)
def drawn(batch: BatchConfig, steps: int) -> stream.Drawn:
    """The statistics of the stream's batches."""
    return stream.drawn(batch, steps, _table(batch))


@kept(8)
def walk(config: StreamConfig) -> stream.Walk:
    """The running statistics on their way."""
    steps = stream.possible_steps(config.batch, config.steps)
    return stream.walk(config, drawn(config.batch, steps), moments(config.batch))


@kept(8)
def gap(
    config: StreamConfig, quantity: stream.Quantity, reference: Literal["true", "train"]
) -> stream.Gap:
    """Their gap, taken apart."""
    return stream.gap(walk(config), quantity, reference)


@kept(4)
def company(batch: BatchConfig, feature: int, z: float, eps: float) -> companies.Company:
    """One sample in random batches of every size."""
    return companies.company(batch, feature, z, eps, moments(batch), _table(batch))


@kept(16)
def density(
    batch: BatchConfig, feature: int, z: float, size: int, eps: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Where theory expects its output in batches of one size."""
    return companies.density(batch, feature, z, size, eps, moments(batch))


@kept(4)
def refusal() -> str | None:
    """What torch.nn.BatchNorm1d in train mode says to a batch of one row."""
    from bnviz.core.batchnorm.implementations import torch_refusal

    return torch_refusal(np.zeros((1, 1)))


@kept(8)
def _small_state(config: TrainConfig) -> Mapping[str, NDArray[np.float32]]:
    from bnviz.core.training.precise_bn import train_small

    return train_small(config, fitness_data.dataset(config.data))


@kept(8)
def recalibrated_here(config: TrainConfig, rows: int) -> "Recalibration":
    """Precise BN for nets trained on the spot."""
    from bnviz.core.training.precise_bn import recalibrate

    return recalibrate(config, fitness_data.dataset(config.data), _small_state(config), rows)


@kept(8)
def recalibrated_run(
    config: TrainConfig, run_id: str, snapshots: int, rows: int
) -> "Recalibration | None":
    """Precise BN for a stored run; None before its first snapshot with a state."""
    from bnviz.core.training.precise_bn import recalibrate

    last = fitness_data.last_state(run_id, snapshots)
    if last is None:
        return None
    return recalibrate(config, fitness_data.dataset(config.data), last.state, rows)


@kept(1)
def truth_table() -> list[tuple["Setting", "Outcome"]]:
    """What is frozen, tried in every setting."""
    from bnviz.core.batchnorm.layer_modes import truth_table

    return truth_table()


@kept(8)
def split(
    batch: BatchConfig, parts: int, eps: float, torch_momentum: float | None
) -> micro_batches.Split:
    """One batch split, three ways."""
    values = one_batch_data.batch(batch).values
    return micro_batches.split_ways(values, parts, eps, torch_momentum, batch.seed)
