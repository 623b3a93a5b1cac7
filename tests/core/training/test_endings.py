"""What a training's curves end with, against plain numpy over the snapshots."""

from dataclasses import replace

import numpy as np
import pytest

from bnviz.core.configs import NetworkConfig, OptimizerConfig, TrainConfig
from bnviz.core.data.preparation import dataset_for
from bnviz.core.training.endings import ending, running_ends
from bnviz.core.training.train import train

CONFIG = TrainConfig(
    network=NetworkConfig(depth=2, width=4), optimizer=OptimizerConfig(epochs=2), seeds=3
)


def test_endings_are_the_medians_of_what_is_finite() -> None:
    *_, last = train(CONFIG, dataset_for(CONFIG.data), lambda: False)
    told = ending([last], "dead_share")
    assert told.key == "both" and told.values["epoch"] == 2
    for net, snapshot in last.nets.items():
        shares = np.median(snapshot.dead_share.mean(axis=0))
        assert told.values[net] == pytest.approx(float(shares))
    spread = ending([last], "activation_std", 1)
    assert spread.values["bn"] == pytest.approx(float(np.median(last.bn.activation_std[1])))
    means = np.median(last.bn.running_mean[:, :, 2], axis=1)
    ends = running_ends([last], "running_mean").values
    assert (ends["first"], ends["last"]) == pytest.approx((means[0], means[-1]))
    gone = replace(last.plain, gradient_norm=np.full(3, np.nan))
    half = replace(last, plain=gone)
    assert ending([half], "gradient_norm").key == "bn_alone"
    other = replace(last, bn=gone, plain=last.plain)
    assert ending([other], "gradient_norm").key == "plain_alone"
    assert ending([replace(last, bn=gone, plain=gone)], "gradient_norm").key == "neither"
