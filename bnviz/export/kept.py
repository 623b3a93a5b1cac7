"""What an export has kept of a run, each part checked against the run's config.

Every function raises ValueError, or what reading the part raises, where it is no such run's.
"""

from collections.abc import Iterator
from dataclasses import fields

import numpy as np

from bnviz.core.configs import TrainConfig
from bnviz.core.smoothness.measure import Measure
from bnviz.core.smoothness.measure import from_bytes as measure_from_bytes
from bnviz.core.sweep.config import SweepConfig, cells
from bnviz.core.sweep.outcome import moments
from bnviz.core.training.snapshots import NetSnapshot, Snapshot, from_bytes
from bnviz.jobs.sweep import Finished


def _kept(arrays: dict[str, np.ndarray]) -> Iterator[tuple[int, bytes]]:
    count = sum(name.startswith("snapshot/") for name in arrays)
    if not count:
        raise ValueError("snapshots")
    for index in range(count):
        yield index, arrays[f"snapshot/{index}"].tobytes()


def cell_blobs(config: SweepConfig, arrays: dict[str, np.ndarray]) -> Iterator[tuple[int, bytes]]:
    """The cells of a sweep."""
    every = {cell.index: cell for cell in cells(config)}
    for index, blob in _kept(arrays):
        finished = measure_from_bytes(Finished, blob)
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
        yield index, blob


def result_blobs(measure: Measure, arrays: dict[str, np.ndarray]) -> Iterator[tuple[int, bytes]]:
    """The newest result is all that a measure keeps; that it can be judged, shows its shapes."""
    for index, blob in _kept(arrays):
        measure.verdicts(measure_from_bytes(measure.result, blob))
        yield index, blob


def snapshot_blobs(
    config: TrainConfig, arrays: dict[str, np.ndarray]
) -> Iterator[tuple[int, bytes]]:
    """The snapshots of a training, epochs ascending."""
    epoch = 0
    for index, blob in _kept(arrays):
        snapshot = from_bytes(blob)
        if not epoch <= snapshot.epoch <= config.optimizer.epochs or snapshot.state:
            raise ValueError("epoch")
        epoch = snapshot.epoch
        _check(config, snapshot)
        yield index, blob


def state_blobs(
    config: TrainConfig, arrays: dict[str, np.ndarray]
) -> Iterator[tuple[int, int, bytes]]:
    """The model states of a training: index, epoch and snapshot."""
    for name, blob in arrays.items():
        if not name.startswith("state/"):
            continue
        _, index, epoch = name.split("/")
        snapshot = from_bytes(blob.tobytes())
        _check(config, snapshot)
        if snapshot.epoch != int(epoch) or not snapshot.state or int(index) < 0:
            raise ValueError("state")
        yield int(index), int(epoch), blob.tobytes()


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
