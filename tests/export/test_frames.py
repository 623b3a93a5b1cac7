"""A run as a table: every number in its own place."""

import numpy as np
import pytest

from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.training.snapshots import Snapshot
from bnviz.core.types import LEVELS
from bnviz.export.frames import per_layer_frame, per_seed_frame, running_frame

CONFIG = TrainConfig(
    data=DataConfig(samples=50),
    network=NetworkConfig(depth=2, width=4),
    optimizer=OptimizerConfig(epochs=2),
    probes=ProbeConfig(count=1, checkpoints=1),
    seeds=3,
)


@pytest.fixture(scope="module")
def run() -> list[Snapshot]:
    from bnviz.core.data.preparation import dataset_for
    from bnviz.core.training.train import train

    return list(train(CONFIG, dataset_for(CONFIG.data), lambda: False))


def test_per_seed(run: list[Snapshot]) -> None:
    frame = per_seed_frame(run, "bn")
    assert len(frame) == len(run) * 2 * 3
    row = frame[(frame.epoch == 2) & (frame.net == "plain") & (frame.seed == 1)]
    assert row.validation_loss.item() == run[-1].plain.validation_loss[1]
    assert row.eigenvalue_max.item() == run[-1].plain.eigenvalue_max[1]
    start = frame[frame.epoch == 0]
    assert start.eigenvalue_max.isna().all(), "not measured there"


def test_per_layer(run: list[Snapshot]) -> None:
    frame = per_layer_frame(run, "bn")
    assert len(frame) == len(run) * 2 * 2 * 3
    last = frame[frame.epoch == 2]
    row = last[(last.net == "bn") & (last.layer == 2) & (last.seed == 0)]
    assert row["mean"].item() == run[-1].bn.activation_mean[1, 0]
    for place, level in enumerate(LEVELS):
        expected = run[-1].bn.activation_quantiles[1, 0, place]
        assert row[f"quantile_{level:g}"].item() == expected
    assert np.isfinite(row.dead_share.item())


def test_running(run: list[Snapshot]) -> None:
    frame = running_frame(run)
    row = frame[(frame.epoch == 2) & (frame.layer == 2) & (frame.seed == 1)]
    assert row.running_variance.item() == run[-1].bn.running_variance[1, 1, 2]
