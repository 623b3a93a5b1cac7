"""Stacked networks against ordinary torch modules."""

import itertools

import pytest
import torch
from torch import nn

from bnviz.core.configs import NetworkConfig
from bnviz.core.nets.gradients import (
    gradient_of,
    loss_gradient,
    network_gradient,
    network_losses,
    objective_of,
)
from bnviz.core.nets.initial import initial
from bnviz.core.nets.stack import folded, forward
from tests.core.torch_nets import lived_in, module_of, one_of

SHAPES = [
    NetworkConfig(depth=depth, width=6, activation=activation, bn_position=position, eps=1e-3)
    for depth, activation, position in itertools.product(
        (1, 3), ("relu", "tanh"), ("before", "after")
    )
]
SEEDS = (3, 0, 2**32 + 5)


@pytest.fixture(autouse=True)
def fixed_random_numbers() -> None:
    torch.manual_seed(0)


def rows(count: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(7)
    x = torch.randn(count, 3, generator=generator, dtype=torch.float64) * 2 + 1
    return x, torch.randn(count, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("bn", [True, False])
def test_initial_weights_are_those_of_linear_layers(bn: bool) -> None:
    network = NetworkConfig(depth=3, width=5)
    stack = initial(network, 4, SEEDS, bn=bn)
    for index, seed in enumerate(SEEDS):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            module = module_of(network, 4, bn=bn)
        for ours, theirs in zip(stack.params.values(), module.parameters(), strict=True):
            assert torch.equal(ours[index], theirs.detach())
        for ours, theirs in zip(stack.buffers.values(), module.buffers(), strict=True):
            assert torch.equal(ours[index], theirs)


def test_both_nets_begin_with_the_same_weights() -> None:
    network = NetworkConfig(depth=2, width=5)
    bn, plain = (initial(network, 4, SEEDS, bn=has) for has in (True, False))
    assert all(torch.equal(bn.params[name], value) for name, value in plain.params.items())


@pytest.mark.parametrize("network", SHAPES, ids=str)
@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("bn", [True, False])
def test_output_and_entering_activations(network: NetworkConfig, mode: str, bn: bool) -> None:
    stack, (x, _) = lived_in(initial(network, 3, SEEDS, bn=bn)), rows()
    passed = forward(stack, x.T, mode)  # type: ignore[arg-type]
    for index in range(len(SEEDS)):
        module = one_of(stack, index).train(mode == "train")
        seen: list[torch.Tensor] = []
        for layer in module:
            if isinstance(layer, nn.ReLU | nn.Tanh):
                layer.register_forward_pre_hook(lambda _, inputs, seen=seen: seen.append(inputs[0]))
        torch.testing.assert_close(passed.output[index], module(x)[:, 0])
        for ours, theirs in zip(passed.entering, seen, strict=True):
            torch.testing.assert_close(ours[index].T, theirs)


@pytest.mark.parametrize("network", SHAPES, ids=str)
def test_networks_may_have_rows_of_their_own(network: NetworkConfig) -> None:
    stack = lived_in(initial(network, 3, SEEDS, bn=True))
    x = torch.randn(len(SEEDS), 3, 9, dtype=torch.float64)
    together = forward(stack, x, "train").output
    for index in range(len(SEEDS)):
        torch.testing.assert_close(together[index], one_of(stack, index)(x[index].T)[:, 0])


@pytest.mark.parametrize("torch_momentum", [0.1, 1.0, None])
@pytest.mark.parametrize("position", ["before", "after"])
@pytest.mark.parametrize("way", ["forward", "gradient"])
def test_running_statistics_move_as_in_torch(
    torch_momentum: float | None, position: str, way: str
) -> None:
    network = NetworkConfig(
        depth=2,
        width=5,
        torch_momentum=torch_momentum,
        bn_position=position,  # type: ignore[arg-type]
    )
    stack = initial(network, 3, SEEDS, bn=True).cast(torch.float64)
    modules = [one_of(stack, index) for index in range(len(SEEDS))]
    for _ in range(4):
        x = torch.randn(len(SEEDS), 3, 8, dtype=torch.float64)
        if way == "forward":
            forward(stack, x, "train", update=True)
        else:
            loss_gradient(stack, x, x[:, 0], "train", update=True)
        for index, module in enumerate(modules):
            module(x[index].T)
            for ours, theirs in zip(stack.buffers.values(), module.buffers(), strict=True):
                torch.testing.assert_close(ours[index], theirs)


def test_running_statistics_rest_unless_asked() -> None:
    stack = initial(NetworkConfig(), 3, SEEDS, bn=True)
    before = {name: value.clone() for name, value in stack.buffers.items()}
    forward(stack, torch.randn(3, 8), "train")
    forward(stack, torch.randn(3, 8), "eval")
    loss_gradient(stack, torch.randn(3, 8), torch.randn(8), "train")
    loss_gradient(stack, torch.randn(3, 8), torch.randn(8), "eval")
    assert all(torch.equal(before[name], value) for name, value in stack.buffers.items())


def test_a_single_row_is_refused_in_train_mode_as_torch_does() -> None:
    stack = initial(NetworkConfig(), 3, SEEDS, bn=True)
    with pytest.raises(ValueError, match="more than one row"):
        forward(stack, torch.randn(3, 1), "train")
    with pytest.raises(ValueError, match="more than one row"):
        loss_gradient(stack, torch.randn(3, 1), torch.randn(1), "train")
    assert forward(stack, torch.randn(3, 1), "eval").output.shape == (3, 1)


def test_folding_leaves_plain_nets_alone_and_drops_bn() -> None:
    plain = initial(NetworkConfig(), 3, SEEDS, bn=False)
    assert folded(plain) is plain
    assert folded(initial(NetworkConfig(), 3, SEEDS, bn=True)).params.keys() == plain.params.keys()


@pytest.mark.parametrize("network", SHAPES, ids=str)
@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("bn", [True, False])
def test_gradients_are_those_of_single_modules(network: NetworkConfig, mode: str, bn: bool) -> None:
    stack, (x, y) = lived_in(initial(network, 3, SEEDS, bn=bn)), rows()
    ways = [
        network_gradient(stack, x.T, y, mode),  # type: ignore[arg-type]
        gradient_of(objective_of(stack, x.T, y, mode)),  # type: ignore[arg-type]
    ]
    for gradients in [way(stack.params) for way in ways for _ in range(2)]:
        for index in range(len(SEEDS)):
            module = one_of(stack, index).train(mode == "train")
            (module(x)[:, 0] - y).square().mean().backward()
            for ours, theirs in zip(gradients.values(), module.parameters(), strict=True):
                torch.testing.assert_close(ours[index], theirs.grad, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("network", SHAPES, ids=str)
@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("bn", [True, False])
def test_losses_are_those_of_single_modules(network: NetworkConfig, mode: str, bn: bool) -> None:
    stack, (x, y) = lived_in(initial(network, 3, SEEDS, bn=bn)), rows()
    losses = network_losses(stack, x.T, y, mode)  # type: ignore[arg-type]
    for together in (losses(stack.params), losses(stack.params)):
        for index in range(len(SEEDS)):
            module = one_of(stack, index).train(mode == "train")
            expected = (module(x)[:, 0] - y).square().mean().detach()
            torch.testing.assert_close(together[index], expected, rtol=1e-12, atol=0)


def test_losses_of_a_single_row_are_refused_in_train_mode() -> None:
    stack = initial(NetworkConfig(), 3, [0], bn=True)
    with pytest.raises(ValueError, match="single"):
        network_losses(stack, torch.randn(3, 1), torch.randn(1), "train")(stack.params)


def test_gradients_for_a_smaller_chunk_after_a_larger_one() -> None:
    stack, (x, y) = lived_in(initial(NetworkConfig(width=6), 3, SEEDS, bn=False)), rows()
    gradient = network_gradient(stack, x.T, y, "eval")
    whole = {name: value.clone() for name, value in gradient(stack.params).items()}
    part = gradient(stack.part(slice(1, 2)).params)
    for name, value in part.items():
        torch.testing.assert_close(value, whole[name][1:2])
