"""What Fitness computes, remembered; see :mod:`bnviz.ui.cache`."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bnviz.core.configs import DataConfig, TrainConfig
from bnviz.core.data.tables import Dataset
from bnviz.core.training.cost import FEATURES
from bnviz.ui.cache import cached, table

if TYPE_CHECKING:
    from bnviz.core.training.evaluation import Evaluation
    from bnviz.core.training.snapshots import Snapshot


@cached
def dataset_of(config: DataConfig) -> Dataset:
    """What the nets learn from."""
    from bnviz.core.data.preparation import dataset_for

    return dataset_for(config, table(config.table))


def size(config: DataConfig) -> tuple[int, int]:
    """Rows and inputs of what the nets learn from, without loading it."""
    if config.table is None:
        return config.samples, FEATURES
    kept_table = table(config.table)
    return len(kept_table.values) if kept_table else 0, len(config.columns)


def held_out(config: DataConfig) -> int:
    """How many rows are held out for validation."""
    from bnviz.core.data.preparation import split

    return len(split(config, len(dataset_of(config).x))[1])


def training_rows(config: DataConfig) -> int:
    """How many rows are left to train on."""
    return len(dataset_of(config).x) - held_out(config)


@cached
def last_state(run_id: str, snapshots: int) -> "Snapshot | None":
    """The newest of a run's `snapshots` that carries the nets themselves."""
    from bnviz.jobs import runner

    return runner.last_state(run_id)


@cached
def evaluation(config: TrainConfig, run_id: str, snapshots: int) -> "Evaluation | None":
    """Both nets of that snapshot on the held-out rows; None before the first such snapshot."""
    from bnviz.core.training.evaluation import evaluate

    last = last_state(run_id, snapshots)
    return evaluate(config, dataset_of(config.data), last.state) if last else None


@cached
def predict(
    config: TrainConfig, run_id: str, snapshots: int, row: tuple[float, ...]
) -> dict[str, NDArray[np.float64]] | None:
    """What every seed of both nets answers to one raw row."""
    from bnviz.core.training.evaluation import predict

    last = last_state(run_id, snapshots)
    if last is None:
        return None
    bn, plain = predict(config, dataset_of(config.data), last.state, np.array([row]))
    return {"bn": bn[:, 0], "plain": plain[:, 0]}


@cached
def rule(row: tuple[float, ...], clip: bool) -> float:
    """The score that the document's rule gives to one person, without its noise."""
    import torch

    from bnviz.core.data.document import fitness_rule

    score = float(fitness_rule(torch.tensor([row], dtype=torch.float64)))
    return min(max(score, 0.0), 100.0) if clip else score


@cached
def baseline_loss(config: TrainConfig) -> float:
    """The held-out mean squared error of always answering the training targets' mean."""
    from bnviz.core.training.evaluation import baseline_loss

    return baseline_loss(config, dataset_of(config.data))
