"""Padding in the statistics: zeros that fill up short sequences count as data.

With a share p of real positions, mean mu and variance s^2 among them, BN sees the mean p mu and
the variance p s^2 + p (1 - p) mu^2. So what it makes of a real cell depends on how long the
longest sequence of the batch is.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from bnviz.core.pitfalls.configs import Padding
from bnviz.core.pitfalls.pitfall import Numbers, Result, paper
from bnviz.core.verdict import Verdict


def normalize_real(bn: nn.BatchNorm1d, x: Tensor, real: Tensor) -> Tensor:
    """BN of the real positions alone: x (N, L, C), real (N, L) true or false; padding stays 0."""
    y = torch.zeros_like(x)
    y[real] = bn(x[real])
    return y


def experiment(padding: float, mean: float) -> Numbers:
    """Mean and standard deviation of the real positions after BN, over the share of padding."""
    torch.manual_seed(0)
    shares = sorted({*(k / 10 for k in range(10)), padding})
    columns = []
    for share in shares:
        x = torch.randn(64, 50, 8) + mean
        real = torch.rand(64, 50) >= share
        padded = x * real[..., None]
        with_padding = nn.BatchNorm1d(8)(padded.flatten(0, 1)).unflatten(0, (64, 50))[real]
        masked = normalize_real(nn.BatchNorm1d(8), padded, real)[real]
        p = real.float().mean()
        theory = 1 / (p + p * (1 - p) * mean**2) ** 0.5
        columns.append(
            torch.stack(
                [
                    with_padding.std(dim=0, unbiased=False).mean(),
                    masked.std(dim=0, unbiased=False).mean(),
                    theory,
                    with_padding.mean(),
                ]
            )
        )
    table = torch.stack(columns, dim=1).detach()
    return {
        "share": torch.tensor(shares),
        "padded": table[0],
        "masked": table[1],
        "theory": table[2],
        "mean": table[3],
        "here": torch.tensor(shares.index(padding)),
    }


def judge(config: Padding, result: Result) -> Verdict[Literal["moved", "same"]]:
    """Whether padding moves mean or standard deviation of the real positions by more than 0.1."""
    here = int(result["here"])
    values = {"deviation": float(result["padded"][here]), "center": float(result["mean"][here])}
    values |= {"masked": float(result["masked"][here]), "padding_share": config.padding}
    moved = max(abs(values["deviation"] - 1), abs(values["center"])) > 0.1
    return Verdict("moved" if moved else "same", values)


FIX = (normalize_real,)
SOURCES = (
    paper(
        "Wang et al. 2022, Understanding the Failure of Batch Normalization for Transformers",
        "2210.05153",
    ),
    paper("Shen et al. 2020, PowerNorm", "2003.07845"),
)
