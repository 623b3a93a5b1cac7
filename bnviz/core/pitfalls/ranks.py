"""Many machines: each rank's BN sees its own rows, and one rank's memory is saved.

Distributed data parallel averages gradients, not batch statistics, and copies the buffers of
rank 0 to all others. Source: torch.nn.parallel.DistributedDataParallel, `broadcast_buffers`;
torch.nn.SyncBatchNorm. Here the ranks stand in one process, one after the other.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from bnviz.core.pitfalls.configs import Ranks
from bnviz.core.pitfalls.pitfall import Numbers, Result
from bnviz.core.verdict import Verdict


def synchronized(parts: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean and unbiased variance (D,) of all ranks' rows together, from each rank's sums alone."""
    rows = sum(len(x) for x in parts)
    mean = torch.stack([x.sum(dim=0) for x in parts]).sum(dim=0) / rows
    squares = torch.stack([(x - mean).square().sum(dim=0) for x in parts]).sum(dim=0)
    return mean, squares / (rows - 1)


def experiment(batch_size: int, order: str) -> Numbers:
    """After 50 steps: how far each rank's running mean is from the truth, and a synchronized one's.

    Distances are root mean squares over features, in their standard deviations.
    """
    torch.manual_seed(0)
    ranks = 8
    center = torch.linspace(-2, 2, ranks)[:, None] * torch.randn(1, 8).sign()
    local = [nn.BatchNorm1d(8, momentum=None) for _ in range(ranks)]
    average = torch.zeros(2, 8)  # what a synchronized BN remembers: mean and variance
    seen = []
    for step in range(1, 51):
        group = torch.arange(ranks).repeat_interleave(batch_size)
        if order == "shuffled":
            group = group[torch.randperm(len(group))]
        rows = center[group] + torch.randn(len(group), 8)
        parts = list(rows.split(batch_size))
        for bn, x in zip(local, parts, strict=True):
            bn(x)
        mean, variance = synchronized(parts)
        average += (torch.stack([mean, variance]) - average) / step
        seen.append(rows)
    every = torch.cat(seen)
    true, scale = every.mean(dim=0), every.std(dim=0)
    away = [((bn.get_buffer("running_mean") - true) / scale).square().mean().sqrt() for bn in local]
    right = ((average[0] - true) / scale).square().mean().sqrt()
    variances = [(bn.get_buffer("running_var") / scale.square()).mean() for bn in local]
    return {
        "rank": torch.arange(ranks),
        "own": torch.stack(away),
        "synchronized": right.expand(ranks),
        "variance": torch.stack(variances),
    }


def judge(config: Ranks, result: Result) -> Verdict[Literal["apart", "alike"]]:
    """By the running mean of rank 0, which is the one that is saved: apart from 0.1 on."""
    values = {
        "saved": float(result["own"][0]),
        "most": float(result["own"].max()),
        "least": float(result["own"].min()),
        "synchronized": float(result["synchronized"][0]),
        "variance_share": float(result["variance"][0]),
        "ranks": len(result["own"]),
        "size": config.batch_size,
    }
    return Verdict("apart" if values["saved"] >= 0.1 else "alike", values)


FIX = (synchronized,)
SOURCES = (
    (
        "torch.nn.SyncBatchNorm",
        "https://pytorch.org/docs/stable/generated/torch.nn.SyncBatchNorm.html",
    ),
    (
        "DistributedDataParallel, broadcast_buffers",
        "https://pytorch.org/docs/stable/generated/torch.nn.parallel.DistributedDataParallel.html",
    ),
)
