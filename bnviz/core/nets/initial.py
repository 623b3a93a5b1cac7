"""How a stack of nets begins: torch's own weights from seeds, or those of an ordinary module."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import nn

from bnviz.core.configs import NetworkConfig
from bnviz.core.nets.norms.table import NORMS
from bnviz.core.nets.stack import Stack
from bnviz.core.nets.vectors import Tensors


def initial(network: NetworkConfig, features: int, seeds: Sequence[int], *, bn: bool) -> Stack:
    """Untrained networks, one a seed, with `features` inputs each; `bn` False for no norm.

    The weights are those of ``torch.nn.Linear`` layers built after
    ``torch.manual_seed(seed)``. A norm draws nothing, so both nets begin with the same
    weights. The global random state is neither read nor changed.
    """
    network = network if bn else network.without_norm
    singles = [_initial_weights(network, features, seed) for seed in seeds]
    weights = {name: torch.stack([single[name] for single in singles]) for name in singles[0]}
    norm = NORMS[network.norm]
    if norm is None:
        return Stack(network, weights, {})
    params: Tensors = {}
    buffers: Tensors = {}

    def repeated(layer: str, own: Tensors) -> Tensors:
        return {f"{layer}{n}": torch.stack([v] * len(seeds)) for n, v in own.items()}

    for name, value in weights.items():
        params[name] = value
        if name.startswith("layers") and name.endswith("bias"):
            layer = name.removesuffix("bias")
            inputs = weights[f"{layer}weight"].shape[2]
            params |= repeated(layer, norm.parameters(network, inputs))
            buffers |= repeated(layer, norm.buffers(network))
    return Stack(network, params, buffers)


def stack_of_one(network: NetworkConfig, module: nn.Module, *, bn: bool) -> Stack:
    """A stack holding a copy of one ordinary module, built layer by layer as `network` says.

    Its parameters and buffers are taken in order: linear layer, norm, ..., linear layer;
    without a norm where `bn` is False.
    """
    params, buffers = list(module.parameters()), list(module.buffers())
    like = initial(network, params[0].shape[1], [0], bn=bn)

    def copies(names: Tensors, values: list[Any]) -> Tensors:
        pairs = zip(names, values, strict=True)
        return {name: value.detach().clone().unsqueeze(0) for name, value in pairs}

    return Stack(like.network, copies(like.params, params), copies(like.buffers, buffers))


def _initial_weights(network: NetworkConfig, features: int, seed: int) -> Tensors:
    generator = torch.Generator().manual_seed(seed)
    sizes = [features] + [network.width] * network.depth + [1]
    names = [*(f"layers.{index}" for index in range(network.depth)), "output"]
    weights: Tensors = {}
    for name, (inputs, outputs) in zip(names, pairwise(sizes), strict=True):
        layer = linear_layer(inputs, outputs, generator)
        weights |= {f"{name}.weight": layer.weight.detach(), f"{name}.bias": layer.bias.detach()}
    return weights


def linear_layer(inputs: int, outputs: int, generator: torch.Generator) -> nn.Linear:
    """A torch.nn.Linear with the weights torch gives it, drawn from `generator` instead."""
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, inputs, outputs)
    nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
    bound = 1 / math.sqrt(inputs)
    nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return layer
