"""Group normalization: every row with the means and biased variances of groups of its units.

Layer normalization of each of `groups` groups of neighbouring units: Wu and He, *Group
Normalization* (2018), section 3.
"""

from torch import Tensor

from bnviz.core.configs import NetworkConfig
from bnviz.core.nets.norms.norm import Norm, scaled, standardized
from bnviz.core.nets.vectors import Tensors


class Group(Norm):
    """As ``torch.nn.GroupNorm(groups, width)``."""

    def forward(self, network: NetworkConfig, own: Tensors, x: Tensor, update: bool) -> Tensor:
        """The same in train and eval mode."""
        grouped = x.unflatten(1, (network.groups, -1))
        return scaled(standardized(grouped, (2,), network.eps).flatten(1, 2), own)
