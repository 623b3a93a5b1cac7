"""The loss on lines and planes."""

import torch
from torch import nn

from bnviz.core.landscape import filter_normalized, filter_norms
from bnviz.core.vectors import Tensors


def stacked(module: nn.Module) -> Tensors:
    return {name: value.detach()[None] for name, value in module.named_parameters()}


def test_filter_norms_of_a_linear_layer_by_hand() -> None:
    params = {
        "weight": torch.tensor([[[3.0, 4.0], [0.0, 2.0]]]),
        "bias": torch.tensor([[7.0, 8.0]]),
        "gain": torch.tensor([9.0]),
    }
    assert filter_norms(params).tolist() == [[5.0, 5.0, 2.0, 2.0, 0.0, 0.0, 0.0]]


def test_a_filter_of_a_convolution_is_one_output_channel() -> None:
    params = {"weight": torch.stack([torch.full((2, 3, 3), 1.0), torch.full((2, 3, 3), 2.0)])[None]}
    norms = filter_norms(params)
    assert norms.shape == (1, 36)
    torch.testing.assert_close(norms[0, :18], torch.full((18,), 18**0.5))
    torch.testing.assert_close(norms[0, 18:], torch.full((18,), 72**0.5))


def test_a_stack_has_the_norms_of_each_network() -> None:
    params = {"weight": torch.tensor([[[3.0, 4.0]], [[6.0, 8.0]]])}
    assert filter_norms(params).tolist() == [[5.0, 5.0], [10.0, 10.0]]


def test_every_filter_of_a_direction_is_as_long_as_the_nets() -> None:
    net = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(3, 2))
    params = stacked(net)
    sizes = [value[0].numel() for value in params.values()]
    drawn = torch.randn(5, sum(sizes), generator=torch.Generator().manual_seed(0))
    found = filter_normalized(params, drawn)
    conv, conv_bias, gamma, beta, linear, bias = torch.split(found, sizes, dim=1)
    assert not torch.cat([conv_bias, gamma, beta, bias], dim=1).any()
    for index, direction in enumerate(conv.view(5, 3, 18)):
        torch.testing.assert_close(direction.norm(dim=1), net[0].weight.flatten(1).norm(dim=1))
        along = torch.nn.functional.cosine_similarity(
            direction, drawn[index, :54].view(3, 18), dim=1
        )
        torch.testing.assert_close(along, torch.ones(3))
    for direction in linear.view(5, 2, 3):
        torch.testing.assert_close(direction.norm(dim=1), net[3].weight.norm(dim=1))


def test_a_direction_without_a_filter_stays_without_it() -> None:
    params = {"weight": torch.ones(1, 2, 2)}
    found = filter_normalized(params, torch.tensor([[0.0, 0.0, 1.0, 0.0]]))
    torch.testing.assert_close(found, torch.tensor([[0.0, 0.0, 2.0**0.5, 0.0]]))
