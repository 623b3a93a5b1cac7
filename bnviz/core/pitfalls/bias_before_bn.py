"""A bias before BN gets no gradient: BN subtracts the batch's mean, and the bias with it.

Source: Ioffe and Szegedy (2015), section 3.2: "the bias b can be ignored".
"""

from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from bnviz.core.pitfalls.configs import BiasBeforeBn
from bnviz.core.pitfalls.pitfall import Numbers, Result, paper, thread
from bnviz.core.verdict import Verdict


def without_bias(inputs: int, units: int) -> nn.Sequential:
    """BN's beta is the bias: the Linear (or Conv) before it needs none."""
    return nn.Sequential(nn.Linear(inputs, units, bias=False), nn.BatchNorm1d(units))


def experiment(mode: str, batch_size: int) -> Numbers:
    """Gradients of the bias of each of 8 units, with BN behind it and without."""
    torch.manual_seed(0)
    x, target = torch.randn(batch_size, 8), torch.randn(batch_size, 1)
    linear, head = nn.Linear(8, 8), nn.Linear(8, 1)
    numbers: Numbers = {"unit": torch.arange(1, 9)}
    for name, layer in (("bn", nn.BatchNorm1d(8)), ("plain", nn.Identity())):
        net = nn.Sequential(linear, layer, nn.Tanh(), head).train(mode == "train")
        loss = functional.mse_loss(net(x), target)
        weight, bias = torch.autograd.grad(loss, [linear.weight, linear.bias])
        numbers[f"bias_{name}"] = bias.abs()
        numbers[f"weight_{name}"] = weight.abs().amax(dim=1)
    before, after = nn.Sequential(linear, nn.BatchNorm1d(8)), without_bias(8, 8)
    after[0].load_state_dict({"weight": linear.weight})
    before.train(mode == "train"), after.train(mode == "train")
    numbers["difference"] = (before(x) - after(x)).abs().max()
    return numbers


def judge(config: BiasBeforeBn, result: Result) -> Verdict[Literal["dead", "alive"]]:
    """Dead when the bias's gradient is rounding beside the weight's."""
    share = float(result["bias_bn"].max() / result["weight_bn"].max())
    values = {
        "bias": float(result["bias_bn"].max()),
        "weight": float(result["weight_bn"].max()),
        "plain": float(result["bias_plain"].max()),
        "difference": result.last("difference"),
    }
    return Verdict("dead" if share < 1e-4 else "alive", values)


FIX = (without_bias,)
SOURCES = (
    paper("Ioffe and Szegedy 2015, section 3.2", "1502.03167"),
    (
        "PyTorch tuning guide: disable bias for convolutions followed by a batch norm",
        "https://pytorch.org/tutorials/recipes/recipes/tuning_guide.html",
    ),
    thread("yjxiong/caffe", 98),
)
