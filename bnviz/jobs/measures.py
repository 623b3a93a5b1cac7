"""Measures of smoothness as jobs: the nets they are about come from the store, results go there.

A measure of a training's last nets means those that are the last when it is asked for:
:func:`with_epoch` puts their epoch in, so that a result looked up by its config is never another's.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bnviz.core.configs import TrainConfig
from bnviz.core.nets.norms.names import Norm
from bnviz.core.smoothness.measure import Measure, SubjectConfig, to_bytes
from bnviz.core.training.presets import PRESETS
from bnviz.core.types import StopFlag
from bnviz.jobs import trainings
from bnviz.jobs.kinds import MEASURE, TRAININGS, kind_of, measured
from bnviz.jobs.steps import Step
from bnviz.store import Run, Store, StoreProblem

if TYPE_CHECKING:
    from bnviz.core.smoothness.subject import Subject

#: The codes of problems that mean: these nets are not there, or not yet.
NOTHING_THERE = ("run_gone", "no_nets", "no_checkpoint")


def kind(config: Measure) -> str:
    """What runs of such measures are called in the store."""
    return f"{MEASURE}:{config.kind}"


def config_of(run: Run) -> Measure:
    """What a run measures; StoreProblem if this version does not understand it."""
    measure: Measure = kind_of(run).config_of(run)
    return measure


def subject_of(run: Run) -> str | None:
    """The id of the training that a measure is about; None of other runs, and of no training."""
    return config_of(run).subject.run if measured(run) else None


def lacking(store: Store, run_id: str) -> str | None:
    """The id of the training that a measure is about, if the history does not have it."""
    run = store.run(run_id)
    about = subject_of(run) if run else None
    return about if about and store.run(about) is None else None


def create(store: Store, config: Measure) -> str:
    """A queued run of `config` that waits for a worker; raises StoreProblem."""
    return store.create(kind(config), config.model_dump_json(), 0)


def training_of(store: Store, measure: Measure) -> tuple[TrainConfig, int, int]:
    """The training that the measured nets come from, with rows and inputs of what they learn from.

    Raises StoreProblem if it is not there.
    """
    if measure.subject.run is None:
        config = PRESETS["document"].model_copy(update={"seeds": 1})
    else:
        training, _ = _checkpoint(store, measure.subject)
        config = TRAININGS.config_of(training)
    return config, *trainings.size_of(store, config.data)


def checkpoints(store: Store, run_id: str) -> list[int]:
    """The epochs, ascending, at which the nets of a training are kept."""
    return sorted({epoch for _, epoch in store.states(run_id)})


def with_epoch(store: Store, config: Measure) -> Measure:
    """The same measure with nothing left open: the last checkpoint by its epoch.

    What the measure does not need of its subject is left out. Raises StoreProblem where
    the last checkpoint of a training is asked for that has none.
    """
    config = config.of(config.subject)
    if config.needs != "nets" or config.subject.run is None or config.subject.epoch is not None:
        return config
    run_id = config.subject.run
    epochs = checkpoints(store, run_id)
    if not epochs:
        raise _no_nets(store, config.subject)
    return config.of(SubjectConfig(run=run_id, epoch=epochs[-1]))


def find(store: Store, config: Measure, visitor: str = "") -> Run | None:
    """The newest run of that config, in any state, if what it measured still stands.

    What somebody took in from a file is found by that visitor alone.
    """
    newest = store.newest(kind(config), config.model_dump_json(), visitor)
    if newest is None or config.subject.epoch is None or config.subject.run is None:
        return newest
    # A training that is stopped leaves its nets some steps after the checkpoint of that epoch.
    training = store.run(config.subject.run)
    if training is None or training.finished is None or training.done > config.subject.epoch:
        return newest
    return newest if newest.created > training.finished else None


def resolve(store: Store, wanted: SubjectConfig) -> "Subject":
    """The nets that `wanted` names; raises StoreProblem if they are not there. Needs torch."""
    from bnviz.core.data.preparation import dataset_for
    from bnviz.core.smoothness import subject

    if wanted.run is None:
        return subject.document()
    run, blob = _checkpoint(store, wanted)
    config = TRAININGS.config_of(run)
    dataset = dataset_for(config.data, trainings.table_of(store, config.data))
    return subject.of_state(config, dataset, TRAININGS.decoded(run.id, blob).state)


def norm_of(store: Store, wanted: SubjectConfig) -> Norm:
    """The norm of the first of the nets that `wanted` names."""
    training = store.run(wanted.run) if wanted.run else None
    return TRAININGS.config_of(training).network.norm if training else "batch"


def work(store: Store, run: Run, should_stop: StopFlag) -> Iterator[Step]:
    """Measures, and keeps the newest result."""
    config = config_of(run)
    count, last = 0, None
    for progress in config.measure(resolve(store, config.subject), should_stop):
        result = None
        if progress.result is not None and progress.result is not last:
            result = count, to_bytes(progress.result)
            count, last = count + 1, progress.result
        if not store.advance(run.id, progress.done, progress.total, result):
            return
        yield Step(progress.done, progress.total)


def _checkpoint(store: Store, wanted: SubjectConfig) -> tuple[Run, bytes]:
    """The training and its model state at that epoch; of several that of the newest snapshot."""
    held = [i for i, epoch in store.states(str(wanted.run)) if wanted.epoch in (None, epoch)]
    run = store.run(str(wanted.run))
    blob = store.state_blob(run.id, held[-1]) if run and held else None
    if run is None or blob is None:
        raise _no_nets(store, wanted)
    return run, blob


def _no_nets(store: Store, wanted: SubjectConfig) -> StoreProblem:
    """Why the nets of a run are not there."""
    run_id = str(wanted.run)
    run, epochs = store.run(run_id), checkpoints(store, run_id)
    if run is None or run.kind != TRAININGS.name:
        return StoreProblem("run_gone", {"run": run_id[:40]})
    if not epochs:
        return StoreProblem("no_nets", {"run": run_id})
    values = {"run": run_id, "epoch": str(wanted.epoch), "epochs": ", ".join(map(str, epochs))}
    return StoreProblem("no_checkpoint", values)
