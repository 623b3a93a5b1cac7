"""BN folded into the Linear before or after it, and why (N, L, C) inputs fold wrongly.

Source: Jacob et al. (2018), section 3.2; torch.nn.utils.fusion. A Linear works on the last
axis, BatchNorm1d on axis 1: only for (N, C) are they the same.
"""

from copy import deepcopy
from typing import Any, Literal

import torch
from torch import Tensor, nn

from bnviz.core.pitfalls.configs import Folding
from bnviz.core.pitfalls.pitfall import Numbers, Result, paper, thread
from bnviz.core.verdict import Verdict


@torch.no_grad()
def fold(layer: Any, bn: Any, bn_first: bool = False) -> Any:
    """A Linear, Conv or ConvTranspose that does its own work and BN's, both in eval mode.

    With or without a bias, affine parameters and groups. BN that comes first folds into a
    Linear or a Conv without padding: at padded edges its shift is missing.
    """
    mean, variance = bn.get_buffer("running_mean"), bn.get_buffer("running_var")
    scale = torch.rsqrt(variance + bn.eps)
    if bn.weight is not None:
        scale = scale * bn.weight
    shift = -mean * scale if bn.bias is None else bn.bias - mean * scale
    transposed = getattr(layer, "transposed", False)
    padded = getattr(layer, "padding", 0) not in (0, "valid", *((0,) * n for n in (1, 2, 3)))
    if bn_first and (transposed or padded):
        raise ValueError("BN cannot be folded into a padded or transposed convolution behind it")
    # By groups, then the two channel axes: Linear and Conv keep outputs first, transposed inputs.
    groups = getattr(layer, "groups", 1)
    first, second = layer.weight.shape[:2]
    weight = layer.weight.reshape(groups, first // groups, second, -1)
    of_outputs, of_inputs = (groups, -1, 1, 1), (groups, 1, -1, 1)
    bias = torch.zeros_like(shift[:1]) if layer.bias is None else layer.bias
    if bn_first:  # W (scale x + shift) + b
        bias = (weight * shift.view(of_inputs)).sum((2, 3)).flatten() + bias
        weight = weight * scale.view(of_inputs)
    else:  # scale (W x + b) + shift
        bias = bias * scale + shift
        weight = weight * scale.view(of_inputs if transposed else of_outputs)
    folded = deepcopy(layer)
    folded.weight = nn.Parameter(weight.view_as(layer.weight))
    folded.bias = nn.Parameter(bias)
    return folded


@torch.no_grad()
def bias_not_scaled(layer: Any, bn: Any) -> Any:
    """The mistake of many a hand-written fold: scale W x + b + shift."""
    scale = bn.weight * torch.rsqrt(bn.get_buffer("running_var") + bn.eps)
    folded = fold(layer, bn)
    folded.bias += layer.bias * (1 - scale)
    return folded


class OverLastAxis(nn.Module):
    """BN that averages over N and L of an (N, L, C) input: this one can be folded."""

    def __init__(self, bn: nn.BatchNorm1d) -> None:
        super().__init__()
        self.bn = bn

    def forward(self, x: Tensor) -> Tensor:
        """(N, L, C) or (N, C), with the channels last."""
        y: Tensor = self.bn(x.flatten(0, -2))
        return y.view_as(x)


def experiment(order: str, shape: str, bias: str) -> Numbers:
    """Outputs before and after folding; BN over axis 1, and over the last axis."""
    torch.manual_seed(0)
    bn_first, length = order == "bn_linear", {"nc": 0, "nlc": 4, "nlc_other": 6}[shape]
    sizes = (64, length, 4) if length else (64, 4)
    x = 3 * torch.randn(sizes) + torch.arange(4.0)
    linear, numbers = nn.Linear(4, 4), {}
    for name in ("axis_one", "last_axis") if length else ("last_axis",):
        bn = nn.BatchNorm1d(length if name == "axis_one" else 4, momentum=None)
        nn.init.uniform_(bn.weight, 0.5, 2.0)
        nn.init.uniform_(bn.bias, -1.0, 1.0)
        norm = bn if name == "axis_one" else OverLastAxis(bn)
        net = nn.Sequential(norm, linear) if bn_first else nn.Sequential(linear, norm)
        net.train()(x)
        numbers[f"original_{name}"] = net.eval()(x).flatten()
        try:
            folded = fold(linear, bn, bn_first)
            numbers[f"folded_{name}"] = folded(x).flatten()
            numbers[f"weight_{name}"], numbers[f"bias_{name}"] = folded.weight, folded.bias
        except RuntimeError as error:
            numbers["refusal"] = str(error)
        if bias == "not_scaled":
            numbers["folded_mistake"] = bias_not_scaled(linear, bn)(x).flatten()
    return numbers


def generated(result: Result) -> str:
    """Code that builds the folded layer with its numbers."""
    weight, bias = (result[f"{name}_last_axis"].round(6).tolist() for name in ("weight", "bias"))
    rows = ",\n        ".join(map(str, weight))
    return (
        "folded = nn.Linear(4, 4)\nfolded.load_state_dict({\n"
        f'    "weight": torch.tensor([\n        {rows},\n    ]),\n'
        f'    "bias": torch.tensor({bias}),\n}})\n'
    )


def judge(config: Folding, result: Result) -> Verdict[Literal["refused", "right", "wrong", "bias"]]:
    """Right, silently wrong, or refused."""
    right = abs(result["original_last_axis"] - result["folded_last_axis"]).max()
    values: dict[str, float | str] = {"right": float(right)}
    if "refusal" in result.said:
        return Verdict("refused", values | {"message": result.said["refusal"]})
    if "folded_mistake" in result.numbers:
        off = result["folded_mistake"] - result["original_last_axis"]
        spread = float(result["original_last_axis"].std())
        return Verdict("bias", values | {"error": float(abs(off).max()), "spread": spread})
    if "folded_axis_one" not in result.numbers:
        return Verdict("right", values)
    error = float(abs(result["original_axis_one"] - result["folded_axis_one"]).max())
    spread = float(result["original_axis_one"].std())
    return Verdict("wrong", values | {"error": error, "spread": spread})


FIX = (fold,)
PARTS = (OverLastAxis, bias_not_scaled)
SOURCES = (
    paper("Jacob et al. 2018, section 3.2", "1712.05877"),
    thread("pytorch/ao", 4116),
    thread("pytorch/pytorch", 119264, "pull"),
    (
        "torch.nn.utils.fusion",
        "https://pytorch.org/docs/stable/generated/torch.nn.utils.fuse_linear_bn_weights.html",
    ),
)
