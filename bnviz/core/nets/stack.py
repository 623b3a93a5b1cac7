"""The two nets, K of each at a time: a seed, a probe, an ablation is one more network in a stack.

A stack's every tensor begins with a dimension K, so that K networks are one
tensor program (`baddbmm`; BN works channel by channel, so K layers of BN over H
channels are one BN over K * H). Activations are feature-major, (K, H, N) for N
rows: a channel lies in one piece, and the forward pass is ``weight @ x``.
Weights keep torch's orientation (out, in), and a stack's tensors keep the order of
``Module.parameters()``; one network can be taken out as an ordinary module.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from bnviz.core.configs import BnMode, NetworkConfig
from bnviz.core.nets.vectors import Tensors


@dataclass(frozen=True)
class Stack:
    """K networks of one shape, all with BN or all without.

    `params`, layer by layer: ``layers.0.weight`` (K, H, D), ``layers.0.bias`` (K, H),
    with BN ``layers.0.gamma`` and ``.beta`` (K, H), ...; ``output.weight`` (K, 1, H),
    ``output.bias`` (K, 1). `buffers`, with BN only: ``layers.0.running_mean`` and
    ``.running_variance`` (K, H; the variance is the unbiased one, as in torch), and
    ``.batches`` (K,), torch's ``num_batches_tracked``.
    """

    network: NetworkConfig
    params: Tensors
    buffers: Tensors

    @property
    def size(self) -> int:
        """K, the number of networks."""
        return self.params["output.bias"].shape[0]

    @property
    def has_bn(self) -> bool:
        """Whether the networks carry BN layers."""
        return bool(self.buffers)

    def part(self, which: slice) -> "Stack":
        """Some of the networks; the tensors are views."""
        return Stack(
            self.network,
            {name: value[which] for name, value in self.params.items()},
            {name: value[which] for name, value in self.buffers.items()},
        )

    def cast(self, dtype: torch.dtype) -> "Stack":
        """A detached copy in another precision."""
        return Stack(
            self.network,
            {name: value.detach().to(dtype, copy=True) for name, value in self.params.items()},
            {
                name: value.to(dtype if value.is_floating_point() else value.dtype, copy=True)
                for name, value in self.buffers.items()
            },
        )

    def with_params(self, params: Tensors) -> "Stack":
        """Other parameters with the same buffers; one row of buffers serves any K."""
        return Stack(self.network, params, self.buffers)


@dataclass(frozen=True)
class Pass:
    """A forward pass over N rows: `output` (K, N), and what enters each activation, (K, H, N)."""

    output: Tensor
    entering: tuple[Tensor, ...]


def initial(network: NetworkConfig, features: int, seeds: Sequence[int], *, bn: bool) -> Stack:
    """Untrained networks, one a seed, with `features` inputs each.

    The weights are those of ``torch.nn.Linear`` layers built after
    ``torch.manual_seed(seed)``. BN draws nothing, so both nets begin with the same
    weights. The global random state is neither read nor changed.
    """
    singles = [_initial_weights(network, features, seed) for seed in seeds]
    weights = {name: torch.stack([single[name] for single in singles]) for name in singles[0]}
    if not bn:
        return Stack(network, weights, {})
    params: Tensors = {}
    buffers: Tensors = {}
    ones = torch.ones(len(seeds), network.width)
    for name, value in weights.items():
        params[name] = value
        if name.startswith("layers") and name.endswith("bias"):
            layer = name.removesuffix("bias")
            params |= {f"{layer}gamma": ones.clone(), f"{layer}beta": torch.zeros_like(ones)}
            buffers[f"{layer}running_mean"] = torch.zeros_like(ones)
            buffers[f"{layer}running_variance"] = ones.clone()
            buffers[f"{layer}batches"] = torch.zeros(len(seeds), dtype=torch.int64)
    return Stack(network, params, buffers)


def stack_of_one(network: NetworkConfig, module: nn.Module, *, bn: bool) -> Stack:
    """A stack holding a copy of one ordinary module, built layer by layer as `network` says.

    Its parameters and buffers are taken in order: linear layer, BN, ..., linear layer.
    """
    params, buffers = list(module.parameters()), list(module.buffers())
    like = initial(network, params[0].shape[1], [0], bn=bn)

    def copies(names: Tensors, values: list[Any]) -> Tensors:
        pairs = zip(names, values, strict=True)
        return {name: value.detach().clone().unsqueeze(0) for name, value in pairs}

    return Stack(network, copies(like.params, params), copies(like.buffers, buffers))


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


def forward(
    stack: Stack,
    x: Tensor,
    mode: BnMode = "eval",
    *,
    update: bool = False,
    gates: Sequence[Tensor] | None = None,
) -> Pass:
    """Run rows `x`, (D, N) for all networks or (K, D, N), through the stack.

    In train mode BN uses the statistics of these rows, and `update` moves the running
    ones as ``torch.nn.BatchNorm1d`` would; a single row raises ValueError. In eval
    mode BN is folded away. `gates`, a layer each and broadcastable to (K, H, N), hold every
    rectifier open (1) or shut (0) whatever enters it. Differentiable any number of times.
    """
    folded_away = mode == "eval" or not stack.has_bn
    if folded_away:
        stack = folded(stack)
    params, network = stack.params, stack.network
    activate = functional.relu if network.activation == "relu" else torch.tanh
    entering = []
    for index in range(network.depth):
        x = linear(params, f"layers.{index}", x)
        if not folded_away and network.bn_position == "before":
            x = _batch_norm(stack, f"layers.{index}", x, update)
        entering.append(x)
        x = activate(x) if gates is None else x * gates[index]
        if not folded_away and network.bn_position == "after":
            x = _batch_norm(stack, f"layers.{index}", x, update)
    return Pass(linear(params, "output", x).squeeze(1), tuple(entering))


def linear(params: Tensors, layer: str, x: Tensor, out: Tensor | None = None) -> Tensor:
    """Each network's weight @ x + bias: (K, out, N) from x (K, in, N) or (in, N)."""
    weight, bias = params[f"{layer}.weight"], params[f"{layer}.bias"]
    return torch.baddbmm(
        bias.unsqueeze(2), weight, x.expand(weight.shape[0], *x.shape[-2:]), out=out
    )


def folded(stack: Stack) -> Stack:
    """The nets without BN that compute what `stack` computes in eval mode.

    In eval mode BN is a scale and a shift a channel, so it can be folded into
    the linear layer before it, or the one after it (Jacob et al. 2018, section
    3.2). Differentiable; without BN the stack itself.
    """
    if not stack.has_bn:
        return stack
    before = stack.network.bn_position == "before"
    params = {n: v for n, v in stack.params.items() if not n.endswith(("gamma", "beta"))}
    depth = stack.network.depth
    for index in range(depth):
        scale, shift = _scale_and_shift(stack, f"layers.{index}")
        layer = f"layers.{index}" if before else f"layers.{index + 1}"
        layer = "output" if layer == f"layers.{depth}" else layer
        weight, bias = params[f"{layer}.weight"], params[f"{layer}.bias"]
        if before:
            params[f"{layer}.weight"] = weight * scale.unsqueeze(2)
            params[f"{layer}.bias"] = bias * scale + shift
        else:
            params[f"{layer}.weight"] = weight * scale.unsqueeze(1)
            params[f"{layer}.bias"] = bias + (weight * shift.unsqueeze(1)).sum(2)
    return Stack(stack.network, params, {})


def _scale_and_shift(stack: Stack, layer: str) -> tuple[Tensor, Tensor]:
    """BN in eval mode as y = x * scale + shift, each (K, H)."""
    variance = stack.buffers[f"{layer}.running_variance"]
    scale = stack.params[f"{layer}.gamma"] * torch.rsqrt(variance + stack.network.eps)
    return scale, stack.params[f"{layer}.beta"] - stack.buffers[f"{layer}.running_mean"] * scale


def _batch_norm(stack: Stack, layer: str, x: Tensor, update: bool) -> Tensor:
    """BN in train mode over the rows of x (K, H, N).

    In elementary operations: the second derivatives of fused BN cost twice as much,
    and those of ``torch.func.hessian`` through it are wrong in torch 2.13.
    """
    refuse_single_row(x)
    mean = x.mean(2, keepdim=True)
    centred = x - mean
    variance = centred.square().mean(2, keepdim=True)
    if update:
        move_running_statistics(stack, layer, mean, variance, x.shape[2])
    scale = stack.params[f"{layer}.gamma"].unsqueeze(2) * torch.rsqrt(variance + stack.network.eps)
    return centred * scale + stack.params[f"{layer}.beta"].unsqueeze(2)


def refuse_single_row(x: Tensor) -> None:
    """Raise ValueError for rows (..., N) that BN has no variance of."""
    if x.shape[-1] < 2:
        raise ValueError("BN in train mode needs more than one row: a single one has no variance.")


@torch.no_grad()
def move_running_statistics(
    stack: Stack, layer: str, mean: Tensor, biased_variance: Tensor, rows: int
) -> None:
    """Move a BN layer's running statistics, in place, as ``torch.nn.BatchNorm1d`` does.

    `mean` and `biased_variance` (K, H, 1) are those of a batch of so many `rows`. The
    new values weigh `torch_momentum`, or, where that is None, as much as each value
    before them; the running variance follows the unbiased variance.
    """
    batches = stack.buffers[f"{layer}.batches"].add_(1)
    share = stack.network.torch_momentum or 1 / int(batches[0])
    stack.buffers[f"{layer}.running_mean"].lerp_(mean.squeeze(2), share)
    unbiased_variance = biased_variance.squeeze(2) * (rows / (rows - 1))
    stack.buffers[f"{layer}.running_variance"].lerp_(unbiased_variance, share)
