"""Optimizers on a stack's matrix against torch.optim on single networks."""

import pytest
import torch

from bnviz.core.configs import OptimizerConfig
from bnviz.core.nets.optimizers import optimizer

CONFIGS = [
    OptimizerConfig(kind="sgd", learning_rate=0.3),
    OptimizerConfig(kind="momentum", learning_rate=0.1, heavy_ball=0.8),
    OptimizerConfig(kind="momentum", learning_rate=0.1, heavy_ball=0.0),
    OptimizerConfig(kind="adam", learning_rate=0.02),
]


def torchs(config: OptimizerConfig, parameters: list[torch.Tensor]) -> torch.optim.Optimizer:
    if config.kind == "adam":
        return torch.optim.Adam(parameters, lr=config.learning_rate)
    heavy_ball = config.heavy_ball if config.kind == "momentum" else 0.0
    return torch.optim.SGD(parameters, lr=config.learning_rate, momentum=heavy_ball)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_a_stack_moves_as_single_networks_do(config: OptimizerConfig) -> None:
    generator = torch.Generator().manual_seed(1)
    together = torch.randn(5, 33, generator=generator)
    single = [row.clone().requires_grad_() for row in together]
    step, theirs = optimizer(config, together), torchs(config, single)  # type: ignore[arg-type]
    for _ in range(30):
        gradient = torch.randn(together.shape, generator=generator)
        for row, own in zip(single, gradient, strict=True):
            row.grad = own.clone()
        step(gradient)
        theirs.step()
    torch.testing.assert_close(together, torch.stack(single).detach(), rtol=1e-6, atol=1e-6)


def test_a_network_without_numbers_leaves_the_others_alone() -> None:
    for config in CONFIGS:
        gradient = torch.randn(3, 20, generator=torch.Generator().manual_seed(2))
        well, ill = torch.ones(3, 20), torch.ones(3, 20)
        ill[1] = torch.nan
        for parameters in (well, ill):
            step = optimizer(config, parameters)
            step(gradient.clone())
            step(gradient.clone())
        assert torch.equal(well[::2], ill[::2])
        assert ill[1].isnan().all()
