"""RMS normalization: every row divided by the root of its units' mean square.

y = gamma * x / sqrt(mean(x^2) + eps), over a layer's units; nothing is centred or shifted:
Zhang and Sennrich, *Root Mean Square Layer Normalization* (2019), section 4.
"""

import torch
from torch import Tensor

from bnviz.core.configs import NetworkConfig
from bnviz.core.nets.norms.norm import Norm, inverse_root, scaled
from bnviz.core.nets.vectors import Tensors


class Rms(Norm):
    """As ``torch.nn.RMSNorm(width)``; no beta."""

    def parameters(self, network: NetworkConfig, inputs: int) -> Tensors:
        """gamma alone."""
        return {"gamma": torch.ones(network.width)}

    def forward(self, network: NetworkConfig, own: Tensors, x: Tensor, update: bool) -> Tensor:
        """The same in train and eval mode."""
        mean_square = x.square().mean(1, keepdim=True)
        return scaled(x * inverse_root(mean_square + network.eps), own)
