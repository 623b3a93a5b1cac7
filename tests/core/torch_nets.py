"""Ordinary torch modules with the weights of one network of a stack: the oracle of many tests."""

import torch
from torch import nn

from bnviz.core.configs import NetworkConfig
from bnviz.core.nets.stack import Stack
from tests.core.torch_norms import linear_of, norm_of


def module_of(network: NetworkConfig, features: int, *, bn: bool) -> nn.Sequential:
    """With the norm that `network` names, or, `bn` False, without."""
    network = network if bn else network.without_norm
    layers: list[nn.Module] = []
    for index in range(network.depth):
        layers.append(linear_of(network, features if index == 0 else network.width))
        norm = norm_of(network)
        activation = nn.ReLU() if network.activation == "relu" else nn.Tanh()
        if isinstance(norm, nn.Identity):
            layers += [activation]
        elif network.bn_position == "before":
            layers += [norm, activation]
        else:
            layers += [activation, norm]
    return nn.Sequential(*layers, nn.Linear(network.width, 1))


def one_of(stack: Stack, index: int) -> nn.Sequential:
    """Network `index` of the stack as a module, running statistics included."""
    features = stack.params["layers.0.weight"].shape[2]
    module = module_of(stack.network, features, bn=True)
    module = module.to(stack.params["output.bias"].dtype)
    with torch.no_grad():
        for value, copied in zip(module.parameters(), stack.params.values(), strict=True):
            value.copy_(copied[index])
        for value, copied in zip(module.buffers(), stack.buffers.values(), strict=True):
            value.copy_(copied[index])
    return module


def lived_in(stack: Stack, seed: int = 0) -> Stack:
    """The stack in double precision, its norms' parameters and buffers off their defaults."""
    generator = torch.Generator().manual_seed(seed)
    stack = stack.cast(torch.float64)
    for name, value in (stack.params | stack.buffers).items():
        if name.endswith(("gamma", "alpha", "running_variance")):
            value += torch.rand(value.shape, generator=generator, dtype=value.dtype)
        elif name.endswith(("beta", "running_mean")):
            value += torch.randn(value.shape, generator=generator, dtype=value.dtype)
    return stack
