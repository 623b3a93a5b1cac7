"""track_running_stats switched off on a finished layer: no freeze, but a memory that stops.

In train mode BN then normalizes with the batch and remembers nothing; in eval mode it still
uses its running statistics, because the buffers are there. Source: torch.nn.modules.batchnorm,
``_BatchNorm.forward``: eval mode uses the batch only where running_mean and running_var are None.
"""

from copy import deepcopy
from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor, nn
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


def step(net: nn.Module, adam: torch.optim.Adam, shift: float) -> None:
    """One step on 64 rows, whose mean has moved by `shift`."""
    x = torch.randn(64, 4) + shift
    loss = functional.mse_loss(net(x), (x[:, :1] - shift).sin())
    adam.zero_grad()
    loss.backward()
    adam.step()


@lru_cache(maxsize=1)
def trained() -> tuple[nn.Sequential, torch.optim.Adam]:
    """A net after 60 steps on the old data, and its optimizer."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 1))
    adam = torch.optim.Adam(net.parameters(), lr=0.01, fused=True)
    for _ in range(60):
        step(net, adam, 0.0)
    return net, adam


def fine_tune(shift: float, learning_rate: float, how: str) -> Tensor:
    """Validation loss in eval mode at each of 40 steps on new data, whose mean has moved."""
    net, adam = deepcopy(trained())
    adam.param_groups[0]["lr"] = learning_rate
    torch.manual_seed(1)
    held_out, losses = torch.randn(512, 4) + shift, []
    target = (held_out[:, :1] - shift).sin()
    if how == "switched_off":
        switch_off(net)
    for _ in range(40):
        net.train()
        if how == "frozen":
            freeze(net)
        step(net, adam, shift)
        with torch.no_grad():
            losses.append(functional.mse_loss(net.eval()(held_out), target))
    return torch.stack(losses)


def experiment(shift: float, learning_rate: float) -> Numbers:
    """The same fine-tuning with tracking switched off, with BN frozen, and with BN as ever."""
    ways = ("switched_off", "frozen", "as_ever")
    losses: Numbers = {how: fine_tune(shift, learning_rate, how) for how in ways}
    return {"step": torch.arange(1, 41)} | losses


def judge(config: TrackingOff, result: Result) -> Verdict[Literal["worse", "same", "better"]]:
    """By the mean validation loss over the last 20 steps, beside the frozen net."""
    names = ("switched_off", "frozen", "as_ever")
    values = {name: float(result[name][-20:].mean()) for name in names}
    values |= {"times": values["switched_off"] / values["frozen"], "shift": config.shift}
    if values["times"] > 1.1:
        return Verdict("worse", values)
    return Verdict("better" if values["times"] < 0.9 else "same", values)


FIX = (freeze,)
PARTS = (switch_off, step, trained, fine_tune)
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
