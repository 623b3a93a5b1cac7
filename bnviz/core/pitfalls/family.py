"""Batch, layer, group, instance and RMS norm on one (N, C, L) tensor.

Source: Wu and He, *Group Normalization* (2018), section 3 and figure 2; Zhang and Sennrich,
*Root Mean Square Layer Normalization* (2019). Layer and RMS norm average over C and L of one
sample, as there; in a transformer they average over the channels of one token.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from bnviz.core.pitfalls.configs import Family
from bnviz.core.pitfalls.pitfall import Numbers, Result, paper, thread
from bnviz.core.verdict import Verdict


def norm_layer(norm: str, groups: int) -> nn.Module:
    """The layer for inputs (N, 6, 4); all start without learned scale and shift."""
    layers: dict[str, nn.Module] = {
        "batch": nn.BatchNorm1d(6, eps=1e-12, affine=False, track_running_stats=False),
        "layer": nn.LayerNorm([6, 4], eps=1e-12, elementwise_affine=False),
        "group": nn.GroupNorm(groups, 6, eps=1e-12, affine=False),
        "instance": nn.InstanceNorm1d(6, eps=1e-12, affine=False),
        "rms": nn.RMSNorm([6, 4], eps=1e-12, elementwise_affine=False),
    }
    return layers[norm]


def changed(x: Tensor) -> list[Tensor]:
    """`x` with all, one channel's, or one sample's values scaled or shifted; other company."""
    cases = [3 * x, x + 5]
    for part in ((slice(None), 0), (0,), (0, 0)):
        cases += [x.clone(), x.clone()]
        cases[-2][part] *= 3
        cases[-1][part] += 5
    other = x.clone()
    other[1:] = x[1:].flip(2) * 2 + 1
    return [*cases, other]


def experiment(norm: str, groups: int) -> Numbers:
    """Which cells share a statistic with one cell, and what leaves the first sample's output."""
    torch.manual_seed(0)
    x = torch.randn(4, 6, 4, dtype=torch.float64).requires_grad_()
    layer = norm_layer(norm, groups)
    y = layer(x)
    (sensitivity,) = torch.autograd.grad(y[0, 0, 0], x)
    kept = []
    for name in ("batch", "layer", "group", "instance", "rms"):
        each = norm_layer(name, groups)
        before = each(x)[0]
        kept.append(torch.stack([(each(c)[0] - before).abs().max() for c in changed(x)]))
    return {
        "y": y,
        "shared": (sensitivity != 0).double(),
        "change": torch.stack(kept),
    }


def judge(config: Family, result: Result) -> Verdict[Literal["company", "alone"]]:
    """How many cells a statistic is averaged over, and whether other samples matter."""
    shared = result["shared"]
    values = {"cells": float(shared.sum()), "samples": float(shared.any(axis=(1, 2)).sum())}
    values |= {"channels": float(shared.any(axis=(0, 2)).sum())}
    return Verdict("company" if values["samples"] > 1 else "alone", values)


FIX = (norm_layer,)
PARTS = (changed,)
SOURCES = (
    paper("Wu and He 2018, section 3", "1803.08494"),
    paper("Zhang and Sennrich 2019", "1910.07467"),
    thread("DmitryUlyanov/texture_nets", 77),
)
