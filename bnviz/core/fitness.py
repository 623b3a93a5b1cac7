"""The document's fitness-score data."""

import numpy as np
import torch

from bnviz.core.datasets import Dataset


def fitness_data(samples: int = 1000, seed: int = 42, *, clip_scores: bool = True) -> Dataset:
    """Height (m), weight (kg) and vital capacity (mL) of `samples` people, and their score.

    Drawn as the document draws them after ``torch.manual_seed(seed)``; the global
    random state is not touched. The document clips scores to 0-100 points, which
    makes 99.9 % of them exactly 100: without the clip their mean is 147.5.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        x, y = draw(samples)
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


def draw(samples: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The document's x (N, 3) and unclipped y (N, 1), from torch's global random state."""
    height = 1.2 + (2.0 - 1.2) * torch.rand(samples, 1)
    weight = 30 + (120 - 30) * torch.rand(samples, 1)
    vital_capacity = 2000 + (5000 - 2000) * torch.rand(samples, 1)
    x = torch.cat([height, weight, vital_capacity], dim=1)
    y = height * 35 + torch.log(weight) * 15 + vital_capacity * 0.008
    y += torch.randn_like(y) * 10
    return x, y
