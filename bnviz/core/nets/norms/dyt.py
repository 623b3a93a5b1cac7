"""Dynamic tanh: a squashing function in the place of a norm, without any statistics.

y = gamma * tanh(alpha * x) + beta, with one learnt alpha a layer: Zhu, Chen, He, LeCun and
Liu, *Transformers without Normalization* (2025), section 4.
"""

import torch
from torch import Tensor

from bnviz.core.configs import NetworkConfig
from bnviz.core.nets.norms.norm import Norm, scaled
from bnviz.core.nets.vectors import Tensors


class DyT(Norm):
    """gamma, beta and alpha (K, 1), which begins at `dyt_alpha`."""

    def parameters(self, network: NetworkConfig, inputs: int) -> Tensors:
        """gamma, beta and alpha."""
        return super().parameters(network, inputs) | {"alpha": torch.full((1,), network.dyt_alpha)}

    def forward(self, network: NetworkConfig, own: Tensors, x: Tensor, update: bool) -> Tensor:
        """The same in train and eval mode."""
        return scaled((own["alpha"].unsqueeze(2) * x).tanh(), own)
