"""The numerics against the way they are usually written."""

import torch

from bnviz.core.configs import DataConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.fitness import fitness_data
from bnviz.core.training import train
from tools.bench import document
from tools.bench.harness import Measured, ratio, timed

SEEDS = 32
EPOCHS = 10


def training() -> list[Measured]:
    """Both nets for 32 seeds as one program, a seed; against one DataLoader loop for each net.

    Ours also evaluates both nets after every epoch; the loop does not.
    """
    data = fitness_data()
    x, y = torch.from_numpy(data.x), torch.from_numpy(data.y)
    config = TrainConfig(
        # The loop trains on every row, so ours is given as many.
        data=DataConfig(samples=1250, validation=0.2),
        optimizer=OptimizerConfig(epochs=EPOCHS, batch_size=document.BATCH_SIZE),
        probes=ProbeConfig(checkpoints=0),
        seeds=SEEDS,
    )
    larger = fitness_data(config.data.samples)

    def together() -> None:
        for _ in train(config, larger, lambda: False):
            pass

    def loop() -> None:
        for bn in (True, False):
            document.train(document.Net(bn=bn), x, y, EPOCHS, config.optimizer.learning_rate)

    whole = timed(together)
    return [
        ratio(
            "32 seeds together, a net / one DataLoader loop",
            lambda: whole() / SEEDS,
            timed(loop),
            target=1 / 8,
            rounds=5,
        )
    ]
