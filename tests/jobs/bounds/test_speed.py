"""How long a job is said to take: by CPU time, in turn with the machine's own speed: a proof.

What is sampled takes some seconds at most; the rest is more epochs, checkpoints or networks of it.
"""

import random
import time
from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from bnviz.core.configs import TrainConfig
from bnviz.core.training import train
from bnviz.core.training.cost import cost
from bnviz.core.training.presets import PRESETS
from bnviz.jobs.bounds.speed import slowness


def trainings(count: int, most: float) -> Iterator[TrainConfig]:
    """So many from all over the controls, corners too, that take at most so many seconds."""
    draw = random.Random(0)
    while count:
        raw = {
            "network": {
                "depth": draw.choice([1, 2, 4, 8]),
                "width": draw.choice([1, 8, 32, 128, 512]),
                "norm": draw.choice(["batch", "batch", "ghost", "layer", "weight", "none"]),
                "activation": draw.choice(["relu", "tanh"]),
            },
            "seeds": draw.choice([1, 4, 16, 64]),
            "data": {"samples": draw.choice([10, 300, 3000, 100_000])},
            "optimizer": {
                "batch_size": draw.choice([2, 16, 128, 2048, 65_536]),
                "epochs": draw.choice([1, 10, 100, 2000]),
                "kind": draw.choice(["sgd", "momentum", "adam"]),
                "learning_rate": 1e-6,
            },
            "probes": {
                "count": draw.choice([1, 30, 1000]),
                "checkpoints": draw.choice([0, 2, 100]),
                "eigenvalues": False,
                "precision": draw.choice(["float32", "float64"]),
            },
        }
        try:
            config = TrainConfig.model_validate(raw)
        except ValidationError:  # too many weights
            continue
        needed = cost(config, config.data.samples, 3)
        if most / 10 < needed.seconds < most and needed.memory < 1.5e9:
            count -= 1
            yield config


def took(config: TrainConfig) -> float:
    begun = time.thread_time()
    for _ in train.train(config, train.dataset_for(config.data, None), lambda: False):
        pass
    return time.thread_time() - begun


@pytest.mark.proof
def test_the_time_of_most_trainings_is_known_before_within_a_factor_of_two() -> None:
    """Of those that do not diverge: nets that did are not probed, and take less."""
    took(next(trainings(1, 0.5)))  # warm
    off = []
    for config in (TrainConfig(), PRESETS["deep"], *trainings(40, 2.0)):
        said = cost(config, config.data.samples, 3).seconds * slowness.__wrapped__()
        off.append((took(config) / said, config))
    off.sort(key=lambda each: each[0])
    print([round(ratio, 2) for ratio, _ in off])
    wrong = [(ratio, config) for ratio, config in off if not 0.5 < ratio < 2]
    assert len(wrong) <= len(off) / 3, wrong


def test_a_machine_has_one_speed() -> None:
    assert slowness() > 0 and slowness() == slowness()
