"""Trainings as jobs: a config becomes a run, its snapshots go to the store."""

from collections.abc import Iterator
from dataclasses import replace

from bnviz.core.configs import DataConfig, TrainConfig
from bnviz.core.data.tables import Table
from bnviz.core.training.cost import FEATURES
from bnviz.core.training.snapshots import to_bytes
from bnviz.core.types import StopFlag
from bnviz.jobs.kinds import TRAININGS
from bnviz.jobs.steps import Step
from bnviz.store import Run, Store, StoreProblem


def create(store: Store, config: TrainConfig) -> str:
    """A queued run of `config` that waits for a worker; raises StoreProblem."""
    table_of(store, config.data)
    return store.create(TRAININGS.name, config.model_dump_json(), config.optimizer.epochs)


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

    config = TRAININGS.config_of(run)
    dataset = dataset_for(config.data, table_of(store, config.data))
    for index, snapshot in enumerate(train.train(config, dataset, should_stop)):
        state = to_bytes(snapshot) if snapshot.state else None
        light = to_bytes(replace(snapshot, state={}))
        if not store.append(run.id, index, snapshot.epoch, light, state):
            return
        yield Step(snapshot.epoch, config.optimizer.epochs)
