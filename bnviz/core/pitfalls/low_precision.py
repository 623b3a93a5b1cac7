"""Running statistics in 16 bits: float16 overflows at 65,504, bfloat16 stops moving early.

Source: PyTorch's documentation of automatic mixed precision, which keeps batch_norm's
statistics in float32.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from bnviz.core.pitfalls.configs import LowPrecision
from bnviz.core.pitfalls.pitfall import Numbers, Result, thread
from bnviz.core.verdict import Verdict


def keep_statistics_in_float32(net: nn.Module) -> nn.Module:
    """After net.half() or net.bfloat16(): BN takes 16-bit inputs, its own numbers keep 32 bits."""
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
            layer.float()
    return net


def remember(layer: nn.Module, batches: Tensor, held_out: Tensor) -> Tensor:
    """Let BN see the batches in train mode; its output in eval mode."""
    for batch in batches:
        layer.train()(batch)
    y: Tensor = layer.eval()(held_out)
    return y.detach().double()


def experiment(dtype: str, spread: float) -> Numbers:
    """Error in eval mode over the spread of the features: all in 16 bits, and mixed."""
    torch.manual_seed(0)
    kind = torch.float16 if dtype == "float16" else torch.bfloat16
    grid = [float(f"{d}e{k}") for k in range(-4, 4) for d in (1, 2, 5)]
    spreads = torch.tensor(sorted({*grid, 1e4, spread}))
    batches = (torch.randn(100, 128, 1) + 1) * spreads
    held_out = (torch.randn(128, 1) + 1) * spreads
    features = len(spreads)
    layers = {
        "exact": nn.BatchNorm1d(features, momentum=0.05).double(),
        "low": nn.BatchNorm1d(features, momentum=0.05).to(kind),
        "mixed": nn.BatchNorm1d(features, momentum=0.05).to(kind),
    }
    keep_statistics_in_float32(layers["mixed"])
    exact = remember(layers["exact"], batches.to(kind).double(), held_out.to(kind).double())
    numbers: Numbers = {"spread": spreads}
    for name in ("low", "mixed"):
        y = remember(layers[name], batches.to(kind), held_out.to(kind))
        numbers[name] = (y - exact).square().mean(dim=0).sqrt()
    for name, layer in layers.items():
        numbers[f"variance_{name}"] = layer.get_buffer("running_var")
    return numbers


def judge(config: LowPrecision, result: Result) -> Verdict[Literal["overflow", "worse", "fine"]]:
    """Overflowed, wrong by more than rounding, or as good as mixed."""
    here = int(abs(result["spread"] / config.spread - 1).argmin())
    values = {name: float(result[name][here]) for name in result.numbers}
    if not values["variance_low"] < 1e300:
        return Verdict("overflow", values)
    return Verdict("worse" if values["low"] > 2 * values["mixed"] else "fine", values)


FIX = (keep_statistics_in_float32,)
PARTS = (remember,)
SOURCES = (
    (
        "PyTorch, automatic mixed precision: ops that autocast to float32",
        "https://pytorch.org/docs/stable/amp.html",
    ),
    thread("apple/coreai-torch", 54, "pull"),
    thread("pytorch/pytorch", 126525, "pull"),
    thread("fastai/fastai", 507),
)
