"""Layer normalization: every row with the mean and biased variance of its own units.

y = gamma * (x - mean) / sqrt(biased variance + eps) + beta, over a layer's units, a row at a time:
Ba, Kiros and Hinton, *Layer Normalization* (2016), section 3.
"""

from torch import Tensor

from bnviz.core.configs import NetworkConfig
from bnviz.core.nets.norms.norm import Norm, scaled, standardized
from bnviz.core.nets.vectors import Tensors


class Layer(Norm):
    """As ``torch.nn.LayerNorm(width)``."""

    def forward(self, network: NetworkConfig, own: Tensors, x: Tensor, update: bool) -> Tensor:
        """The same in train and eval mode."""
        return scaled(standardized(x, (1,), network.eps), own)
