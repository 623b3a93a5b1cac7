"""Weights before BN have no size: scaling them changes the gradient, not the function.

Source: van Laarhoven (2017), *L2 Regularization versus Batch and Weight Normalization*.
f(c w) = f(w), so the gradient at c w is 1/c times the one at w, and an SGD step turns w by
learning rate / |w|^2: the effective learning rate.
"""

from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from bnviz.core.pitfalls.configs import ScaleInvariance
from bnviz.core.pitfalls.pitfall import Numbers, Result, paper
from bnviz.core.verdict import Verdict


@torch.no_grad()
def normalize_rows(layer: nn.Linear) -> None:
    """Bring every unit's weights back to length 1. Behind BN this changes no output."""
    layer.weight /= layer.weight.norm(dim=1, keepdim=True)


def experiment(scale: float, eps: float) -> Numbers:
    """Output and gradient of a net whose weights before BN are multiplied by many scales."""
    torch.manual_seed(0)
    x, target = torch.randn(256, 16), torch.randn(256, 1)
    linear, head = nn.Linear(16, 16, bias=False), nn.Linear(16, 1)
    normalize_rows(linear)
    start = linear.weight.detach().clone()
    net = nn.Sequential(linear, nn.BatchNorm1d(16, eps=eps), nn.ReLU(), head)
    original = net(x).detach()
    scales = torch.tensor(sorted({*(10.0**k for k in range(-4, 5)), 1.0, scale}))
    gradient, change = [], []
    for factor in scales:
        linear.weight.data = start * factor
        output = net(x)
        loss = functional.mse_loss(output, target)
        gradient.append(torch.autograd.grad(loss, linear.weight)[0].norm())
        change.append((output.detach() - original).abs().max())
    normalize_rows(linear)
    loss = functional.mse_loss(net(x), target)
    restored = torch.autograd.grad(loss, linear.weight)[0].norm()
    one = gradient[scales.tolist().index(1.0)]
    return {
        "scale": scales,
        "gradient": torch.stack(gradient),
        "theory": one / scales,
        "change": torch.stack(change),
        "restored": restored,
        "output_spread": original.std(),
    }


def judge(
    config: ScaleInvariance, result: Result
) -> Verdict[Literal["invariant", "broken", "ruled"]]:
    """Invariant as long as the variance stays far above epsilon."""
    here = int(abs(result["scale"] - config.scale).argmin())
    one = int(abs(result["scale"] - 1).argmin())
    ratio = float(result["gradient"][here] / result["gradient"][one])
    change = float(result["change"][here] / result.last("output_spread"))
    values = {
        "scale": config.scale,
        "ratio": ratio,
        "change_share": change,
        "rate": ratio / config.scale,
        "restored": result.last("restored") / float(result["gradient"][one]),
    }
    if change < 0.01:
        return Verdict("invariant", values)
    # Larger weights leave epsilon less to say: it had its say before they were scaled.
    return Verdict("broken" if config.scale < 1 else "ruled", values)


FIX = (normalize_rows,)
SOURCES = (
    paper("van Laarhoven 2017", "1706.05350"),
    paper("Ioffe and Szegedy 2015, section 3.3", "1502.03167"),
)
