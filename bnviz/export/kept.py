"""What an export has kept of a run, each part checked against the run's config.

Every function raises ValueError, or what reading the part raises, where it is no such run's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from bnviz.core.configs import TrainConfig
from bnviz.core.sweep.config import SweepConfig, cells
from bnviz.core.sweep.outcome import Finished, moments
from bnviz.core.training.cost import FEATURES
from bnviz.core.training.snapshots import NetSnapshot, Snapshot
from bnviz.core.types import NETS
from bnviz.jobs.kinds import TRAININGS, Kind

Arrays = Mapping[str, np.ndarray]


def blobs_of(kind: Kind[Any, Any], config: Any, arrays: Arrays) -> list[tuple[int, bytes]]:
    """What a run of that kind and config has kept: each with its index, in order."""
    count = sum(name.startswith("snapshot/") for name in arrays)
    blobs = [arrays[f"snapshot/{index}"].tobytes() for index in range(count)]
    kept = map(kind.read, blobs)
    match config:
        case TrainConfig():
            _check_snapshots(config, kept)
        case SweepConfig():
            _check_cells(config, kept)
        case _:
            for result in kept:
                config.verdicts(result)  # raises where shapes are wrong
    return list(enumerate(blobs))


def states_of(config: Any, arrays: Arrays) -> list[tuple[int, int, bytes]]:
    """The model states of a training: index, epoch and snapshot; none of other runs."""
    states = []
    for name in arrays if isinstance(config, TrainConfig) else ():
        if not name.startswith("state/"):
            continue
        blob = arrays[name].tobytes()
        index, epoch = map(int, name.split("/")[1:])
        snapshot = TRAININGS.read(blob)
        _check(config, snapshot)
        if snapshot.epoch != epoch or index < 0:
            raise ValueError("state")
        _check_nets(config, snapshot.state)
        states.append((index, epoch, blob))
    return states


def _check_nets(config: TrainConfig, state: Arrays) -> None:
    """Raises ValueError where a model state is not that of such a training's nets."""
    from bnviz.core.nets.initial import initial

    features = len(config.data.columns) or FEATURES
    expected = {}
    for name in NETS:
        one = initial(config.network, features, [0], bn=name == "bn")
        for key, value in (one.params | one.buffers).items():
            expected[f"{name}/{key}"] = (config.seeds, *value.shape[1:])
    missing = {key for key in expected if not key.endswith(".batches")} - state.keys()
    wrong = [key for key, value in state.items() if value.shape != expected.get(key)]
    if missing or wrong or any(value.dtype != np.float32 for value in state.values()):
        raise ValueError("state")


def _check_cells(config: SweepConfig, kept: Iterable[Finished]) -> None:
    every = {cell.index: cell for cell in cells(config)}
    for finished in kept:
        epochs = every.pop(finished.cell).config.optimizer.epochs
        shape = len(moments(epochs)), config.base.seeds
        if finished.outcome.epochs.shape != shape[:1]:
            raise ValueError("epochs")
        for net in (finished.outcome.bn, finished.outcome.plain):
            for each in fields(net):
                figure = getattr(net, each.name)
                expected = (shape,) if each.name.endswith("_loss") else (shape[1:], (0,))
                if figure.dtype.kind != "f" or figure.shape not in expected:
                    raise ValueError(each.name)


def _check_snapshots(config: TrainConfig, kept: Iterable[Snapshot]) -> None:
    epoch = 0
    for snapshot in kept:
        if not epoch <= snapshot.epoch <= config.optimizer.epochs or snapshot.state:
            raise ValueError("epoch")
        epoch = snapshot.epoch
        _check(config, snapshot)


def _check(config: TrainConfig, snapshot: Snapshot) -> None:
    """Raises ValueError where a figure has not the shape that it has in such a training."""
    shapes = {1: (config.seeds,), 2: (config.network.depth, config.seeds)}
    shapes[3] = (*shapes[2], 5)
    if {*snapshot.others} != {*config.other_norms}:
        raise ValueError("nets")
    for net in snapshot.nets.values():
        for each in fields(NetSnapshot):
            figure = getattr(net, each.name)
            quantiles = each.name.endswith("_quantiles") or each.name.startswith("running_")
            layers = each.name.startswith("activation_") or each.name == "dead_share"
            expected = shapes[3 if quantiles else 2 if layers else 1]
            if figure.dtype.kind != "f" or figure.shape not in (expected, (0,)):
                raise ValueError(each.name)
        if not net.train_loss.size or not net.diverged.size:
            raise ValueError("losses")
