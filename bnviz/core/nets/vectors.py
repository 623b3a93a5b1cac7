"""A stack's parameters as one matrix, a network a row: what probes and Lanczos work on."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

#: Named tensors that all begin with the stack dimension K.
Tensors = dict[str, Tensor]


def flatten(tensors: Sequence[Tensor]) -> Tensor:
    """(K, ...) tensors side by side as one (K, n) matrix."""
    return torch.cat([tensor[:, None].flatten(1) for tensor in tensors], dim=1)


def unflatten(matrix: Tensor, like: Mapping[str, Tensor]) -> Tensors:
    """The inverse of :func:`flatten`: views of `matrix` (any K, n), named and shaped as `like`."""
    sizes = [tensor[0].numel() for tensor in like.values()]
    pieces = torch.split(matrix, sizes, dim=1)
    return {
        name: piece.view(len(piece), *tensor.shape[1:])
        for (name, tensor), piece in zip(like.items(), pieces, strict=True)
    }
