"""track_running_stats switched off on a finished layer: no freeze, but a memory that stops.

In train mode BN then normalizes with the batch and remembers nothing; in eval mode it still
uses its running statistics, because the buffers are there. Source: torch.nn.modules.batchnorm,
``_BatchNorm.forward``: eval mode uses the batch only where running_mean and running_var are None.
"""

from copy import deepcopy
from functools import lru_cache
from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from bnviz.core.pitfalls.configs import TrackingOff
from bnviz.core.pitfalls.pitfall import Numbers, Result
from bnviz.core.verdict import Verdict


def freeze(net: nn.Module) -> None:
    """Every BN layer in eval mode, whatever the net's mode; call it after each net.train()."""
    for layer in net.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.eval()


def switch_off(net: nn.Module) -> None:
    """What is meant to freeze every BN layer."""
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm1d):
            layer.track_running_stats = False


def step(nets: nn.ModuleDict, adam: torch.optim.Adam, shift: float) -> None:
    """One step of each net on the same 64 rows, whose mean has moved by `shift`."""
    x = torch.randn(64, 4) + shift
    target = (x[:, :1] - shift).sin()
    losses = torch.stack([functional.mse_loss(net(x), target) for net in nets.values()])
    adam.zero_grad()
    losses.sum().backward()
    adam.step()


@lru_cache(maxsize=1)
def trained() -> tuple[nn.ModuleDict, torch.optim.Adam]:
    """Three equal nets after 60 steps on the old data, and their optimizer."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 1))
    nets = nn.ModuleDict({how: deepcopy(net) for how in ("switched_off", "frozen", "as_ever")})
    adam = torch.optim.Adam(nets.parameters(), lr=0.01, fused=True)
    for _ in range(60):
        step(nets, adam, 0.0)
    return nets, adam


def experiment(shift: float, learning_rate: float) -> Numbers:
    """Validation loss in eval mode at each of 40 steps on new data, whose mean has moved.

    With tracking switched off, with BN frozen, and with BN as ever.
    """
    nets, adam = deepcopy(trained())
    adam.param_groups[0]["lr"] = learning_rate
    switch_off(nets["switched_off"])
    torch.manual_seed(1)
    held_out, losses = torch.randn(512, 4) + shift, []
    target = (held_out[:, :1] - shift).sin()
    for _ in range(40):
        nets.train()
        freeze(nets["frozen"])
        step(nets, adam, shift)
        nets.eval()
        with torch.no_grad():
            loss = [functional.mse_loss(net(held_out), target) for net in nets.values()]
        losses.append(torch.stack(loss))
    each = dict(zip(nets, torch.stack(losses, dim=1), strict=True))
    return {"step": torch.arange(1, 41)} | each


def judge(config: TrackingOff, result: Result) -> Verdict[Literal["worse", "same", "better"]]:
    """By the mean validation loss over the last 20 steps, beside the frozen net."""
    names = ("switched_off", "frozen", "as_ever")
    values = {name: float(result[name][-20:].mean()) for name in names}
    values |= {"times": values["switched_off"] / values["frozen"], "shift": config.shift}
    if values["times"] > 1.1:
        return Verdict("worse", values)
    return Verdict("better" if values["times"] < 0.9 else "same", values)


FIX = (freeze,)
PARTS = (switch_off, step, trained)
SOURCES = (
    (
        "Lightning-AI/pytorch-lightning, BaseFinetuning.freeze",
        "https://lightning.ai/docs/pytorch/stable/api/lightning.pytorch.callbacks.BaseFinetuning.html",
    ),
    (
        "torch.nn.BatchNorm1d, track_running_stats",
        "https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html",
    ),
)
