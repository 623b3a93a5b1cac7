"""track_running_stats switched off on a finished layer: no freeze, but a memory that stops.

In train mode BN then normalizes with the batch and remembers nothing; in eval mode it still
uses its running statistics, because the buffers are there. Source: torch.nn.modules.batchnorm,
``_BatchNorm.forward``: eval mode uses the batch only where running_mean and running_var are None.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from bnviz.core.pitfalls.configs import TrackingOff
from bnviz.core.pitfalls.pitfall import Entry, Numbers, Result, Source
from bnviz.core.verdict import Verdict


def freeze(net: nn.Module) -> None:
    """Every BN layer in eval mode, whatever the net's mode; call it after each net.train()."""
    for layer in net.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.eval()


def fine_tune(shift: float, learning_rate: float, how: str) -> Tensor:
    """Validation loss in eval mode at each of 60 steps on new data, whose mean has moved."""
    torch.manual_seed(0)
    bn = nn.BatchNorm1d(16)
    net = nn.Sequential(nn.Linear(4, 16), bn, nn.ReLU(), nn.Linear(16, 1))
    adam = torch.optim.Adam(net.parameters(), lr=0.01, fused=True)
    held_out, losses = torch.randn(512, 4) + shift, []
    for t in range(120):
        new = t >= 60
        if t == 60:
            adam.param_groups[0]["lr"] = learning_rate
        net.train()
        if new and how == "switched_off":
            bn.track_running_stats = False
        if new and how == "frozen":
            freeze(net)
        x = torch.randn(64, 4) + shift * new
        loss = functional.mse_loss(net(x), (x[:, :1] - shift * new).sin())
        adam.zero_grad()
        loss.backward()
        adam.step()
        if new:
            with torch.no_grad():
                target = (held_out[:, :1] - shift).sin()
                losses.append(functional.mse_loss(net.eval()(held_out), target))
    return torch.stack(losses)


def experiment(shift: float, learning_rate: float) -> Numbers:
    """The same fine-tuning with tracking switched off, with BN frozen, and with BN as ever."""
    return {
        "step": torch.arange(1, 61),
        "switched_off": fine_tune(shift, learning_rate, "switched_off"),
        "frozen": fine_tune(shift, learning_rate, "frozen"),
        "as_ever": fine_tune(shift, learning_rate, "as_ever"),
    }


def judge(config: TrackingOff, result: Result) -> Verdict[Literal["worse", "same", "better"]]:
    """By the mean validation loss over the last 20 steps, beside the frozen net."""
    names = ("switched_off", "frozen", "as_ever")
    values = {name: float(result[name][-20:].mean()) for name in names}
    values |= {"times": values["switched_off"] / values["frozen"], "shift": config.shift}
    if values["times"] > 1.1:
        return Verdict("worse", values)
    return Verdict("better" if values["times"] < 0.9 else "same", values)


ENTRY = Entry(
    experiment,
    (freeze,),
    judge,
    (
        Source(
            "Lightning-AI/pytorch-lightning, BaseFinetuning.freeze",
            "https://lightning.ai/docs/pytorch/stable/api/lightning.pytorch.callbacks.BaseFinetuning.html",
        ),
        Source(
            "torch.nn.BatchNorm1d, track_running_stats",
            "https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html",
        ),
    ),
    (fine_tune,),
)
