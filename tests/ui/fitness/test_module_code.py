"""The code of a net that the page shows, run, computes what the stack does."""

from itertools import product
from typing import get_args

import pytest
import torch

from bnviz.core.configs import NetworkConfig
from bnviz.core.nets.initial import initial
from bnviz.core.nets.norms.names import Norm
from bnviz.core.nets.stack import forward
from bnviz.ui.fitness.module_code import as_module
from tests.core.torch_nets import lived_in


@pytest.mark.parametrize(("norm", "place"), [*product(get_args(Norm), ("before", "after"))])
def test_the_shown_module_is_the_first_net(norm: Norm, place: str) -> None:
    network = NetworkConfig.model_validate(
        {"norm": norm, "bn_position": place, "depth": 2, "width": 6, "groups": 2, "ghost_size": 4}
        | {"renorm_warmup": 2, "torch_momentum": 0.3, "eps": 1e-3, "dyt_alpha": 0.7}
    )
    made: dict[str, torch.nn.Module] = {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        exec(as_module(network, 5), made)
    net, stack = made["net"], initial(network, 5, [3], bn=True)
    for ours, theirs in zip(stack.params.values(), net.parameters(), strict=True):
        torch.testing.assert_close(ours[0], theirs.detach())
    stack = lived_in(stack)
    net.double()
    for ours, theirs in zip(stack.params.values(), net.parameters(), strict=True):
        theirs.data.copy_(ours[0])
    for ours, theirs in zip(stack.buffers.values(), net.buffers(), strict=True):
        theirs.copy_(ours[0])
    generator = torch.Generator().manual_seed(1)
    for step in range(12):
        x = torch.randn(5, 11, generator=generator, dtype=torch.float64) + step
        output = forward(stack, x, "train", update=True).output[0]
        torch.testing.assert_close(net(x.T)[:, 0], output)
    torch.testing.assert_close(net.eval()(x.T)[:, 0], forward(stack, x, "eval").output[0])
