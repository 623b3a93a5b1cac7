"""Every norm in a stack against torch's own layer, or against its paper's equation, in float64."""

from typing import get_args

import pytest
import torch
from torch import Tensor

from bnviz.core.configs import NetworkConfig
from bnviz.core.curvature.along_gradient import along_stack
from bnviz.core.curvature.stack_problem import StackProblem
from bnviz.core.nets.backpropagation import Workspace
from bnviz.core.nets.gradients import (
    loss_and_gradient,
    loss_gradient,
    network_gradient,
    network_losses,
)
from bnviz.core.nets.initial import initial
from bnviz.core.nets.norms.names import NORM_SETTINGS, OVER_ROWS, Norm
from bnviz.core.nets.norms.renorm import limits
from bnviz.core.nets.stack import Stack, forward
from tests.core.torch_nets import lived_in, module_of, one_of

NORMS = get_args(Norm)
SEEDS = (3, 0)
CASES = [(norm, place) for norm in NORMS for place in ("before", "after")]


def network(norm: str, place: str = "before", **more: object) -> NetworkConfig:
    settings = {"depth": 2, "width": 6, "activation": "tanh", "eps": 1e-3, "groups": 2}
    settings |= {"ghost_size": 4, "renorm_warmup": 2, "renorm_r": 1.5, "renorm_d": 0.5}
    settings |= {"norm": norm, "bn_position": place} | more
    return NetworkConfig.model_validate(settings)


def data(rows: int = 19) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(7)
    x = torch.randn(len(SEEDS), 3, rows, generator=generator, dtype=torch.float64) * 2 + 1
    return x, torch.randn(len(SEEDS), rows, generator=generator, dtype=torch.float64)


def moved(stack: Stack, steps: int = 9) -> Stack:
    """Off all defaults, after so many batches: renorm's corrections are neither 1 nor at an end."""
    stack = lived_in(stack)
    for name, value in stack.buffers.items():
        if name.endswith("batches"):
            value += steps
    return stack


@pytest.mark.parametrize(("norm", "place"), CASES)
def test_untrained_nets_have_the_same_weights_and_begin_as_modules_do(
    norm: str, place: str
) -> None:
    stack = initial(network(norm, place), 3, SEEDS, bn=True)
    plain = initial(network(norm, place), 3, SEEDS, bn=False)
    assert plain.norm is None and not plain.buffers
    for name, value in plain.params.items():
        assert torch.equal(stack.params[name], value)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEEDS[0])
        module = module_of(stack.network, 3, bn=True)
    for ours, theirs in zip(stack.params.values(), module.parameters(), strict=True):
        torch.testing.assert_close(ours[0], theirs.detach())
    for ours, theirs in zip(stack.buffers.values(), module.buffers(), strict=True):
        torch.testing.assert_close(ours[0], theirs)


@pytest.mark.parametrize(("norm", "place"), CASES)
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_outputs_losses_and_gradients(norm: str, place: str, mode: str) -> None:
    stack, (x, y) = moved(initial(network(norm, place), 3, SEEDS, bn=True)), data()
    output = forward(stack, x, mode).output  # type: ignore[arg-type]
    losses = network_losses(stack, x, y, mode)(stack.params)  # type: ignore[arg-type]
    gradients = [network_gradient(stack, x, y, mode)(stack.params)]  # type: ignore[arg-type]
    if mode == "train":
        gradients.append(loss_and_gradient(stack, x, y, Workspace())[1])
    for index in range(len(SEEDS)):
        module = one_of(stack, index).train(mode == "train")
        expected = module(x[index].T)[:, 0]
        torch.testing.assert_close(output[index], expected)
        loss = (expected - y[index]).square().mean()
        torch.testing.assert_close(losses[index], loss.detach(), rtol=1e-12, atol=0)
        loss.backward()
        for gradient in gradients:
            for ours, theirs in zip(gradient.values(), module.parameters(), strict=True):
                torch.testing.assert_close(ours[index], theirs.grad, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("norm", OVER_ROWS)
@pytest.mark.parametrize("torch_momentum", [0.3, None])
def test_running_statistics_through_a_training(norm: str, torch_momentum: float | None) -> None:
    """Through renorm's schedule, from BN to where both limits hold."""
    stack = initial(network(norm, torch_momentum=torch_momentum), 3, SEEDS, bn=True)
    stack = stack.cast(torch.float64)
    modules = [one_of(stack, index) for index in range(len(SEEDS))]
    assert {limits(stack.network, steps) for steps in (0, 2)} == {(1, 0)}
    assert limits(stack.network, 16) == (1.5, 0.5) != limits(stack.network, 9)
    for step in range(18):
        x = data(11)[0] * (1 + step) - step
        loss_gradient(stack, x, x[:, 0], "train", update=True)
        for index, module in enumerate(modules):
            module(x[index].T)
            for ours, theirs in zip(stack.buffers.values(), module.buffers(), strict=True):
                torch.testing.assert_close(ours[index], theirs)


@pytest.mark.parametrize(
    ("norm", "mode"),
    # Renorm's r and d are constants to its gradient in train mode, yet move with its parameters.
    [(n, mode) for n in NORMS for mode in ("train", "eval") if (n, mode) != ("renorm", "train")],
)
def test_products_with_the_hessian(norm: str, mode: str) -> None:
    """Against differences of the modules' gradients."""
    stack = moved(initial(network(norm, width=4), 3, SEEDS[:1], bn=True))
    x, y = (each[0] for each in data())
    problem = StackProblem(stack, x, y, mode)  # type: ignore[arg-type]
    generator = torch.Generator().manual_seed(1)
    vector = torch.randn(1, problem.size, generator=generator, dtype=torch.float64)

    def gradient(step: float) -> Tensor:
        module = one_of(stack, 0).train(mode == "train")
        at = problem.point[0] + step * vector[0]
        torch.nn.utils.vector_to_parameters(at, module.parameters())
        loss = (module(x.T)[:, 0] - y).square().mean()
        return torch.cat([g.flatten() for g in torch.autograd.grad(loss, module.parameters())])

    ours = problem.hessian(1)(vector)[0]
    slope = (gradient(1e-5) - gradient(-1e-5)) / 2e-5
    torch.testing.assert_close(ours, slope, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("norm", NORMS)
def test_one_row_is_enough_unless_statistics_are_over_rows(norm: str) -> None:
    stack, (x, y) = moved(initial(network(norm), 3, SEEDS, bn=True)), data(1)
    if norm in OVER_ROWS:
        with pytest.raises(ValueError, match="single"):
            loss_gradient(stack, x, y, "train")
    else:
        assert all(value.isfinite().all() for value in loss_gradient(stack, x, y, "train").values())


def test_every_setting_of_a_norm_matters() -> None:
    """And no other: what the page asks for."""
    x, y = data()
    changes = {"bn_position": "after", "eps": 0.5, "torch_momentum": 0.9, "ghost_size": 9}
    changes |= {"groups": 3, "renorm_r": 1.1, "renorm_d": 0.1, "renorm_warmup": 7, "dyt_alpha": 1.5}

    def trained(config: NetworkConfig) -> Tensor:
        stack = initial(config, 3, SEEDS, bn=True).cast(torch.float64)
        for _ in range(4):
            update = loss_gradient(stack, x, y, "train", update=True)
            stack = stack.with_params({n: v - 0.1 * update[n] for n, v in stack.params.items()})
        tensors = [*stack.params.values(), *stack.buffers.values()]
        return torch.cat([tensor.double().flatten() for tensor in tensors])

    for norm in NORMS:
        before = trained(network(norm))
        matter = [
            name
            for name, value in changes.items()
            if not torch.equal(trained(network(norm, **{name: value})), before)
        ]
        assert set(matter) == set(NORM_SETTINGS[norm]), norm


def test_renorm_looks_along_the_step_with_each_networks_own_statistics() -> None:
    """At more points than there are networks."""
    stack, (x, y) = moved(initial(network("renorm"), 3, SEEDS, bn=True)), data()
    sizes = torch.tensor([0.1, 0.2], dtype=torch.float64)
    together = along_stack(stack, x, y, sizes)
    for index in range(len(SEEDS)):
        one = slice(index, index + 1)
        alone = along_stack(stack.part(one), x[one], y[one], sizes)
        torch.testing.assert_close(together.losses[one], alone.losses)
