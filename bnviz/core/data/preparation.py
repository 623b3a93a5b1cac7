"""From a dataset to what the nets see: the split, and standardized inputs."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bnviz.core.configs import DataConfig
from bnviz.core.data.document import fitness_data
from bnviz.core.data.tables import Dataset, Table
from bnviz.core.types import Float

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Scaling:
    """What inputs are centred by and divided by, each (D,): the training rows' figures, or 0 and 1.

    The deviation is the biased one, over the config's input scale; a constant column's is 1.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    def apply(self, x: Float[NDArray[np.floating], "n d"]) -> Float[Tensor, "d n"]:
        """Raw rows (N, D) as the nets take them: (D, N), float32."""
        scaled = (x.astype(np.float64) - self.mean) / self.deviation
        return torch.from_numpy(np.ascontiguousarray(scaled.T.astype(np.float32)))


@dataclass(frozen=True)
class Prepared:
    """Both parts of a dataset as tensors: inputs (D, N), targets (N,), float32."""

    train_x: Tensor
    train_y: Tensor
    validation_x: Tensor
    validation_y: Tensor
    scaling: Scaling


def dataset_for(config: DataConfig, table: Table | None = None) -> Dataset:
    """The rows that `config` names; a user's `table` is needed when its source is "table".

    Raises ValueError, in a sentence, for columns that the table lacks, a target
    among the inputs, and values that float32 cannot hold.
    """
    if config.source == "fitness":
        return fitness_data(config.samples, config.seed, clip_scores=config.clip_scores)
    if table is None or config.target is None:
        raise ValueError("A training on a table needs the table and the name of its target column.")
    if config.target in config.columns:
        raise ValueError(f"The target {config.target!r} is among the inputs; leave it out of them.")
    missing = [name for name in (*config.columns, config.target) if name not in table.names]
    if missing:
        raise ValueError(f"The table has no column named {missing[0]!r}.")
    for name in (*config.columns, config.target):
        largest = np.abs(table.values[:, table.names.index(name)]).max()
        if largest > np.finfo(np.float32).max:
            raise ValueError(f"Column {name!r} holds values too large for single precision.")
        if 0 < largest < np.finfo(np.float32).tiny:
            raise ValueError(f"Column {name!r} holds values too small for single precision.")
    x = table.values[:, [table.names.index(name) for name in config.columns]]
    y = table.values[:, [table.names.index(config.target)]]
    return Dataset(
        x.astype(np.float32),
        y.astype(np.float32),
        config.columns,
        ("",) * len(config.columns),
        config.target,
    )


def split(config: DataConfig, rows: int) -> tuple[Indices, Indices]:
    """Shuffled indices of the training and the held-out rows; the same for all training seeds.

    At least one row is held out and two are trained on; fewer than three raise ValueError.
    """
    if rows < 3:
        raise ValueError(f"A training needs at least 3 rows; there are {rows}.")
    order = np.random.default_rng(config.seed).permutation(rows)
    held = min(max(1, round(config.validation * rows)), rows - 2)
    return order[held:], order[:held]


def prepare(config: DataConfig, dataset: Dataset) -> Prepared:
    """Split `dataset` and, when asked, standardize inputs by the training rows alone."""
    train, held = split(config, len(dataset.x))
    scaling = scaling_for(config, dataset.x[train])
    targets = torch.from_numpy(dataset.y[:, 0].astype(np.float32))
    return Prepared(
        scaling.apply(dataset.x[train]),
        targets[train],
        scaling.apply(dataset.x[held]),
        targets[held],
        scaling,
    )


def scaling_for(config: DataConfig, x: NDArray[np.float32]) -> Scaling:
    """What `config` does to inputs when these (N, D) are the training rows."""
    features = x.shape[1]
    if not config.standardize:
        return Scaling(np.zeros(features), np.ones(features) / config.input_scale)
    values = x.astype(np.float64)
    constant = np.ptp(values, axis=0) == 0
    deviation = np.where(constant, 1.0, values.std(axis=0))
    return Scaling(values.mean(axis=0), deviation / config.input_scale)
