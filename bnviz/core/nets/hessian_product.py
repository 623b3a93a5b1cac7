"""The Hessian of a net's mean squared error times vectors, written out.

Pearlmutter (1994), section 4: every line of back-propagation is differentiated along the
vector, and what a line needs of the point itself is computed once. That is faster than
running backward through the gradient's graph. Tests hold it against dense Hessians by
autograd.

A net is a chain of links. M vectors at a time, N rows: at the point tensors are (1, H, N),
along the vectors (M, H, N); ``r_`` names derivatives along the vectors.
"""

from typing import Protocol

import torch
from torch import Tensor

from bnviz.core.configs import BnMode
from bnviz.core.curvature.lanczos import Product
from bnviz.core.nets.norms.batch import plus_eps, refuse_single_row
from bnviz.core.nets.norms.norm import inverse_root
from bnviz.core.nets.stack import Stack, linear
from bnviz.core.nets.vectors import Tensors, flatten, unflatten


class _Link(Protocol):
    output: Tensor
    """At the point."""

    def receive(self, delta: Tensor) -> Tensor:
        """The loss's gradient by the input, from that by the output; at the point, once."""

    def ahead(self, v: Tensors, r: Tensor | None) -> Tensor:
        """Of the output, from that of the input; None for zero."""

    def back(self, v: Tensors, r_delta: Tensor, r_gradient: Tensors) -> Tensor:
        """Of the gradient by the input, from that by the output; the parameters' is put down."""


@torch.no_grad()
def network_product(stack: Stack, x: Tensor, y: Tensor, mode: BnMode) -> Product:
    """The function from vectors (M, n) to the Hessian of the stack's one network times each.

    The loss is the mean squared error on rows x (D, N), y (N,). Everything is in the stack's
    precision and on its device. Raises ValueError for a single row in train mode with BN.
    """
    links = _chain(stack, x.unsqueeze(0), mode)
    rows = x.shape[1]
    delta = (links[-1].output - y) * (2 / rows)
    for link in reversed(links):
        delta = link.receive(delta)

    @torch.no_grad()
    def product(vectors: Tensor) -> Tensor:
        v = unflatten(vectors, stack.params)
        r: Tensor | None = None
        for link in links:
            r = link.ahead(v, r)
        assert r is not None  # every net has a layer
        r_delta, r_gradient = r * (2 / rows), dict[str, Tensor]()
        for link in reversed(links):
            r_delta = link.back(v, r_delta, r_gradient)
        return flatten([r_gradient[name] for name in stack.params])

    return product


def _chain(stack: Stack, x: Tensor, mode: BnMode) -> list[_Link]:
    network = stack.network
    links: list[_Link] = []
    for index in range(network.depth):
        name = f"layers.{index}"
        links.append(_Linear(stack.params, name, links[-1].output if links else x, not links))
        if stack.has_bn and network.bn_position == "before":
            links.append(_Norm(stack, name, links[-1].output, mode))
        links.append(_Activation(links[-1].output, network.activation))
        if stack.has_bn and network.bn_position == "after":
            links.append(_Norm(stack, name, links[-1].output, mode))
    links.append(_Linear(stack.params, "output", links[-1].output, False))
    return links


class _Linear:
    """output = weight @ x + bias."""

    def __init__(self, params: Tensors, name: str, x: Tensor, first: bool) -> None:
        self.weight_name, self.bias_name = f"{name}.weight", f"{name}.bias"
        self.weight, self.x, self.first = params[self.weight_name], x, first
        self.output = linear(params, name, x)

    def receive(self, delta: Tensor) -> Tensor:
        self.delta = delta
        return delta if self.first else self.weight.mT @ delta

    def ahead(self, v: Tensors, r: Tensor | None) -> Tensor:
        self.r_x = r
        weight = v[self.weight_name]
        x = self.x.expand(len(weight), -1, -1)
        r_output = torch.baddbmm(v[self.bias_name].unsqueeze(2), weight, x)
        return r_output if r is None else r_output.baddbmm_(self.weight.expand_as(weight), r)

    def back(self, v: Tensors, r_delta: Tensor, r_gradient: Tensors) -> Tensor:
        weight = r_delta @ self.x.mT
        r_gradient[self.bias_name] = r_delta.sum(2)
        r_gradient[self.weight_name] = weight
        if self.r_x is None:
            return r_delta  # nobody asks what the inputs would have
        delta = self.delta.expand(len(weight), -1, -1)
        weight.baddbmm_(delta, self.r_x.mT)
        across = v[self.weight_name].mT @ delta
        return across.baddbmm_(self.weight.mT.expand(len(weight), -1, -1), r_delta)


class _Activation:
    """output = relu(x) or tanh(x)."""

    def __init__(self, x: Tensor, activation: str) -> None:
        self.relu = activation == "relu"
        self.output = x.relu() if self.relu else x.tanh()
        self.slope = (x > 0).to(x.dtype) if self.relu else 1 - self.output.square()

    def receive(self, delta: Tensor) -> Tensor:
        # tanh'' = -2 tanh tanh', which comes with the slope that R of x has already
        self.bend = -2 * self.output * delta
        return delta * self.slope

    def ahead(self, v: Tensors, r: Tensor | None) -> Tensor:
        assert r is not None  # a layer comes before
        r.mul_(self.slope)
        self.r = r if self.relu else r.clone()  # the next link may work in place
        return r

    def back(self, v: Tensors, r_delta: Tensor, r_gradient: Tensors) -> Tensor:
        r_delta.mul_(self.slope)
        return r_delta if self.relu else r_delta.addcmul_(self.r, self.bend)


class _Norm:
    """output = gamma * x_hat + beta: Ioffe & Szegedy (2015), algorithm 1 and section 3.

    `gamma` and `scale`, 1 / sqrt(variance + eps), are (1, H, 1). Train mode: x_hat has mean
    0, and what passes BN backward is u = delta - mean(delta) - x_hat mean(delta x_hat).
    """

    def __init__(self, stack: Stack, name: str, x: Tensor, mode: BnMode) -> None:
        self.gamma_name, self.beta_name = f"{name}.gamma", f"{name}.beta"
        self.train, self.rows = mode == "train", x.shape[2]
        self.gamma = stack.params[self.gamma_name].unsqueeze(2)
        if self.train:
            refuse_single_row(x)
            centred = x - x.mean(2, keepdim=True)
            variance = centred.square().mean(2, keepdim=True)
        else:
            centred = x - stack.buffers[f"{name}.running_mean"].unsqueeze(2)
            variance = stack.buffers[f"{name}.running_variance"].unsqueeze(2)
        self.scale = inverse_root(plus_eps(stack.network, stack.per_network, variance))
        self.x_hat = centred * self.scale
        self.output = self.gamma * self.x_hat + stack.params[self.beta_name].unsqueeze(2)

    def _mean(self, one: Tensor, other: Tensor) -> Tensor:
        """(M, H, 1) of the products of two tensors, over rows."""
        sums: Tensor = torch.linalg.vecdot(one, other).unsqueeze(2)
        return sums / self.rows

    def receive(self, delta: Tensor) -> Tensor:
        self.delta = self.passed = delta
        if self.train:
            self.share = self._mean(delta, self.x_hat)
            self.passed = delta - delta.mean(2, keepdim=True) - self.x_hat * self.share
        self.passed = self.passed * self.scale
        return self.passed * self.gamma

    def ahead(self, v: Tensors, r: Tensor | None) -> Tensor:
        assert r is not None  # a layer comes before
        if self.train:
            r.sub_(r.mean(2, keepdim=True))
            # R of scale is -scale^2 mean(x_hat R centred)
            self.shrinking = self._mean(r, self.x_hat)
            r.addcmul_(self.x_hat, self.shrinking, value=-1)
            self.shrinking = self.shrinking * self.scale
        self.r_x_hat = r.mul_(self.scale)
        r_output = torch.addcmul(v[self.beta_name].unsqueeze(2), self.r_x_hat, self.gamma)
        return r_output.addcmul_(self.x_hat, v[self.gamma_name].unsqueeze(2))

    def back(self, v: Tensors, r_delta: Tensor, r_gradient: Tensors) -> Tensor:
        mean = r_delta.mean(2, keepdim=True)
        share = self._mean(r_delta, self.x_hat) + self._mean(self.r_x_hat, self.delta)
        r_gradient[self.beta_name] = mean.squeeze(2) * self.rows
        r_gradient[self.gamma_name] = share.squeeze(2) * self.rows
        r_gamma = v[self.gamma_name].unsqueeze(2)
        if self.train:
            r_delta = r_delta.sub_(mean).addcmul_(self.r_x_hat, self.share, value=-1)
            r_delta.addcmul_(self.x_hat, share, value=-1)
            r_gamma = r_gamma - self.gamma * self.shrinking
        return r_delta.mul_(self.gamma * self.scale).addcmul_(self.passed, r_gamma)
