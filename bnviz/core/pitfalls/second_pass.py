"""A second forward pass over the same batch: BN remembers it twice.

With weight m for a new batch, two equal passes are one with weight 1 - (1 - m)^2, so the
running statistics average over fewer batches. Source: torch.nn.BatchNorm1d, which updates in
every forward pass in train mode; torch.utils.checkpoint, which repeats the forward pass.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from bnviz.core.pitfalls.configs import SecondPass
from bnviz.core.pitfalls.pitfall import Numbers, Result
from bnviz.core.verdict import Verdict


@contextmanager
def remembering_nothing(net: nn.Module) -> Iterator[None]:
    """BN normalizes with its batch as ever, but its running statistics stay as they are."""
    layers = [layer for layer in net.modules() if isinstance(layer, nn.BatchNorm1d)]
    before = [(layer.momentum, layer.get_buffer("num_batches_tracked").clone()) for layer in layers]
    for layer in layers:
        layer.momentum = 0.0  # the weight of the new batch
    try:
        yield
    finally:
        for layer, (momentum, count) in zip(layers, before, strict=True):
            layer.momentum = momentum
            layer.get_buffer("num_batches_tracked").copy_(count)


def second_pass(
    net: nn.Module, x: Tensor, why: str, again: Callable[[], AbstractContextManager[None]]
) -> None:
    """A loss's gradient by a method that needs another forward pass, which `again` goes around."""
    if why == "checkpoint":  # repeats the forward pass to save the memory of the activations
        y = checkpoint(
            net,
            x,
            use_reentrant=False,
            context_fn=lambda: (nullcontext(), again()),
            preserve_rng_state=False,  # nothing in this net is random: both only cost time
            determinism_check="none",
        )
        y.square().mean().backward()
        return
    net(x).square().mean().backward()  # sharpness-aware: a step uphill, and the gradient there
    with torch.no_grad():
        steps = [(p, 0.5 * p.grad / p.grad.norm()) for p in net.parameters() if p.grad is not None]
        for p, step in steps:
            p.add_(step)
    net.zero_grad()
    with again():
        net(x).square().mean().backward()
    with torch.no_grad():
        for p, step in steps:
            p.sub_(step)


@lru_cache(maxsize=2)
def passes(why: str) -> tuple[nn.Linear, list[Tensor], Tensor]:
    """A Linear, what it hands to BN in each of two passes over 100 batches, and BN's count.

    BN remembers each batch once here. What it hands on is the same however much it remembers,
    because in train mode it normalizes with the batch.
    """
    torch.manual_seed(0)
    first, bn, handed = nn.Linear(4, 16), nn.BatchNorm1d(16), []
    net = nn.Sequential(first, bn, nn.Linear(16, 1))
    bn.register_forward_pre_hook(lambda _, inputs: handed.append(inputs[0].detach()))
    for _ in range(100):
        second_pass(net, torch.randn(32, 4), why, lambda: remembering_nothing(net))
        net.zero_grad()
    return first, handed, bn.get_buffer("num_batches_tracked")


def remembered(momentum: float, why: str, fixed: bool) -> tuple[Tensor, Tensor]:
    """The running mean's distance from the true mean after each of 100 batches; passes counted."""
    first, handed, _ = passes(why)
    bn, means = nn.BatchNorm1d(16, momentum=momentum, affine=False), []
    for x, again in zip(handed[::2], handed[1::2], strict=True):
        bn(x)
        with remembering_nothing(bn) if fixed else nullcontext():
            bn(again)
        means.append(bn.get_buffer("running_mean").clone())
    away = (torch.stack(means) - first.bias) / first.weight.norm(dim=1)
    return away.square().mean(dim=1).sqrt(), bn.get_buffer("num_batches_tracked")


def experiment(momentum: float, why: str) -> Numbers:
    """The same 100 batches, each remembered by every pass, and once."""
    twice, counted = remembered(momentum, why, fixed=False)
    once, _ = remembered(momentum, why, fixed=True)
    return {
        "step": torch.arange(1, 101),
        "twice": twice,
        "once": once,
        "passes": counted,
        "batches": passes(why)[2],
    }


def judge(config: SecondPass, result: Result) -> Verdict[Literal["farther", "nearer", "alike"]]:
    """By the distance over the last 50 batches; alike within a tenth."""
    ends = {name: float((result[name][-50:] ** 2).mean() ** 0.5) for name in ("twice", "once")}
    values = ends | {"passes": result.last("passes"), "batches": result.last("batches")}
    values |= {"times": ends["twice"] / ends["once"], "momentum": config.momentum}
    values |= {"effective": 1 - (1 - config.momentum) ** 2}
    if abs(values["times"] - 1) <= 0.1:
        return Verdict("alike", values)
    return Verdict("farther" if values["times"] > 1 else "nearer", values)


FIX = (remembering_nothing,)
PARTS = (second_pass, passes, remembered)
SOURCES = (
    ("torch.utils.checkpoint", "https://pytorch.org/docs/stable/checkpoint.html"),
    ("davda54/sam, README", "https://github.com/davda54/sam"),
)
