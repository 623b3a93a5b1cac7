"""Trainings as jobs: a config becomes a run, its snapshots go to the store."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from pydantic import ValidationError
from safetensors import SafetensorError

from bnviz.core.configs import DataConfig, TrainConfig
from bnviz.core.data.tables import Table
from bnviz.core.training.cost import FEATURES
from bnviz.core.training.snapshots import to_bytes
from bnviz.core.types import StopFlag
from bnviz.jobs.steps import Step
from bnviz.store import Run, Store, StoreProblem

KIND = "train"

T = TypeVar("T")


def create(store: Store, config: TrainConfig) -> str:
    """A queued run of `config` that waits for a worker; raises StoreProblem."""
    table_of(store, config.data)
    return store.create(KIND, config.model_dump_json(), config.optimizer.epochs)


def config_of(run: Run) -> TrainConfig:
    """The settings of a training; StoreProblem if this version does not understand them."""
    try:
        return TrainConfig.model_validate_json(run.config)
    except ValidationError as error:
        raise StoreProblem("foreign_config", {"run": run.id}) from error


def understood(run: Run) -> bool:
    """Whether it is a training whose settings this version understands."""
    with suppress(StoreProblem):
        return run.kind == KIND and bool(config_of(run))
    return False


def decoded(run_id: str, decode: Callable[[bytes], T], blob: bytes) -> T:
    """What a run has kept; StoreProblem if it is damaged."""
    try:
        return decode(blob)
    except (SafetensorError, ValueError, TypeError, LookupError, OverflowError) as error:
        raise StoreProblem("damaged", {"run": run_id}) from error


def table_of(store: Store, data: DataConfig) -> Table | None:
    """The user's table that `data` names, if it names one; StoreProblem if it is gone."""
    if data.table is None:
        return None
    table = store.table(data.table)
    if table is None:
        raise StoreProblem("table_gone", {"digest": data.table[:12]})
    return table


def size_of(store: Store, data: DataConfig) -> tuple[int, int]:
    """Rows and inputs of what the nets learn from; StoreProblem if the user's table is gone."""
    table = table_of(store, data)
    return (data.samples, FEATURES) if table is None else (len(table.values), len(data.columns))


def work(store: Store, run: Run, should_stop: StopFlag) -> Iterator[Step]:
    """Trains, and keeps every snapshot."""
    from bnviz.core.data.preparation import dataset_for
    from bnviz.core.training import train

    config = config_of(run)
    dataset = dataset_for(config.data, table_of(store, config.data))
    for index, snapshot in enumerate(train.train(config, dataset, should_stop)):
        state = to_bytes(snapshot) if snapshot.state else None
        light = to_bytes(replace(snapshot, state={}))
        if not store.append(run.id, index, snapshot.epoch, light, state):
            return
        yield Step(snapshot.epoch, config.optimizer.epochs)
