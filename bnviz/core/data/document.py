"""The document's fitness-score data and its exact experiment, order of random draws included."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor, nn

from bnviz.core.data.tables import Dataset
from bnviz.core.nets.initial import linear_layer

SEED = 42
SAMPLES = 1000
HIDDEN = 64
BATCH_SIZE = 128
WARM_UP_EPOCHS = 50


def fitness_data(samples: int = SAMPLES, seed: int = SEED, *, clip_scores: bool = True) -> Dataset:
    """Height (m), weight (kg) and vital capacity (mL) of `samples` people, and their score.

    Drawn as the document draws them after ``torch.manual_seed(seed)``. The document clips
    scores to 0-100 points, which makes 99.9 % of them exactly 100: without the clip their
    mean is 147.5.
    """
    x, y = _draw(samples, Generator().manual_seed(seed))
    if clip_scores:
        y = torch.clamp(y, 0, 100)
    return Dataset(
        x.numpy(),
        y.numpy().astype(np.float32),
        ("height", "weight", "vital_capacity"),
        ("m", "kg", "mL"),
        "score",
    )


def _draw(samples: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """The document's x (N, 3) and unclipped y (N, 1)."""
    height, weight, vital_capacity = (
        low + (high - low) * torch.rand(samples, 1, generator=generator)
        for low, high in ((1.2, 2.0), (30, 120), (2000, 5000))
    )
    x = torch.cat([height, weight, vital_capacity], dim=1)
    y = fitness_rule(x)
    return x, y + torch.randn(y.shape, generator=generator) * 10


def fitness_rule(x: Tensor) -> Tensor:
    """The document's score (N, 1) of people (N, 3), before its noise of 10 points and its clip."""
    height, weight, vital_capacity = x.split(1, dim=1)
    score: Tensor = height * 35 + torch.log(weight) * 15 + vital_capacity * 0.008
    return score


@dataclass(frozen=True)
class Experiment:
    """The document's state just before it estimates anything, float32.

    `x` (1000, 3) and `y` (1000, 1); `bn` in eval mode, its running statistics warmed
    up but its weights untrained; `plain`, untrained. Both nets are meant to be used up.
    """

    x: Tensor
    y: Tensor
    bn: nn.Sequential
    plain: nn.Sequential


def experiment() -> Experiment:
    """The document's data, nets and warm-up, from one stream of random numbers seeded with 42."""
    generator = Generator().manual_seed(SEED)
    x, y = _draw(SAMPLES, generator)
    hidden, output = (linear_layer(*sizes, generator) for sizes in ((3, HIDDEN), (HIDDEN, 1)))
    bn = nn.Sequential(hidden, nn.BatchNorm1d(HIDDEN), nn.ReLU(), output)
    hidden, output = (linear_layer(*sizes, generator) for sizes in ((3, HIDDEN), (HIDDEN, 1)))
    plain = nn.Sequential(hidden, nn.ReLU(), output)
    bn.train()
    with torch.no_grad():
        for _ in range(WARM_UP_EPOCHS):
            for rows in _shuffled(SAMPLES, generator).split(BATCH_SIZE):
                bn(x[rows])
    return Experiment(x, torch.clamp(y, 0, 100), bn.eval(), plain)


def _shuffled(rows: int, generator: Generator) -> Tensor:
    """(rows,) the order in which a torch DataLoader with `shuffle` takes them in one epoch.

    It draws a seed for its workers, of which there are none, and then that of the order.
    """
    _, seed = (torch.empty((), dtype=torch.int64).random_(generator=generator) for _ in range(2))
    return torch.randperm(rows, generator=Generator().manual_seed(int(seed)))
