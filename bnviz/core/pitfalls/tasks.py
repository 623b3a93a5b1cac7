"""A small classification task and a net for it, shared by several pitfalls."""

import torch
from torch import Tensor, nn


def blobs(rows: int) -> tuple[Tensor, Tensor]:
    """Rows (N, 8) of four overlapping classes, sorted by class, and their labels."""
    center = 1.5 * torch.randn(4, 8, generator=torch.Generator().manual_seed(1))
    labels = torch.arange(4).repeat_interleave(rows // 4)
    return center[labels] + 2 * torch.randn(rows, 8), labels


def classifier() -> nn.Sequential:
    """Two layers with BN between them."""
    return nn.Sequential(
        nn.Linear(8, 32, bias=False), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 4)
    )
