"""The loss on lines and planes through a network (Li et al. 2018)."""

import torch
from torch import Tensor

from bnviz.core.vectors import Tensors, flatten, unflatten


def filter_norms(params: Tensors) -> Tensor:
    """(K, n) for each parameter the L2 norm of the filter that it belongs to.

    A filter is what makes one output channel: ``weight[i]`` of a linear layer's
    (out, in) or a convolution's (out, in, ...) weight. Parameters with fewer than two
    dimensions in their network (biases, BN's gamma and beta) belong to none and have 0,
    as Li et al. 2018, section 4, leave them out of the directions. `params` are stacked,
    (K, ...) each; the columns are those of :func:`bnviz.core.vectors.flatten`.
    """
    return flatten([_filter_norms(value.detach()) for value in params.values()])


def _filter_norms(value: Tensor) -> Tensor:
    if value.dim() < 3:
        return torch.zeros_like(value).reshape(len(value), -1)
    filters = value.flatten(2)
    return filters.norm(dim=2, keepdim=True).expand_as(filters)


def filter_normalized(params: Tensors, drawn: Tensor) -> Tensor:
    """(M, n) the directions `drawn` with every filter as long as the network's own.

    `params` are those of one network (K is 1). Li et al. 2018, section 4:
    d_ij <- d_ij / |d_ij| * |theta_ij|, and 0 for biases and BN's parameters. A step of 1
    along a direction thus changes each filter by 100 % of its norm, so that rescaling the
    filters of a net that does not feel it (ReLU, BN) changes nothing.
    """
    own = filter_norms(unflatten(drawn, params))
    return torch.where(own > 0, drawn / own, 0.0) * filter_norms(params)
