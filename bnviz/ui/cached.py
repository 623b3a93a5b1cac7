"""Every cache of the screen, in one place.

Configs are frozen and hashable and results are frozen too, so one plain
least-recently-used cache serves all visitors: unlike ``st.cache_data`` it hands
out the result itself instead of a copy, which for a large batch would cost more
than computing it. Arrays are made read-only before they are shared.
"""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from bnviz.core import batches, batchnorm, effects
from bnviz.core.configs import BatchConfig, DataConfig, NormConfig, TrainConfig
from bnviz.core.datasets import Dataset, Table
from bnviz.core.jitter import Jitter
from bnviz.core.jitter import jitter as measure_jitter

if TYPE_CHECKING:
    from bnviz.core.evaluation import Evaluation
    from bnviz.core.implementations import Implementation
    from bnviz.core.snapshots import Snapshot
    from bnviz.store.tables import Reading

P = ParamSpec("P")
R = TypeVar("R")


def _seal(result: object) -> None:
    """Make every array in a frozen result read-only."""
    if isinstance(result, np.ndarray):
        result.setflags(write=False)
    elif isinstance(result, (tuple, list)):
        for part in result:
            _seal(part)
    elif is_dataclass(result):
        for field in fields(result):
            _seal(getattr(result, field.name))


def kept(entries: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Remember the last results of a pure function, as many as `entries`, and seal them."""

    def keep(compute: Callable[P, R]) -> Callable[P, R]:
        @lru_cache(maxsize=entries)
        @wraps(compute)
        def sealed(*args: Any, **kwargs: Any) -> R:
            result = compute(*args, **kwargs)
            _seal(result)
            return result

        return sealed  # type: ignore[return-value]

    return keep


def table(digest: str) -> Table | None:
    """A stored user table; None is not kept: it may be stored later."""
    try:
        return _table(digest)
    except LookupError:
        return None


@kept(8)
def _table(digest: str) -> Table:
    from bnviz.store import open_store

    found = open_store().table(digest)
    if found is None:
        raise LookupError(digest)
    return found


@kept(4)
def batch(config: BatchConfig) -> batches.Batch:
    """The batch that `config` describes."""
    return batches.draw(config, table(config.table) if config.table else None)


@kept(4)
def normalized(config: BatchConfig, norm: NormConfig) -> batchnorm.Forward:
    """That batch after BN."""
    return batchnorm.apply(batch(config).values, norm)


@kept(16)
def effect(config: BatchConfig, norm: NormConfig) -> effects.Effect:
    """What BN did to it."""
    return effects.effect(normalized(config, norm))


@kept(16)
def statistics(config: BatchConfig) -> batchnorm.Statistics:
    """Per-feature statistics before BN."""
    return batchnorm.describe(batch(config).values)


@kept(16)
def statistics_after(config: BatchConfig, norm: NormConfig) -> batchnorm.Statistics:
    """Per-feature statistics after BN."""
    return batchnorm.describe(normalized(config, norm).y)


@kept(16)
def jitter(config: BatchConfig) -> Jitter:
    """Means of the batches up to this one."""
    return measure_jitter(config, table(config.table) if config.table else None)


@kept(4)
def implementations(config: BatchConfig, norm: NormConfig) -> tuple["Implementation", ...]:
    """Four implementations on this batch, timed when first asked for."""
    from bnviz.core.implementations import compare

    return compare(batch(config).values, norm)


@kept(16)
def swallowed(config: BatchConfig, norm: NormConfig) -> NDArray[np.float64]:
    """Per feature, the share of epsilon in variance + epsilon."""
    return batchnorm.swallowed(normalized(config, norm).biased_variance, norm.eps)


@kept(4)
def torch_refusal(config: BatchConfig) -> str | None:
    """What torch.nn.BatchNorm1d in train mode says to this batch, if it refuses it."""
    from bnviz.core.implementations import torch_refusal

    return torch_refusal(batch(config).values)


@kept(8)
def dataset(config: DataConfig) -> Dataset:
    """What the nets learn from."""
    from bnviz.core.preparation import dataset_for

    return dataset_for(config, table(config.table) if config.table else None)


def held_out(config: DataConfig) -> int:
    """How many rows are held out for validation."""
    from bnviz.core.preparation import split

    return len(split(config, len(dataset(config).x))[1])


def training_rows(config: DataConfig) -> int:
    """How many rows are left to train on."""
    return len(dataset(config).x) - held_out(config)


@kept(4)
def reading(name: str, blob: bytes) -> "Reading":
    """What a user's file holds."""
    from bnviz.store.tables import read

    return read(name, blob)


@kept(8)
def last_state(run_id: str, snapshots: int) -> "Snapshot | None":
    """The newest of a run's `snapshots` that carries the nets themselves."""
    from bnviz.jobs import runner

    return runner.last_state(run_id)


@kept(8)
def evaluation(config: TrainConfig, run_id: str, snapshots: int) -> "Evaluation | None":
    """Both nets of that snapshot on the held-out rows; None before the first such snapshot."""
    from bnviz.core.evaluation import evaluate

    last = last_state(run_id, snapshots)
    return evaluate(config, dataset(config.data), last.state) if last else None


@kept(64)
def predict(
    config: TrainConfig, run_id: str, snapshots: int, row: tuple[float, ...]
) -> dict[str, NDArray[np.float64]] | None:
    """What every seed of both nets answers to one raw row."""
    from bnviz.core.evaluation import predict

    last = last_state(run_id, snapshots)
    if last is None:
        return None
    bn, plain = predict(config, dataset(config.data), last.state, np.array([row]))
    return {"bn": bn[:, 0], "plain": plain[:, 0]}


@kept(16)
def baseline_loss(config: TrainConfig) -> float:
    """The held-out mean squared error of always answering the training targets' mean."""
    from bnviz.core.evaluation import baseline_loss

    return baseline_loss(config, dataset(config.data))
