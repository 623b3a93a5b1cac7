"""Batch normalization.

y = gamma * (x - mean) / sqrt(variance + eps) + beta, with each unit's mean and biased variance
over the batch: Ioffe and Szegedy, *Batch Normalization* (2015), algorithm 1.
"""

import torch
from torch import Tensor

from bnviz.core.configs import NetworkConfig
from bnviz.core.nets.norms.norm import Norm, inverse_root
from bnviz.core.nets.vectors import Tensors


class Batch(Norm):
    """As ``torch.nn.BatchNorm1d``; also the base of its relatives."""

    running = True

    def buffers(self, network: NetworkConfig) -> Tensors:
        """The running mean and unbiased variance, and how many batches they have seen."""
        width = network.width
        return {
            "running_mean": torch.zeros(width),
            "running_variance": torch.ones(width),
            "batches": torch.tensor(0),
        }

    def forward(self, network: NetworkConfig, own: Tensors, x: Tensor, update: bool) -> Tensor:
        """A single row raises ValueError.

        In elementary operations: the second derivatives of fused BN cost twice as much,
        and those of ``torch.func.hessian`` through it are wrong in torch 2.13.
        """
        refuse_single_row(x)
        mean = x.mean(2, keepdim=True)
        centred = x - mean
        variance = centred.square().mean(2, keepdim=True)
        if update:
            move_running_statistics(network, own, mean, variance, x.shape[2])
        scale = own["gamma"].unsqueeze(2) * inverse_root(plus_eps(network, own, variance))
        return centred * scale + own["beta"].unsqueeze(2)


def refuse_single_row(x: Tensor) -> None:
    """Raise ValueError for rows (..., N) that BN has no variance of."""
    if x.shape[-1] < 2:
        raise ValueError("BN in train mode needs more than one row: a single one has no variance.")


def plus_eps(network: NetworkConfig, own: Tensors, variance: Tensor) -> Tensor:
    """A variance (K, ...) and epsilon: the config's, or each network's `own`."""
    if "eps" not in own:
        return variance + network.eps
    return variance + own["eps"].to(variance.dtype).view(-1, *[1] * (variance.dim() - 1))


def share_of_new(network: NetworkConfig, own: Tensors) -> float | Tensor:
    """Count one more batch; what its statistics weigh: torch's momentum, or 1 / their number.

    Where each network has a momentum of its `own`, (K, 1).
    """
    batches = own["batches"].add_(1)
    if "torch_momentum" in own:
        return own["torch_momentum"].to(own["running_mean"].dtype).unsqueeze(1)
    return network.torch_momentum or 1 / int(batches[0])


@torch.no_grad()
def move_running_statistics(
    network: NetworkConfig, own: Tensors, mean: Tensor, biased_variance: Tensor, rows: int
) -> None:
    """Move a BN layer's running statistics, in place, as ``torch.nn.BatchNorm1d`` does.

    `mean` and `biased_variance` (K, H, 1) are those of a batch of so many `rows`. The
    new values weigh `torch_momentum`, or, where that is None, as much as each value
    before them; the running variance follows the unbiased variance.
    """
    share = share_of_new(network, own)
    own["running_mean"].lerp_(mean.squeeze(2), share)
    unbiased_variance = biased_variance.squeeze(2) * (rows / (rows - 1))
    own["running_variance"].lerp_(unbiased_variance, share)
