"""The document's fitness-score data and its exact experiment, order of random draws included."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from bnviz.core.data.tables import Dataset

SEED = 42
SAMPLES = 1000
HIDDEN = 64
BATCH_SIZE = 128
WARM_UP_EPOCHS = 50


def fitness_data(samples: int = SAMPLES, seed: int = SEED, *, clip_scores: bool = True) -> Dataset:
    """Height (m), weight (kg) and vital capacity (mL) of `samples` people, and their score.

    Drawn as the document draws them after ``torch.manual_seed(seed)``; the global
    random state is not touched. The document clips scores to 0-100 points, which
    makes 99.9 % of them exactly 100: without the clip their mean is 147.5.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        x, y = _draw(samples)
    if clip_scores:
        y = torch.clamp(y, 0, 100)
    return Dataset(
        x.numpy(),
        y.numpy().astype(np.float32),
        ("height", "weight", "vital_capacity"),
        ("m", "kg", "mL"),
        "score",
        "points",
    )


def _draw(samples: int) -> tuple[Tensor, Tensor]:
    """The document's x (N, 3) and unclipped y (N, 1), from torch's global random state."""
    height = 1.2 + (2.0 - 1.2) * torch.rand(samples, 1)
    weight = 30 + (120 - 30) * torch.rand(samples, 1)
    vital_capacity = 2000 + (5000 - 2000) * torch.rand(samples, 1)
    x = torch.cat([height, weight, vital_capacity], dim=1)
    y = height * 35 + torch.log(weight) * 15 + vital_capacity * 0.008
    y += torch.randn_like(y) * 10
    return x, y


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
    """The document's data, nets and warm-up, from one stream of random numbers seeded with 42.

    The global random state is not touched.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        x, y = _draw(SAMPLES)
        y = torch.clamp(y, 0, 100)
        bn = nn.Sequential(
            nn.Linear(3, HIDDEN), nn.BatchNorm1d(HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1)
        )
        plain = nn.Sequential(nn.Linear(3, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1))
        # The DataLoader itself draws the order of the rows, so that it is the document's.
        loader = DataLoader(
            _Rows(x), batch_size=BATCH_SIZE, shuffle=True, collate_fn=lambda batch: batch
        )
        bn.train()
        with torch.no_grad():
            for _ in range(WARM_UP_EPOCHS):
                for batch in loader:
                    bn(batch)
    bn.eval()
    return Experiment(x, y, bn, plain)


class _Rows(TorchDataset[Tensor]):
    """Rows that a DataLoader takes a batch at a time: the same batches, a hundred times faster."""

    def __init__(self, x: Tensor) -> None:
        self.x = x

    def __len__(self) -> int:
        return len(self.x)

    def __getitems__(self, indices: Sequence[int]) -> Tensor:
        return self.x[list(indices)]
