"""Weight standardization: no norm of what passes, but of the weights that it passes.

A unit's weights w become gamma * (w - mean) / sqrt(biased variance + eps), over its inputs: Qiao,
Wang, Liu, Shen and Yuille, *Micro-Batch Training with Batch-Channel Normalization and Weight
Standardization* (2019), section 3. They put another norm behind it; without one, gamma begins at
1 / sqrt(inputs), so that what passes keeps its size: Brock, De and Smith, *Characterizing signal
propagation to close the performance gap in unnormalized ResNets* (2021), section 4.
"""

import torch
from torch import Tensor

from bnviz.core.configs import NetworkConfig
from bnviz.core.nets.norms.norm import Norm, standardized
from bnviz.core.nets.vectors import Tensors


class Weight(Norm):
    """gamma (K, H), a gain a unit; the layer's bias is all the shift there is."""

    reshapes_weights = True

    def parameters(self, network: NetworkConfig, inputs: int) -> Tensors:
        """gamma alone, 1 / sqrt(inputs)."""
        return {"gamma": torch.full((network.width,), inputs**-0.5)}

    def weights(self, network: NetworkConfig, own: Tensors, weight: Tensor) -> Tensor:
        """Each unit's weights standardized over its inputs, times its gamma."""
        return standardized(weight, (2,), network.eps) * own["gamma"].unsqueeze(2)
