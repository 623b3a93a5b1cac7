"""Gamma that starts at zero: right for the last BN of a residual branch, deadly in a chain.

Source: Goyal et al. (2017), section 5.1.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from bnviz.core.pitfalls.configs import GammaZero
from bnviz.core.pitfalls.pitfall import Numbers, Result, paper, thread
from bnviz.core.verdict import Verdict


class Block(nn.Module):
    """Linear, BN, ReLU; with a shortcut around it, or without."""

    def __init__(self, residual: bool) -> None:
        super().__init__()
        self.linear = nn.Linear(16, 16, bias=False)
        self.bn = nn.BatchNorm1d(16)
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        """(B, 16) to (B, 16)."""
        y: Tensor = self.bn(self.linear(x))
        return functional.relu(x + y if self.residual else y)


def start_as_identity(net: nn.Module) -> None:
    """Gamma 0 for BN that ends a residual branch, and for no other."""
    for block in net.modules():
        if isinstance(block, Block) and block.residual:
            nn.init.zeros_(block.bn.weight)


def gradients(residual: bool, depth: int, zero: str, steps: int) -> Tensor:
    """Norm of each block's weight gradient after some steps; gamma 0 nowhere, "all" or "fix"."""
    torch.manual_seed(0)
    blocks = [Block(residual) for _ in range(depth)]
    net = nn.Sequential(*blocks, nn.Linear(16, 1))
    for block in blocks:
        if zero == "all":
            nn.init.zeros_(block.bn.weight)
    if zero == "fix":
        start_as_identity(net)
    sgd = torch.optim.SGD(net.parameters(), lr=0.05)
    x = torch.randn(128, 16)
    target = x[:, :1] * x[:, 1:2]
    for _ in range(steps):
        loss = functional.mse_loss(net(x), target)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
    loss = functional.mse_loss(net(x), target)
    each = torch.autograd.grad(loss, [block.linear.weight for block in blocks])
    return torch.stack([gradient.norm() for gradient in each])


def experiment(network: str, depth: int) -> Numbers:
    """Gradients at the first step and 20 steps later."""
    residual = network == "residual"
    return {
        "layer": torch.arange(1, depth + 1),
        "ones": gradients(residual, depth, "none", 0),
        "zeros": gradients(residual, depth, "all", 0),
        "zeros_later": gradients(residual, depth, "all", 20),
        "fixed": gradients(residual, depth, "fix", 20),
    }


def judge(config: GammaZero, result: Result) -> Verdict[Literal["wakes", "dead"]]:
    """Dead when no block has a gradient, even after 20 steps."""
    values = {
        "largest": float(result["zeros_later"].max()),
        "ones": float(result["ones"].max()),
        "fixed": float(result["fixed"].max()),
    }
    return Verdict("wakes" if result["zeros_later"].any() else "dead", values)


FIX = (start_as_identity,)
PARTS = (Block, gradients)
SOURCES = (
    paper("Goyal et al. 2017, section 5.1", "1706.02677"),
    thread("tensorpack/tensorpack", 420),
    thread("AlexHex7/Non-local_pytorch", 1),
)
