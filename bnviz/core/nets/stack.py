"""The two nets, K of each at a time: a seed, a probe, an ablation is one more network in a stack.

A stack's every tensor begins with a dimension K, so that K networks are one
tensor program (`baddbmm`; BN works channel by channel, so K layers of BN over H
channels are one BN over K * H). Activations are feature-major, (K, H, N) for N
rows: a channel lies in one piece, and the forward pass is ``weight @ x``.
Weights keep torch's orientation (out, in), and a stack's tensors keep the order of
``Module.parameters()``; one network can be taken out as an ordinary module.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from bnviz.core.configs import BnMode, NetworkConfig
from bnviz.core.nets.norms.batch import plus_eps
from bnviz.core.nets.norms.norm import Norm
from bnviz.core.nets.norms.table import NORMS
from bnviz.core.nets.vectors import Tensors


@dataclass(frozen=True)
class Stack:
    """K networks of one shape, all with the norm that `network` names.

    `params`, layer by layer: ``layers.0.weight`` (K, H, D), ``layers.0.bias`` (K, H), then the
    norm's own, with BN ``layers.0.gamma`` and ``.beta`` (K, H), ...; ``output.weight`` (K, 1, H),
    ``output.bias`` (K, 1). `buffers` are the norm's, with BN ``layers.0.running_mean`` and
    ``.running_variance`` (K, H; the variance is the unbiased one, as in torch), and
    ``.batches`` (K,), torch's ``num_batches_tracked``. See :mod:`bnviz.core.nets.norms`.
    """

    network: NetworkConfig
    params: Tensors
    buffers: Tensors
    per_network: Tensors = field(default_factory=dict)
    """BN's settings that each network has for itself, whatever `network` says: "eps" and
    "torch_momentum", (K,) float64.
    """

    @property
    def size(self) -> int:
        """K, the number of networks."""
        return self.params["output.bias"].shape[0]

    @property
    def norm(self) -> Norm | None:
        """What stands in the hidden layers; None for a plain net."""
        return NORMS[self.network.norm]

    @property
    def has_bn(self) -> bool:
        """Whether that is BN itself, whose derivatives are written out."""
        return self.network.norm == "batch"

    def own(self, layer: str) -> Tensors:
        """Parameters and buffers of the norm of ``layers.0`` and so on, by their last names.

        Beside them what each network has for itself.
        """
        tensors = self.params | self.buffers
        start = f"{layer}."
        mine = {n.removeprefix(start): v for n, v in tensors.items() if n.startswith(start)}
        return mine | self.per_network

    def is_plain(self, mode: BnMode) -> bool:
        """Whether the networks are plain ones of other weights in that mode: see :func:`folded`."""
        norm = self.norm
        return norm is None or norm.reshapes_weights or (norm.running and mode == "eval")

    def part(self, which: slice) -> "Stack":
        """Some of the networks; the tensors are views."""
        return Stack(
            self.network,
            {name: value[which] for name, value in self.params.items()},
            {name: value[which] for name, value in self.buffers.items()},
            {name: value[which] for name, value in self.per_network.items()},
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
            self.per_network,
        )

    @property
    def alive(self) -> NDArray[np.bool_]:
        """(K,) whether every parameter and buffer of a network is finite."""
        tensors = [*self.params.values(), *self.buffers.values()]
        finite = [value.isfinite().reshape(self.size, -1).all(1) for value in tensors]
        return np.asarray(torch.stack(finite).all(0))

    def with_params(self, params: Tensors) -> "Stack":
        """Other parameters with the same buffers; one row of buffers serves any K."""
        return replace(self, params=params)


@dataclass(frozen=True)
class Pass:
    """A forward pass over N rows: `output` (K, N), and what enters each activation, (K, H, N)."""

    output: Tensor
    entering: tuple[Tensor, ...]


def forward(
    stack: Stack,
    x: Tensor,
    mode: BnMode = "eval",
    *,
    update: bool = False,
    gates: Sequence[Tensor] | None = None,
) -> Pass:
    """Run rows `x`, (D, N) for all networks or (K, D, N), through the stack.

    In train mode a norm over rows uses the statistics of these rows, and `update` moves its
    running ones; a single row raises ValueError. In eval mode it is folded away. `gates`, a
    layer each and broadcastable to (K, H, N), hold every ReLU open (1) or closed (0)
    whatever enters it. Differentiable any number of times.
    """
    norm = None if stack.is_plain(mode) else stack.norm
    if norm is None:
        stack = folded(stack)
    params, network = stack.params, stack.network
    activate = functional.relu if network.activation == "relu" else torch.tanh
    entering = []
    for index in range(network.depth):
        layer = f"layers.{index}"
        x = linear(params, layer, x)
        if norm and network.bn_position == "before":
            x = norm.forward(network, stack.own(layer), x, update)
        entering.append(x)
        x = activate(x) if gates is None else x * gates[index]
        if norm and network.bn_position == "after":
            x = norm.forward(network, stack.own(layer), x, update)
    return Pass(linear(params, "output", x).squeeze(1), tuple(entering))


def linear(params: Tensors, layer: str, x: Tensor, out: Tensor | None = None) -> Tensor:
    """Each network's weight @ x + bias: (K, out, N) from x (K, in, N) or (in, N)."""
    weight, bias = params[f"{layer}.weight"], params[f"{layer}.bias"]
    return torch.baddbmm(
        bias.unsqueeze(2), weight, x.expand(weight.shape[0], *x.shape[-2:]), out=out
    )


def folded(stack: Stack) -> Stack:
    """The plain nets that compute what `stack` computes in eval mode.

    In eval mode BN is a scale and a shift a channel, so it can be folded into
    the linear layer before it, or the one after it (Jacob et al. 2018, section
    3.2); so can its relatives, and standardized weights are plain weights in any mode.
    Differentiable; plain nets are given back as they are.
    """
    norm, network = stack.norm, stack.network
    if norm is None:
        return stack
    kept = ("weight", "bias")
    params = {name: value for name, value in stack.params.items() if name.endswith(kept)}
    for index in range(network.depth):
        layer = f"layers.{index}"
        if norm.reshapes_weights:
            weight = params[f"{layer}.weight"]
            params[f"{layer}.weight"] = norm.weights(network, stack.own(layer), weight)
        else:
            _fold(stack, index, params)
    return Stack(network.without_norm, params, {})


def _fold(stack: Stack, index: int, params: Tensors) -> None:
    """Folds a layer's BN into `params`."""
    scale, shift = _scale_and_shift(stack, f"layers.{index}")
    before = stack.network.bn_position == "before"
    layer = f"layers.{index}" if before else f"layers.{index + 1}"
    layer = "output" if layer == f"layers.{stack.network.depth}" else layer
    weight, bias = params[f"{layer}.weight"], params[f"{layer}.bias"]
    if before:
        params[f"{layer}.weight"] = weight * scale.unsqueeze(2)
        params[f"{layer}.bias"] = bias * scale + shift
    else:
        params[f"{layer}.weight"] = weight * scale.unsqueeze(1)
        params[f"{layer}.bias"] = bias + (weight * shift.unsqueeze(1)).sum(2)


def _scale_and_shift(stack: Stack, layer: str) -> tuple[Tensor, Tensor]:
    """BN in eval mode as y = x * scale + shift, each (K, H)."""
    variance = stack.buffers[f"{layer}.running_variance"]
    moved = plus_eps(stack.network, stack.per_network, variance)
    scale = stack.params[f"{layer}.gamma"] * torch.rsqrt(moved)
    return scale, stack.params[f"{layer}.beta"] - stack.buffers[f"{layer}.running_mean"] * scale
