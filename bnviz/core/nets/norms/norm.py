"""What a norm is to a stack: its parameters, its running statistics, its equation.

K networks at once, a layer of H units, N rows: x is (K, H, N). A norm's own parameters and
buffers come by their last names, ``gamma`` for ``layers.0.gamma``. Everything is written in
elementary operations, differentiable twice.
"""

from typing import ClassVar

import torch
from torch import Tensor

from bnviz.core.configs import NetworkConfig
from bnviz.core.nets.vectors import Tensors


class Norm:
    """Base of all norms; a scale gamma (K, H) and a shift beta (K, H) unless a norm says else."""

    running: ClassVar[bool] = False
    """Whether it takes statistics over rows, and in eval mode uses running ones."""
    reshapes_weights: ClassVar[bool] = False
    """Whether it acts on the layer's weights and leaves its output alone."""

    def parameters(self, network: NetworkConfig, inputs: int) -> Tensors:
        """The parameters of one network's untrained layer with so many inputs: (H,) each."""
        return {"gamma": torch.ones(network.width), "beta": torch.zeros(network.width)}

    def buffers(self, network: NetworkConfig) -> Tensors:
        """The buffers of one network's untrained layer: (H,) each, or ()."""
        return {}

    def forward(self, network: NetworkConfig, own: Tensors, x: Tensor, update: bool) -> Tensor:
        """x (K, H, N) normalized, in train mode; `update` moves running statistics in place."""
        raise NotImplementedError

    def weights(self, network: NetworkConfig, own: Tensors, weight: Tensor) -> Tensor:
        """The weights (K, H, in) that take the place of `weight`."""
        raise NotImplementedError


def scaled(x_hat: Tensor, own: Tensors) -> Tensor:
    """gamma * x_hat + beta, a channel at a time; without a beta just gamma * x_hat."""
    y = x_hat * own["gamma"].unsqueeze(2)
    return y + own["beta"].unsqueeze(2) if "beta" in own else y


def standardized(x: Tensor, over: tuple[int, ...], eps: float) -> Tensor:
    """(x - mean) / sqrt(biased variance + eps), both `over` some dimensions."""
    centred = x - x.mean(over, keepdim=True)
    return centred * inverse_root(centred.square().mean(over, keepdim=True) + eps)


def inverse_root(square: Tensor) -> Tensor:
    """1 / sqrt(square), NaN where that is infinite: with 0 all rows would come out alike."""
    return torch.rsqrt(torch.where(square.isinf(), torch.nan, square))
