"""The library on nets as people build them, against dense Hessians by plain torch.

The oracle runs the net itself, in float64, as anybody would: no copy of ours, nothing stands
between it and torch, and its Hessian is made row by row by double autograd.
"""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from bnviz import Loss
from tests.families import FAMILIES
from tests.zoo import Animal, zoo

NETS = zoo() | FAMILIES


def raised(value: Any) -> Any:
    """Inputs in float64."""
    if isinstance(value, Tensor):
        return value.double() if value.is_floating_point() else value
    if isinstance(value, dict):
        return {name: raised(each) for name, each in value.items()}
    if isinstance(value, tuple):
        values = map(raised, value)
        return type(value)(*values) if hasattr(value, "_fields") else tuple(values)
    return value


class Plain:
    """The net's loss as a function of one vector, by plain torch."""

    def __init__(self, animal: Animal) -> None:
        self.animal = animal
        net = getattr(animal.net, "_orig_mod", animal.net)
        self.net = _copied(net).double()
        self.loss = copy.deepcopy(animal.loss)
        if isinstance(self.loss, nn.Module):
            self.loss.double()
        self.params = {n: p for n, p in self.net.named_parameters() if p.requires_grad}
        self.buffers = {n: b.clone() for n, b in self.net.named_buffers()}
        self.point = torch.cat([p.detach().flatten() for p in self.params.values()])

    def __call__(self, point: Tensor) -> Tensor:
        sizes = [p.numel() for p in self.params.values()]
        parts = zip(self.params.items(), point.split(sizes), strict=True)
        own = {name: part.view(like.shape) for (name, like), part in parts}
        total, mean = sum(_rows(y) for _, y in self.animal.batches), point.new_zeros(())
        for x, y in self.animal.batches:
            buffers = {name: value.clone() for name, value in self.buffers.items()}
            call = _Call(self.net, self.animal.call)
            given = {f"net.{name}": value for name, value in (own | buffers).items()}
            with sdpa_kernel(SDPBackend.MATH):
                out = torch.func.functional_call(call, given, (raised(x),))
            mean = mean + self.loss(out, raised(y)) * (_rows(y) / total)
        return mean

    def gradient(self, point: Tensor) -> Tensor:
        leaf = point.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(self(leaf), leaf)
        return gradient

    def hessian(self) -> Tensor:
        leaf = self.point.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(self(leaf), leaf, create_graph=True)
        rows = [torch.autograd.grad(each, leaf, retain_graph=True)[0] for each in gradient]
        hessian = torch.stack(rows)
        if (hessian - hessian.T).abs().max() > 1e-9:  # torch's weight_norm is wrong
            hessian = torch.stack([self._bent(each) for each in torch.eye(len(leaf)).double()])
        return (hessian + hessian.T) / 2

    def _bent(self, direction: Tensor, h: float = 2e-3) -> Tensor:
        """Central differences of fourth order."""
        one, two = (
            self.gradient(self.point + k * h * direction)
            - self.gradient(self.point - k * h * direction)
            for k in (1, 2)
        )
        return (8 * one - two) / (12 * h)


class _Call(nn.Module):
    def __init__(self, net: nn.Module, call: Callable[[nn.Module, Any], Any]) -> None:
        super().__init__()
        self.net, self.call = net, call

    def forward(self, x: Any) -> Any:
        return self.call(self.net, x)


def _copied(net: nn.Module) -> nn.Module:
    """Sparse embeddings made dense, and what cannot be copied set free."""
    for layer in net.modules():
        for name, value in layer.__dict__.items():
            if isinstance(value, Tensor) and not value.is_leaf:
                layer.__dict__[name] = value.detach()
    net = copy.deepcopy(net)
    for layer in net.modules():
        if isinstance(layer, nn.Embedding):
            layer.sparse = False
    return net


def _rows(y: Any) -> int:
    return len(next(iter(y.values())) if isinstance(y, dict) else y)


def everything(net: nn.Module) -> list[Any]:
    """All that a measure must not touch."""
    state = [value.clone() for value in net.state_dict().values()]
    modes = [layer.training for layer in net.modules()]
    return [*state, *modes, *(p.grad is None for p in net.parameters()), torch.get_rng_state()]


def same(one: list[Any], other: list[Any]) -> bool:
    pairs = zip(one, other, strict=True)
    return all(torch.equal(a, b) if isinstance(a, Tensor) else a == b for a, b in pairs)


@pytest.mark.parametrize(
    "name", [*zoo(), *(pytest.param(name, marks=pytest.mark.proof) for name in FAMILIES)]
)
@pytest.mark.filterwarnings("ignore:.*weight_norm.* is deprecated:FutureWarning")
def test_every_measure_is_right_and_leaves_no_trace(name: str) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        animal = NETS[name]()
    plain = Plain(animal)
    before = everything(animal.net)
    batches = animal.batches
    loss = Loss(animal.net, animal.loss, *(batches[0] if len(batches) == 1 else [batches]))
    check(loss, plain)
    assert same(before, everything(animal.net))


def check(loss: Loss, plain: Plain) -> None:
    """All measures, to a millionth of their own size."""
    hessian, point = plain.hessian(), plain.point
    values = np.linalg.eigvalsh(hessian.numpy())
    size = np.abs(values).max()

    def near(ours: Any, right: Any, scale: float) -> None:
        np.testing.assert_allclose(
            np.asarray(ours), np.asarray(right), rtol=1e-6, atol=1e-6 * scale
        )

    ends = loss.eigenvalues()
    near([ends.minimum[0], ends.maximum[0]], values[[0, -1]], size)
    pairs = loss.eigenvalues(count=2, vectors=True)
    near(pairs.maximum, values[:-3:-1], size)
    near(pairs.minimum, values[:2], size)
    assert pairs.maximum_vectors is not None
    images = pairs.maximum_vectors @ hessian
    near(images, pairs.maximum_vectors * torch.from_numpy(pairs.maximum)[:, None], size)
    sums = loss.traces(probes=2)
    assert abs(sums.trace - values.sum()) <= 2 * sums.trace_margin + 1e-9 * size
    assert (
        abs(sums.mean_square - (values**2).mean()) <= 2 * sums.mean_square_margin + 1e-9 * size**2
    )
    near(sums.norms, _probe_norms(hessian, 2), size)
    near(loss.normalized_sharpness(), _filter_sharpness(plain, hessian), size)
    nodes = loss.spectral_density(probes=1, steps=8)
    start = _drawn(len(point))[0]
    near((nodes.weights * nodes.values).sum(), start @ hessian @ start / (start @ start), size)
    gradient, here = plain.gradient(point), plain(point).item()
    drawn = _library_directions(loss, 2)
    changes = [plain.gradient(point + 1e-3 * d) - gradient for d in drawn]
    ratios = [float(c.norm() / (1e-3 * d).norm()) for c, d in zip(changes, drawn, strict=True)]
    near(loss.lipschitz_probes(scale=1e-3, count=2), ratios, size)
    near(loss.scale_sweep(scales=[1e-3], count=2)[1e-3].ratio, ratios, size)
    steps = loss.along_gradient(sizes=[0.01])
    moved = point - 0.01 * gradient
    near(steps.losses, [[plain(moved).item()]], abs(here))
    near(steps.changes, [[float((plain.gradient(moved) - gradient).norm())]], gradient.norm())
    axes = torch.stack([d / d.norm() for d in drawn])
    plane = loss.landscape_plane(coordinates=[0.0, 0.1], directions=axes)
    right = [[plain(point + a * axes[0] + b * axes[1]).item() for a in (0, 0.1)] for b in (0, 0.1)]
    near(plane, right, abs(here))
    near(loss.landscape_lines(distances=[0.0], count=1), [[here]], abs(here))
    predicted, _ = loss.stability_threshold(steps=2, halvings=1)
    near(predicted, 2 / values[-1] if values[-1] > 1e-12 * size else np.inf, 2 / size)


def _drawn(size: int, count: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.stack([torch.randn(size, generator=generator) for _ in range(count)]).double()


def _probe_norms(hessian: Tensor, count: int) -> Tensor:
    drawn = _drawn(len(hessian), count)
    return (drawn @ hessian).norm(dim=1) / drawn.norm(dim=1)


def _library_directions(loss: Loss, count: int) -> Tensor:
    """As a loop after ``torch.manual_seed(0)`` draws them, parameter by parameter."""
    generator = torch.Generator().manual_seed(0)
    sizes = [value[0].numel() for value in loss.problem.params.values()]
    drawn = torch.empty(count, sum(sizes), dtype=torch.float64)
    for row in drawn:
        for piece in row.split(sizes):
            piece.normal_(generator=generator)
    return drawn


def _filter_sharpness(plain: Plain, hessian: Tensor) -> float:
    units = [
        p.detach().flatten(1).norm(dim=1).repeat_interleave(p[0].numel())
        if p.dim() > 1
        else torch.zeros(p.numel(), dtype=torch.float64)
        for p in plain.params.values()
    ]
    unit = torch.cat(units)
    return float(torch.linalg.eigvalsh(unit[:, None] * hessian * unit)[-1])
