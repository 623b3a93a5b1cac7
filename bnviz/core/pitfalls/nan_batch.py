"""One NaN in one batch: the optimizer's guard skips the step, but BN has already remembered it.

Source: torch.nn.BatchNorm1d: running = (1 - momentum) running + momentum batch, in the
forward pass; NaN times anything is NaN.
"""

from copy import deepcopy
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from bnviz.core.pitfalls.configs import NanBatch
from bnviz.core.pitfalls.pitfall import Numbers, Result, thread
from bnviz.core.verdict import Verdict


def remember_finite(net: nn.Module) -> None:
    """Let each BN layer remember only what is finite, and of finite variance, inside the net.

    A look at the batch before the net is too early: under AMP, numbers that are finite in the
    batch overflow in float16 on their way.
    """

    def before(bn: Any, inputs: tuple[Tensor, ...]) -> None:
        squares = inputs[0].float().square().mean()  # of 1e25, too, the variance is infinite
        bn.track_running_stats = bool(squares.isfinite())

    def after(bn: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        bn.track_running_stats = True

    for layer in net.modules():
        bn = isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d)
        if bn and layer.track_running_stats:
            layer.register_forward_pre_hook(before)
            layer.register_forward_hook(after)


def poisoned(net: nn.Module) -> list[str]:
    """Names of buffers that hold NaN or infinity. Empty is healthy; check before saving."""
    return [name for name, b in net.named_buffers() if not b.isfinite().all()]


def experiment(value: str, step: int) -> Numbers:
    """Training and validation loss at each of 60 steps, and the poisoned buffers.

    Two equal nets learn side by side: one with the usual guard behind the forward pass, one with
    a guard at each BN too.
    """
    number = {"nan": float("nan"), "inf": float("inf"), "amp": 1e6, "outlier": 300.0}[value]
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 1))
    nets = nn.ModuleList([net, deepcopy(net)])
    remember_finite(nets[1])
    adam = torch.optim.Adam(nets.parameters(), lr=0.01, fused=True)
    held_out = torch.randn(512, 4)
    answer = held_out[:, :1].sin()
    training, validation = [], []
    for t, x in enumerate(torch.randn(60, 64, 4), start=1):
        target = x[:, :1].sin()
        if t == step:
            x[0, 0] = number
        nets.train()
        with torch.autocast("cpu", torch.float16, enabled=value == "amp"):
            outputs = [each(x) for each in nets]
        loss = torch.stack([functional.mse_loss(y.float(), target) for y in outputs])
        adam.zero_grad()
        if loss.isfinite().all():  # the usual guard: it protects the weights
            loss.sum().backward()
            adam.step()
        training.append(loss[0].detach())
        nets.eval()
        with torch.no_grad():
            validation.append([functional.mse_loss(each(held_out), answer) for each in nets])
    without, with_guard = torch.tensor(validation).T
    return {
        "step": torch.arange(1, 61),
        "training": torch.stack(training),
        "validation": without,
        "fixed": with_guard,
        "poisoned": ", ".join(poisoned(net)),
    }


Key = Literal["poisoned", "poisoned_last", "recovers", "suffers"]


def judge(config: NanBatch, result: Result) -> Verdict[Key]:
    """Poisoned for good, recovering, or already recovered at the end."""
    training, validation = result["training"], result["validation"]
    bad = ~(validation < 1e300)  # NaN is not
    values: dict[str, float | tuple[str, ...]] = {
        "step": config.step,
        "training": float(training[-1]),
        "fixed": result.last("fixed"),
        "buffers": tuple(result.said["poisoned"].split(", ")),
        "left": len(training) - config.step,
        "steps": int(bad[config.step - 1 :].sum()),
        "validation": float(validation[-1]),
        "worst": float(validation[config.step - 1 :].max()),
    }
    if bad[-1]:
        last = config.step == len(training)
        return Verdict("poisoned_last" if last else "poisoned", values)
    before = float(validation[config.step - 2])
    late = (validation[config.step - 1 :] > 1.1 * before).nonzero()[0]
    values |= {"before": before, "late": int(late[-1]) + 1 if len(late) else 0}
    return Verdict("recovers" if validation[-1] <= 1.1 * before else "suffers", values)


FIX = (remember_finite, poisoned)
SOURCES = (
    thread("pytorch/pytorch", 1206),
    thread("facebookresearch/SparseConvNet", 190),
)
