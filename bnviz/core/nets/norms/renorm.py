"""Batch renormalization: the batch's statistics, corrected towards the running ones.

y = gamma * ((x - mean) / deviation * r + d) + beta, where r = deviation / running deviation,
clipped to [1 / r_max, r_max], and d = (mean - running mean) / running deviation, clipped to
[-d_max, d_max], are constants to the gradient; a deviation is sqrt(biased variance + eps), and
the running one averages deviations: Ioffe, *Batch Renormalization* (2017), algorithm 1.
"""

import torch
from torch import Tensor

from bnviz.core.configs import NetworkConfig
from bnviz.core.nets.norms.batch import Batch, refuse_single_row, share_of_new
from bnviz.core.nets.norms.norm import inverse_root, scaled
from bnviz.core.nets.vectors import Tensors

#: Of section 4 of the paper: after 5,000 steps of plain BN r's limit grows until step 40,000
#: and d's until step 25,000; here in units of `renorm_warmup`.
R_GROWN, D_GROWN = 8, 5


class Renorm(Batch):
    """`running_variance` is such that the running deviation is sqrt(running_variance + eps)."""

    def forward(self, network: NetworkConfig, own: Tensors, x: Tensor, update: bool) -> Tensor:
        """A single row raises ValueError."""
        refuse_single_row(x)
        mean = x.mean(2, keepdim=True)
        centred = x - mean
        square = centred.square().mean(2, keepdim=True) + network.eps
        deviation = square.sqrt()
        with torch.no_grad():
            r_max, d_max = limits(network, int(own["batches"][0]))
            running_mean = own["running_mean"].unsqueeze(2)
            running = (own["running_variance"].unsqueeze(2) + network.eps).sqrt()
            r = (deviation / running).clamp(1 / r_max, r_max)
            d = ((mean - running_mean) / running).clamp(-d_max, d_max)
            if update:
                share = share_of_new(network, own)
                own["running_mean"].lerp_(mean.squeeze(2), share)
                running = running.lerp(deviation, share).squeeze(2)
                own["running_variance"].copy_(running.square() - network.eps)
        return scaled(centred * inverse_root(square) * r + d, own)


def limits(network: NetworkConfig, steps: int) -> tuple[float, float]:
    """r_max and d_max after so many steps: 1 and 0, BN, for `renorm_warmup` of them."""

    def grown(times: int) -> float:
        if not network.renorm_warmup:
            return 1.0
        done = (steps - network.renorm_warmup) / ((times - 1) * network.renorm_warmup)
        return min(1.0, max(0.0, done))

    return 1 + grown(R_GROWN) * (network.renorm_r - 1), grown(D_GROWN) * network.renorm_d
