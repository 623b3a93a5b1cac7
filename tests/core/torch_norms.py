"""Norms as torch has them, or as their papers write them: (N, C) rows in, (N, C) rows out."""

import torch
from torch import Tensor, nn

from bnviz.core.configs import NetworkConfig


def norm_of(network: NetworkConfig) -> nn.Module:
    width, eps, momentum = network.width, network.eps, network.torch_momentum
    match network.norm:
        case "batch":
            return nn.BatchNorm1d(width, eps=eps, momentum=momentum)
        case "ghost":
            return GhostBatchNorm(network)
        case "renorm":
            return BatchRenorm(network)
        case "layer":
            return nn.LayerNorm(width, eps=eps)
        case "rms":
            return nn.RMSNorm(width, eps=eps)
        case "group":
            return nn.GroupNorm(network.groups, width, eps=eps)
        case "dyt":
            return DynamicTanh(network)
    return nn.Identity()


def linear_of(network: NetworkConfig, inputs: int) -> nn.Linear:
    """A hidden layer's; its weights are standardized where the norm asks for that."""
    kind = StandardizedLinear if network.norm == "weight" else nn.Linear
    layer = kind(inputs, network.width)
    if isinstance(layer, StandardizedLinear):
        layer.eps = network.eps
    return layer


class GhostBatchNorm(nn.BatchNorm1d):
    """Hoffer et al. (2017), algorithm 1: torch's own layer on one part after the other."""

    def __init__(self, network: NetworkConfig) -> None:
        super().__init__(network.width, eps=network.eps, momentum=network.torch_momentum)
        self.size = network.ghost_size

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        parts = torch.tensor_split(x, max(1, len(x) // self.size))
        return torch.cat([super(GhostBatchNorm, self).forward(part) for part in parts])


class BatchRenorm(nn.Module):
    """Ioffe (2017), algorithm 1, and the schedule of its section 4 for r_max and d_max."""

    def __init__(self, network: NetworkConfig) -> None:
        super().__init__()
        self.network = network
        self.gamma = nn.Parameter(torch.ones(network.width))
        self.beta = nn.Parameter(torch.zeros(network.width))
        self.register_buffer("mu", torch.zeros(network.width))
        self.register_buffer("variance", torch.ones(network.width))
        self.register_buffer("steps", torch.tensor(0))

    def forward(self, x: Tensor) -> Tensor:
        network, eps = self.network, self.network.eps
        sigma = (self.variance + eps).sqrt()
        if not self.training:
            return self.gamma * (x - self.mu) / sigma + self.beta
        steps, warm = int(self.steps), network.renorm_warmup
        r_max = 1 + (network.renorm_r - 1) * min(1, max(0, (steps - warm) / (7 * warm)))
        d_max = network.renorm_d * min(1, max(0, (steps - warm) / (4 * warm)))
        mu_b = x.mean(0)
        sigma_b = (eps + ((x - mu_b) ** 2).mean(0)).sqrt()
        r = torch.clip(sigma_b / sigma, 1 / r_max, r_max).detach()
        d = torch.clip((mu_b - self.mu) / sigma, -d_max, d_max).detach()
        y = self.gamma * ((x - mu_b) / sigma_b * r + d) + self.beta
        self.steps += 1
        share = network.torch_momentum or 1 / int(self.steps)
        self.mu += share * (mu_b.detach() - self.mu)
        sigma = sigma + share * (sigma_b.detach() - sigma)
        self.variance.copy_(sigma**2 - eps)
        return y


class StandardizedLinear(nn.Linear):
    """Qiao et al. (2019), equations 11 and 12, times a gain a unit."""

    eps = 1e-5

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs)
        self.gain = nn.Parameter(torch.full((outputs,), 1 / inputs**0.5))

    def forward(self, x: Tensor) -> Tensor:
        mean = self.weight.mean(1, keepdim=True)
        variance = self.weight.var(1, unbiased=False, keepdim=True)
        weight = (self.weight - mean) / (variance + self.eps).sqrt()
        return nn.functional.linear(x, self.gain.unsqueeze(1) * weight, self.bias)


class DynamicTanh(nn.Module):
    """Zhu et al. (2025), algorithm 1."""

    def __init__(self, network: NetworkConfig) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(network.width))
        self.beta = nn.Parameter(torch.zeros(network.width))
        self.alpha = nn.Parameter(torch.ones(1) * network.dyt_alpha)

    def forward(self, x: Tensor) -> Tensor:
        return self.gamma * torch.tanh(self.alpha * x) + self.beta
