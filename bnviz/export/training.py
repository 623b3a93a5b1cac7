"""A training as it is handed on: its run, its settings, what it has kept, and its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bnviz.core.configs import TrainConfig
from bnviz.core.data.tables import Dataset, Table
from bnviz.core.training.snapshots import Snapshot
from bnviz.jobs.kinds import TRAININGS
from bnviz.jobs.trainings import table_of
from bnviz.store import Run, Store, StoreProblem
from bnviz.texts.catalogue import sentence


@dataclass(frozen=True)
class Training:
    """A run with its settings and snapshots; `table` is the user's, if it learned from one."""

    run: Run
    config: TrainConfig
    snapshots: Sequence[Snapshot]
    table: Table | None

    @property
    def dataset(self) -> Dataset:
        """The rows it learned from. Imports torch."""
        from bnviz.core.data.preparation import dataset_for

        return dataset_for(self.config.data, self.table)


@dataclass(frozen=True)
class Wording:
    """In which language an export speaks, and its settings by name as that language has them."""

    language: str = "en"
    settings: Mapping[str, str] | None = None

    def say(self, key: str, **values: Any) -> str:
        """The sentence at `key`."""
        return sentence(self.language, key, **values)


def training(store: Store, run_id: str) -> Training:
    """The training `run_id`; raises StoreProblem where it cannot be handed on."""
    run = store.run(run_id)
    if run is None or run.kind != TRAININGS.name:
        raise StoreProblem("run_gone", {"run": run_id[:40]})
    config = TRAININGS.config_of(run)
    snapshots = [TRAININGS.decoded(run.id, blob) for _, blob in store.blobs(run.id)]
    if not snapshots:
        raise StoreProblem("no_nets", {"run": run.id})
    return Training(run, config, snapshots, table_of(store, config.data))
