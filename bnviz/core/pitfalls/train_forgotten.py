"""train() forgotten after the first validation: BN freezes with what it knew by then.

Source: torch.nn.Module.train; the thread cited below.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from bnviz.core.pitfalls.configs import TrainForgotten
from bnviz.core.pitfalls.pitfall import Numbers, Result, thread
from bnviz.core.verdict import Verdict


@contextmanager
def evaluating(net: nn.Module) -> Iterator[None]:
    """Eval mode for as long as the block lasts, then back to what it was."""
    was_training = net.training
    net.eval()
    try:
        yield
    finally:
        net.train(was_training)


@lru_cache(maxsize=64)
def train(step: int | None, learning_rate: float) -> tuple[Tensor, Tensor]:
    """Validation loss at each of 80 steps; BN's distance from the true mean at the end.

    train() is forgotten from `step` on, or never.
    """
    torch.manual_seed(0)
    first, bn = nn.Linear(4, 16), nn.BatchNorm1d(16)
    net = nn.Sequential(first, bn, nn.ReLU(), nn.Linear(16, 1))
    sgd = torch.optim.SGD(net.parameters(), lr=learning_rate)
    held_out = 5 * torch.randn(256, 4) + 5
    losses = []
    for t in range(1, 81):
        x = 5 * torch.randn(64, 4) + 5
        loss = functional.mse_loss(net(x), (x[:, :1] / 5).sin())
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        if step is None:
            with evaluating(net), torch.no_grad():
                validation = functional.mse_loss(net(held_out), (held_out[:, :1] / 5).sin())
        else:
            was_training = net.training and t < step
            with torch.no_grad():
                validation = functional.mse_loss(net.eval()(held_out), (held_out[:, :1] / 5).sin())
            net.train(was_training)
        losses.append(validation)
    seen = first(held_out).detach()
    drift = (seen.mean(dim=0) - bn.running_mean) / seen.std(dim=0)
    return torch.stack(losses), drift.abs().mean()


def experiment(step: int, learning_rate: float) -> Numbers:
    """The same training, train() forgotten from `step` on, and not forgotten."""
    forgotten, drift = train(step, learning_rate)
    right, drift_right = train(None, learning_rate)
    return {
        "step": torch.arange(1, 81),
        "forgotten": forgotten,
        "right": right,
        "drift": drift,
        "drift_right": drift_right,
    }


def judge(
    config: TrainForgotten, result: Result
) -> Verdict[Literal["diverged", "worse", "better", "same"]]:
    """By the mean validation loss over the last 20 steps."""
    ends = {name: float(result[name][-20:].mean()) for name in ("forgotten", "right")}
    values = ends | {"drift": result.last("drift"), "drift_right": result.last("drift_right")}
    values |= {"step": config.step, "times": ends["forgotten"] / ends["right"]}
    if not ends["forgotten"] < 1e6:
        return Verdict("diverged", values)
    if values["times"] > 1.1:
        return Verdict("worse", values)
    return Verdict("better" if values["times"] < 0.9 else "same", values)


FIX = (evaluating,)
PARTS = (train,)
SOURCES = (
    thread("fartashf/vsepp", 4),
    thread("wkentaro/pytorch-fcn", 56, "pull"),
)
