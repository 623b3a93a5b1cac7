"""The caches of Train versus eval; see :mod:`bnviz.ui.cached`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from bnviz.core import company as companies
from bnviz.core import microbatches, populations, streaming
from bnviz.core.configs import BatchConfig, StreamConfig, TrainConfig
from bnviz.core.datasets import Table
from bnviz.ui import cached
from bnviz.ui.cached import kept

if TYPE_CHECKING:
    from bnviz.core.frozen import Outcome, Setting
    from bnviz.core.recalibration import Recalibration


def _table(config: BatchConfig) -> Table | None:
    return cached.table(config.table) if config.table else None


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
    return cached.batch(_population(config)).names


@kept(8)
def drawn(batch: BatchConfig, steps: int) -> streaming.Drawn:
    """The statistics of the stream's batches."""
    return streaming.drawn(batch, steps, _table(batch))


@kept(8)
def walk(config: StreamConfig) -> streaming.Walk:
    """The running statistics on their way."""
    steps = streaming.possible_steps(config.batch, config.steps)
    return streaming.walk(config, drawn(config.batch, steps), moments(config.batch))


@kept(8)
def gap(
    config: StreamConfig, quantity: streaming.Quantity, reference: Literal["true", "train"]
) -> streaming.Gap:
    """Their gap, taken apart."""
    return streaming.gap(walk(config), quantity, reference)


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
    from bnviz.core.implementations import torch_refusal

    return torch_refusal(np.zeros((1, 1)))


@kept(8)
def _small_state(config: TrainConfig) -> Mapping[str, NDArray[np.float32]]:
    from bnviz.core.recalibration import train_small

    return train_small(config, cached.dataset(config.data))


@kept(8)
def recalibrated_here(config: TrainConfig, rows: int) -> "Recalibration":
    """Precise BN for nets trained on the spot."""
    from bnviz.core.recalibration import recalibrate

    return recalibrate(config, cached.dataset(config.data), _small_state(config), rows)


@kept(8)
def recalibrated_run(
    config: TrainConfig, run_id: str, snapshots: int, rows: int
) -> "Recalibration | None":
    """Precise BN for a stored run; None before its first snapshot with a state."""
    from bnviz.core.recalibration import recalibrate

    last = cached.last_state(run_id, snapshots)
    if last is None:
        return None
    return recalibrate(config, cached.dataset(config.data), last.state, rows)


@kept(1)
def truth_table() -> list[tuple["Setting", "Outcome"]]:
    """What is frozen, tried in every setting."""
    from bnviz.core.frozen import truth_table

    return truth_table()


@kept(8)
def split(
    batch: BatchConfig, parts: int, eps: float, torch_momentum: float | None
) -> microbatches.Split:
    """One batch split, three ways."""
    values = cached.batch(batch).values
    return microbatches.split_ways(values, parts, eps, torch_momentum, batch.seed)
