"""Probes against plain loops over torch modules, and against quadratics."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from bnviz.core.configs import BnMode, NetworkConfig
from bnviz.core.curvature import probes
from bnviz.core.data.document import fitness_data
from bnviz.core.nets.gradients import gradient_of, network_gradient, objective_of
from bnviz.core.nets.initial import initial
from bnviz.core.nets.stack import Stack
from bnviz.core.nets.vectors import Tensors
from bnviz.core.types import Stopped
from tests.core.documents_loop import documents_loop
from tests.core.torch_nets import lived_in, one_of

DATA = fitness_data(200)
X, Y = torch.from_numpy(DATA.x).double(), torch.from_numpy(DATA.y).double()


def net(*, bn: bool, **shape: object) -> Stack:
    network = NetworkConfig(**{"width": 12} | shape)  # type: ignore[arg-type]
    return lived_in(initial(network, 3, [5], bn=bn))


def plain_loop(module: nn.Module, count: int, scale: float, seed: int) -> list[float]:
    """The document's loop with the one correction: a fresh copy of the weights for each probe."""
    params = list(module.parameters())
    originals = [p.data.clone() for p in params]
    estimates = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for _ in range(count):
            deltas = [torch.randn_like(p) * scale for p in params]
            gradients = []
            for moved in (True, False):
                for p, original, delta in zip(params, originals, deltas, strict=True):
                    p.data = original + delta if moved else original.clone()
                module.zero_grad()
                ((module(X) - Y) ** 2).mean().backward()
                gradients.append(torch.cat([p.grad.flatten() for p in params]))  # type: ignore[union-attr]
            step = torch.cat([delta.flatten() for delta in deltas])
            estimates.append(float((gradients[0] - gradients[1]).norm() / step.norm()))
    return estimates


@pytest.mark.parametrize("chunk", [1, 4, 11, 50])
def test_directions_in_parts_are_the_same(chunk: int) -> None:
    params = net(bn=True).params
    parts = list(probes.draws(params, 11, 42, chunk))
    assert [len(part) for part in parts[:-1]] == [chunk] * (len(parts) - 1)
    assert torch.equal(torch.cat(parts), probes.directions(params, 11, 42))


def test_the_number_of_directions_takes_no_memory() -> None:
    assert len(next(probes.draws(net(bn=False).params, 10**12, 0, 2))) == 2


@pytest.mark.parametrize("bn", [True, False])
@pytest.mark.parametrize("mode", ["eval", "train"])
@pytest.mark.parametrize("shape", [{}, {"depth": 2, "activation": "tanh", "bn_position": "after"}])
@pytest.mark.parametrize("scale", [1e-5, 1e-2])
def test_values_are_those_of_a_plain_loop(
    bn: bool, mode: BnMode, shape: dict[str, object], scale: float
) -> None:
    stack = net(bn=bn, **shape)
    expected = plain_loop(one_of(stack, 0).train(mode == "train"), 11, scale, seed=42)
    drawn = probes.directions(stack.params, 11, 42)
    gradient = network_gradient(stack, X.T, Y[:, 0], mode)
    for chunk in (1, 4, 100):
        estimates = probes.estimates(gradient, stack.params, drawn, scale, chunk=chunk)
        np.testing.assert_allclose(estimates, expected, rtol=1e-6)


def test_any_objective_will_do() -> None:
    """On a quadratic the ratio is |H d| / |d|, and its mean square tr(H^2) / n."""
    generator = torch.Generator().manual_seed(3)
    root = torch.randn(9, 9, generator=generator, dtype=torch.float64)
    hessian = root + root.T

    def objective(params: Tensors) -> torch.Tensor:
        theta = torch.cat([params["a"].flatten(1), params["b"]], dim=1)
        return 0.5 * (theta @ hessian * theta).sum(1)

    point = {"a": torch.ones(1, 2, 3).double(), "b": torch.ones(1, 3).double()}
    drawn = probes.directions(point, 4000, 0)
    estimates = probes.estimates(gradient_of(objective), point, drawn, 1e-3, chunk=512)
    exact = (drawn @ hessian).norm(dim=1) / drawn.norm(dim=1)
    np.testing.assert_allclose(estimates, exact, rtol=1e-9)
    assert np.mean(estimates**2) == pytest.approx(float(hessian.square().sum()) / 9, rel=0.05)
    assert estimates.max() < float(torch.linalg.eigvalsh(hessian).abs().max())


def test_single_precision_drowns_small_steps_in_rounding() -> None:
    def error(scale: float) -> float:
        exact, rounded = (
            probes.estimates(
                network_gradient(stack.cast(dtype), X.T.to(dtype), Y[:, 0].to(dtype), "eval"),
                stack.cast(dtype).params,
                drawn.to(dtype),
                scale,
            )
            for dtype in (torch.float64, torch.float32)
        )
        return float(np.median(np.abs(rounded / exact - 1)))

    stack = net(bn=True)
    drawn = probes.directions(stack.params, 20, 1)
    assert error(1e-3) < 0.01 < 0.2 < error(1e-8)


def test_nothing_is_left_changed() -> None:
    stack = net(bn=True)
    before = {name: value.clone() for name, value in (stack.params | stack.buffers).items()}
    state = torch.random.get_rng_state()
    for mode in ("train", "eval"):
        gradient = network_gradient(stack, X.T, Y[:, 0], mode)  # type: ignore[arg-type]
        drawn = probes.directions(stack.params, 3, 0)
        probes.estimates(gradient, stack.params, drawn, 1e-3)
    assert torch.equal(state, torch.random.get_rng_state())
    after = stack.params | stack.buffers
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_stopping_between_chunks() -> None:
    stack, asked = net(bn=False), iter([False, False, True])
    gradient = gradient_of(objective_of(stack, X.T, Y[:, 0], "eval"))
    drawn = probes.directions(stack.params, 20, 0)
    with pytest.raises(Stopped):
        probes.estimates(
            gradient, stack.params, drawn, 1e-3, chunk=2, should_stop=lambda: next(asked)
        )
    assert next(asked, None) is None


@pytest.mark.parametrize("bn", [True, False])
def test_the_published_estimator_bug_for_bug(bn: bool) -> None:
    module = one_of(net(bn=bn), 0).eval()
    with torch.random.fork_rng(devices=[]):
        theirs = copy.deepcopy(module)
        expected, *_ = documents_loop(theirs, X, Y, 6)
    estimates = [probe.estimate for probe in probes.published_probes(module, X, Y, 6)]
    assert estimates == expected
    assert estimates[0] > 0 and not any(estimates[1:])  # only the first probe measures anything
    for ours, other in zip(module.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(ours, other)  # and both have drifted alike


def test_the_first_published_probe_is_the_first_corrected_one() -> None:
    stack = net(bn=False)
    drawn = probes.directions(stack.params, 1, 42)
    gradient = network_gradient(stack, X.T, Y[:, 0], "eval")
    corrected = probes.estimates(gradient, stack.params, drawn, 1e-5)
    (published,) = probes.published_probes(one_of(stack, 0), X, Y, 1)
    assert corrected == pytest.approx(published.estimate, rel=1e-8)
