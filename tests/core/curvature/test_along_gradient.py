"""Steps along the gradient: closed forms on quadratics, plain loops over modules, stacks."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from bnviz.core.configs import NetworkConfig
from bnviz.core.curvature.along_gradient import along, along_stack
from bnviz.core.curvature.problem import Problem
from bnviz.core.curvature.stack_problem import StackProblem
from bnviz.core.nets.initial import initial
from bnviz.core.nets.stack import Stack
from tests.core.curvature.problems import changed, of_module
from tests.core.torch_nets import one_of

SIZES = torch.tensor([0.1, 0.4, 1.5], dtype=torch.float64)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def quadratic() -> tuple[Problem, Tensor, Tensor]:
    """loss(w) = 1/2 |A w|^2 of a module that is its own weights; (problem, A'A, w)."""
    root, point = normal(4, 4), normal(1, 4, seed=1)
    module = nn.Linear(4, 1, bias=False).double()
    with torch.no_grad():
        module.weight.copy_(point)
    # On the rows of A, the module gives A w.
    loss = of_module(module, lambda output, y: 0.5 * output.square().sum(), root, root)
    return loss, root.T @ root, point[0]


@pytest.mark.parametrize("unit", [True, False])
def test_a_quadratic_has_closed_forms(unit: bool) -> None:
    """With gradient g = H w: loss(w - t g) = loss - t g'g + t^2 / 2 g'Hg, change t |H g|."""
    loss, hessian, w = quadratic()
    measured = along(loss, SIZES, unit=unit)
    g = hessian @ w
    direction = g / g.norm() if unit else g
    begun = 0.5 * w @ hessian @ w
    losses = begun - SIZES * (g @ direction) + SIZES**2 / 2 * (direction @ hessian @ direction)
    torch.testing.assert_close(measured.loss, begun.reshape(1))
    torch.testing.assert_close(measured.losses, losses.unsqueeze(0))
    changes = SIZES * (hessian @ direction).norm()
    torch.testing.assert_close(measured.changes, changes.unsqueeze(0))
    # Whatever the step sizes, the Rayleigh-like quotient of the gradient's direction.
    torch.testing.assert_close(measured.smoothness, ((hessian @ g).norm() / g.norm()).reshape(1))
    assert measured.smoothness < torch.linalg.eigvalsh(hessian)[-1]


def test_along_the_top_eigenvector_smoothness_is_the_largest_eigenvalue() -> None:
    loss, hessian, _ = quadratic()
    values, vectors = torch.linalg.eigh(hessian)
    top = {name: vectors[:, -1].view(1, 1, 4) for name in loss.params}
    measured = along(changed(loss, params=top), SIZES)
    assert measured.smoothness.item() == pytest.approx(values[-1].item())


def test_smoothness_is_the_largest_over_the_sizes() -> None:
    """loss = w^4 / 4 at w = 1: the gradient is 1, and at 1 - t it is (1 - t)^3."""
    module = nn.Linear(1, 1, bias=False).double()
    with torch.no_grad():
        module.weight.fill_(1.0)
    one = torch.ones(1, 1, dtype=torch.float64)
    loss = of_module(module, lambda output, y: output.pow(4).sum() / 4, one, one)
    measured = along(loss, SIZES)
    ratios = (1 - (1 - SIZES) ** 3) / SIZES
    torch.testing.assert_close(measured.changes[0] / SIZES, ratios)
    assert measured.smoothness.item() == pytest.approx(ratios.max().item())
    assert ratios.argmax() == 0  # not that of the longest step
    torch.testing.assert_close(measured.losses[0], (1 - SIZES) ** 4 / 4)


def test_without_a_gradient_there_is_no_direction() -> None:
    module = nn.Linear(2, 1).double().requires_grad_(True)
    x = normal(5, 2)
    loss = of_module(module, mse_loss, x, module(x).detach())
    measured = along(loss, SIZES)
    assert measured.loss.item() == 0 and not measured.losses.any() and not measured.changes.any()
    assert measured.smoothness.isnan().all()
    assert along(loss, SIZES, unit=True).losses.isnan().all()


def nets(*, bn: bool, **shape: object) -> tuple[Stack, Tensor, Tensor]:
    network = NetworkConfig(**{"width": 6, "depth": 2} | shape)  # type: ignore[arg-type]
    stack = initial(network, 3, [1, 2, 3], bn=bn)
    return stack, normal(3, 3, 10).float(), normal(3, 10, seed=1).float()


SHAPES = [{}, {"activation": "tanh", "bn_position": "after"}]


@pytest.mark.parametrize("bn", [True, False])
@pytest.mark.parametrize("unit", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_stack_is_as_its_networks_one_by_one(
    bn: bool, unit: bool, shape: dict[str, object]
) -> None:
    """Each network on its own batch, as a stack's problem, as a module's, and by torch alone."""
    stack, x, y = nets(bn=bn, **shape)
    before = {name: value.clone() for name, value in (stack.params | stack.buffers).items()}
    together = along_stack(stack, x, y, SIZES, unit=unit)
    after = stack.params | stack.buffers
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert together.losses.shape == together.changes.shape == (3, 3)
    for seed in range(3):
        one = StackProblem(stack.part(slice(seed, seed + 1)), x[seed], y[seed], "train")
        module, rows = one_of(stack, seed), (x[seed].T, y[seed].unsqueeze(1))
        same = of_module(module, mse_loss, *rows, mode="train")
        by_hand = plain_loop(module.double().train(), *(each.double() for each in rows), unit)
        for alone in (along(one, SIZES, unit=unit), along(same, SIZES, unit=unit)):
            close(alone.loss[0], together.loss[seed])
            close(alone.losses[0], together.losses[seed])
            close(alone.changes[0], together.changes[seed])
            close(alone.smoothness[0], together.smoothness[seed])
        close(together.losses[seed], by_hand[:, 0])
        close(together.changes[seed], by_hand[:, 1])
        close(together.smoothness[seed], by_hand[:, 2].max())


def close(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


def plain_loop(module: nn.Module, x: Tensor, y: Tensor, unit: bool) -> Tensor:
    """(Q, 3) loss, |gradient change| and its ratio to the step, step size by step size."""

    def gradient() -> tuple[Tensor, Tensor]:
        loss = mse_loss(module(x), y)
        parts = torch.autograd.grad(loss, list(module.parameters()))
        return loss.detach(), torch.cat([each.flatten() for each in parts])

    origin = nn.utils.parameters_to_vector(module.parameters()).detach()
    _, begun = gradient()
    rows = []
    for size in SIZES:
        step = size * (begun / begun.norm() if unit else begun)
        nn.utils.vector_to_parameters(origin - step, module.parameters())
        loss, there = gradient()
        change = (there - begun).norm()
        rows.append(torch.stack([loss, change, change / step.norm()]))
    return torch.stack(rows)


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stack, x, y = nets(bn=True)
    whole = along_stack(stack, x, y, SIZES)
    monkeypatch.setattr("bnviz.core.curvature.along_gradient.chunk_size", lambda *_: 2)
    cut = along_stack(stack, x, y, SIZES)
    for name in ("loss", "losses", "changes", "smoothness"):
        np.testing.assert_allclose(getattr(cut, name), getattr(whole, name), rtol=1e-12)


def test_a_diverged_network_leaves_the_others_alone() -> None:
    stack, x, y = nets(bn=True)
    healthy = along_stack(stack, x, y, SIZES)
    stack.params["layers.0.weight"][1] = torch.inf
    mixed = along_stack(stack, x, y, SIZES)
    assert mixed.smoothness[1].isnan() and mixed.loss[1].isnan()
    torch.testing.assert_close(mixed.losses[[0, 2]], healthy.losses[[0, 2]])
