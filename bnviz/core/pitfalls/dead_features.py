"""A dead feature behind BN: the smaller epsilon, the louder its noise; the larger, the quieter
a feature that is merely small.

Source: Ioffe and Szegedy (2015), Algorithm 1: a deviation is multiplied by
1 / sqrt(biased variance + epsilon).
"""

from typing import Literal

import torch
from torch import Tensor, nn

from bnviz.core.pitfalls.configs import DeadFeatures
from bnviz.core.pitfalls.pitfall import Numbers, Result, paper, thread
from bnviz.core.verdict import Verdict


def amplified(bn: nn.BatchNorm1d, limit: float = 1000.0) -> Tensor:
    """The features whose deviations BN multiplies by more than `limit` in eval mode."""
    gain = bn.weight.abs() / (bn.get_buffer("running_var") + bn.eps).sqrt()
    return (gain > limit).nonzero().flatten()


def experiment(spread: float, eps: float) -> Numbers:
    """Standard deviation after BN of features that differ in theirs before, in float64."""
    torch.manual_seed(0)
    spreads = sorted({*(float(f"{d}e{k}") for k in range(-8, 0) for d in (1, 2, 5)), 1.0, spread})
    before = torch.tensor(spreads, dtype=torch.float64)
    noise = torch.randn(512, 1, dtype=torch.float64)
    x = before * (noise - noise.mean()) / noise.std(unbiased=False)
    features = len(spreads)
    chosen = nn.BatchNorm1d(features, eps=eps, momentum=None, dtype=torch.float64)
    usual = nn.BatchNorm1d(features, eps=1e-5, dtype=torch.float64)
    after = chosen(x).std(dim=0, unbiased=False)
    return {
        "before": before,
        "after": after,
        "usual": usual(x).std(dim=0, unbiased=False),
        "amplified": amplified(chosen),
        "here": torch.tensor(spreads.index(spread)),
    }


def judge(
    config: DeadFeatures, result: Result
) -> Verdict[Literal["loud", "normal", "quiet", "between"]]:
    """As loud as any other feature, in between, or held down by epsilon."""
    here = int(result["here"])
    after = float(result["after"][here])
    values = {
        "spread": config.spread,
        "after": after,
        "gain": after / config.spread,
        "usual": float(result["usual"][here]),
        "eps": config.eps,
        "times": config.eps / config.spread**2,
    }
    flagged = here in result["amplified"].astype(int)
    if after > 0.9:
        return Verdict("loud" if flagged else "normal", values)
    return Verdict("quiet" if after < 0.1 else "between", values)


FIX = (amplified,)
SOURCES = (
    paper("Ioffe and Szegedy 2015, Algorithm 1", "1502.03167"),
    thread("tensorflow/tensorflow", 33027),
    thread("pytorch/pytorch", 151110),
)
