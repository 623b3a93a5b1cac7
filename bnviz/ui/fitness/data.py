"""Every cache of the screen, in one place.

Configs are frozen and hashable and results are frozen too, so one plain
least-recently-used cache serves all visitors: unlike ``st.cache_data`` it hands
out the result itself instead of a copy, which for a large batch would cost more
than computing it. Arrays are made read-only before they are shared.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bnviz.core.configs import DataConfig, TrainConfig
from bnviz.core.data.tables import Dataset

if TYPE_CHECKING:
    from bnviz.core.training.evaluation import Evaluation
    from bnviz.core.training.snapshots import Snapshot
from bnviz.ui.cache import kept, table


@kept(8)
def dataset(config: DataConfig) -> Dataset:
    """What the nets learn from."""
    from bnviz.core.data.preparation import dataset_for

    return dataset_for(config, table(config.table) if config.table else None)


def held_out(config: DataConfig) -> int:
    """How many rows are held out for validation."""
    from bnviz.core.data.preparation import split

    return len(split(config, len(dataset(config).x))[1])


def training_rows(config: DataConfig) -> int:
    """How many rows are left to train on."""
    return len(dataset(config).x) - held_out(config)


@kept(8)
def last_state(run_id: str, snapshots: int) -> "Snapshot | None":
    """The newest of a run's `snapshots` that carries the nets themselves."""
    from bnviz.jobs import runner

    return runner.last_state(run_id)


@kept(8)
def evaluation(config: TrainConfig, run_id: str, snapshots: int) -> "Evaluation | None":
    """Both nets of that snapshot on the held-out rows; None before the first such snapshot."""
    from bnviz.core.training.evaluation import evaluate

    last = last_state(run_id, snapshots)
    return evaluate(config, dataset(config.data), last.state) if last else None


@kept(64)
def predict(
    config: TrainConfig, run_id: str, snapshots: int, row: tuple[float, ...]
) -> dict[str, NDArray[np.float64]] | None:
    """What every seed of both nets answers to one raw row."""
    from bnviz.core.training.evaluation import predict

    last = last_state(run_id, snapshots)
    if last is None:
        return None
    bn, plain = predict(config, dataset(config.data), last.state, np.array([row]))
    return {"bn": bn[:, 0], "plain": plain[:, 0]}


@kept(16)
def baseline_loss(config: TrainConfig) -> float:
    """The held-out mean squared error of always answering the training targets' mean."""
    from bnviz.core.training.evaluation import baseline_loss

    return baseline_loss(config, dataset(config.data))
