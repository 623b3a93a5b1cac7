"""Ghost batch normalization: batch normalization of small parts of a large batch.

Each part is normalized with its own statistics, and the running statistics move part by part:
Hoffer, Hubara and Soudry, *Train longer, generalize better* (2017), algorithm 1.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from bnviz.core.configs import NetworkConfig
from bnviz.core.nets.norms.batch import Batch, move_running_statistics, refuse_single_row
from bnviz.core.nets.norms.norm import inverse_root, scaled
from bnviz.core.nets.vectors import Tensors


class Ghost(Batch):
    """N rows are N // `ghost_size` parts, as equal as can be; fewer rows are one part."""

    def forward(self, network: NetworkConfig, own: Tensors, x: Tensor, update: bool) -> Tensor:
        """A single row raises ValueError."""
        refuse_single_row(x)
        pieces = []
        for parts in cut(x, network.ghost_size):  # (K, H, G, g): G parts of g rows
            mean = parts.mean(3, keepdim=True)
            centred = parts - mean
            variance = centred.square().mean(3, keepdim=True)
            if update:
                each = zip(mean.unbind(2), variance.unbind(2), strict=True)
                for its_mean, its_variance in each:
                    move_running_statistics(network, own, its_mean, its_variance, parts.shape[3])
            pieces.append((centred * inverse_root(variance + network.eps)).flatten(2))
        return scaled(torch.cat(pieces, dim=2), own)


def cut(x: Tensor, size: int) -> Iterator[Tensor]:
    """The parts of x (K, H, N) in order: those of one row more, then the rest, (K, H, G, g)."""
    count = max(1, x.shape[2] // size)
    rows, longer = divmod(x.shape[2], count)
    if longer:
        yield x[..., : longer * (rows + 1)].unflatten(2, (longer, rows + 1))
    yield x[..., longer * (rows + 1) :].unflatten(2, (count - longer, rows))
