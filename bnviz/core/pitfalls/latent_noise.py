"""A latent space normalized by BN: a dimension that carries nothing comes out as loud as the rest.

A variational autoencoder may leave dimensions unused: their means vary by little more than
noise. BN multiplies them by 1 / sqrt(running variance + epsilon). Source: Zhu et al. (2020),
"A Batch Normalized Inference Network Keeps the KL Vanishing Away".
"""

from typing import Literal

import torch
from torch import Tensor, nn

from bnviz.core.pitfalls.configs import LatentNoise
from bnviz.core.pitfalls.pitfall import Numbers, Result, paper
from bnviz.core.verdict import Verdict


def used(bn: nn.BatchNorm1d, least: float = 0.05) -> Tensor:
    """The dimensions whose standard deviation is at least `least` of the largest one."""
    deviation = bn.get_buffer("running_var").sqrt()
    return (deviation >= least * deviation.max()).nonzero().flatten()


def experiment(noise: float, eps: float) -> Numbers:
    """Eight dimensions, four of them noise: standard deviations, and what each knows of the data.

    `known` is the share of a dimension's variance that the data explain.
    """
    torch.manual_seed(0)
    x = torch.randn(4096, 4)
    latent = torch.cat([x, torch.zeros(4096, 4)], dim=1) + noise * torch.randn(4096, 8)
    bn = nn.BatchNorm1d(8, eps=eps, momentum=None)
    bn(latent)
    bn.eval()
    after = bn(latent).detach()
    keep = used(bn)
    selected = torch.zeros(8)
    selected[keep] = after[:, keep].std(dim=0)
    explained = torch.cat([x, torch.zeros(4096, 4)], dim=1).var(dim=0) / latent.var(dim=0)
    return {
        "dimension": torch.arange(1, 9),
        "before": latent.std(dim=0),
        "after": after.std(dim=0),
        "selected": selected,
        "known": explained,
        "kept": keep,
    }


def judge(config: LatentNoise, result: Result) -> Verdict[Literal["loud", "quiet", "kept"]]:
    """As loud as the others (above half of them), held down by epsilon, or not told from them."""
    values = {
        "before": float(result["before"][4:].mean()),
        "after": float(result["after"][4:].mean()),
        "others": float(result["after"][:4].mean()),
        "times": float((result["after"][4:] / result["before"][4:]).mean()),
        "kept": len(result["kept"]),
        "noise": config.noise,
        "eps": config.eps,
    }
    if values["after"] < 0.5 * values["others"]:
        return Verdict("quiet", values)
    return Verdict("kept" if values["kept"] > 4 else "loud", values)


FIX = (used,)
SOURCES = (
    paper("Zhu et al. 2020", "2004.12585"),
    paper("Kingma and Welling 2014", "1312.6114"),
)
