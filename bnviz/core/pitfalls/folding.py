"""BN folded into the Linear before or after it, and why (N, L, C) inputs fold wrongly.

Source: Jacob et al. (2018), section 3.2; torch.nn.utils.fusion. A Linear works on the last
axis, BatchNorm1d on axis 1: only for (N, C) are they the same.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from bnviz.core.pitfalls.configs import Folding
from bnviz.core.pitfalls.pitfall import Entry, Numbers, Result, Source
from bnviz.core.verdict import Verdict


@torch.no_grad()
def fold(linear: nn.Linear, bn: nn.BatchNorm1d, bn_first: bool) -> nn.Linear:
    """The Linear that does the work of both in eval mode, for inputs (N, C)."""
    mean, variance = bn.get_buffer("running_mean"), bn.get_buffer("running_var")
    scale = bn.weight / torch.sqrt(variance + bn.eps)
    shift = bn.bias - mean * scale
    folded = nn.Linear(linear.in_features, linear.out_features)
    if bn_first:  # W (scale x + shift) + b
        folded.weight.copy_(linear.weight * scale)
        folded.bias.copy_(linear.weight @ shift + linear.bias)
    else:  # scale (W x + b) + shift
        folded.weight.copy_(linear.weight * scale[:, None])
        folded.bias.copy_(linear.bias * scale + shift)
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


def experiment(order: str, shape: str) -> Numbers:
    """Outputs before and after folding; BN over axis 1, and over the last axis."""
    torch.manual_seed(0)
    bn_first, length = order == "bn_linear", {"nc": 0, "nlc": 4, "nlc_other": 6}[shape]
    sizes = (64, length, 4) if length else (64, 4)
    x = 3 * torch.randn(sizes) + torch.arange(4.0)
    linear, found = nn.Linear(4, 4), {}
    for name in ("axis_one", "last_axis") if length else ("last_axis",):
        bn = nn.BatchNorm1d(length if name == "axis_one" else 4, momentum=None)
        nn.init.uniform_(bn.weight, 0.5, 2.0)
        nn.init.uniform_(bn.bias, -1.0, 1.0)
        norm = bn if name == "axis_one" else OverLastAxis(bn)
        net = nn.Sequential(norm, linear) if bn_first else nn.Sequential(linear, norm)
        net.train()(x)
        found[f"original_{name}"] = net.eval()(x).flatten()
        try:
            folded = fold(linear, bn, bn_first)
            found[f"folded_{name}"] = folded(x).flatten()
            found[f"weight_{name}"], found[f"bias_{name}"] = folded.weight, folded.bias
        except RuntimeError as error:
            found["refusal"] = str(error)
    return found


def generated(result: Result) -> str:
    """Code that builds the folded layer with its numbers."""
    weight, bias = (result[f"{name}_last_axis"].round(6).tolist() for name in ("weight", "bias"))
    rows = ",\n        ".join(map(str, weight))
    return (
        "folded = nn.Linear(4, 4)\nfolded.load_state_dict({\n"
        f'    "weight": torch.tensor([\n        {rows},\n    ]),\n'
        f'    "bias": torch.tensor({bias}),\n}})\n'
    )


def judge(config: Folding, result: Result) -> Verdict[Literal["refused", "right", "wrong"]]:
    """Right, silently wrong, or refused."""
    right = abs(result["original_last_axis"] - result["folded_last_axis"]).max()
    values: dict[str, float | str] = {"right": float(right)}
    if "refusal" in result.said:
        return Verdict("refused", values | {"message": result.said["refusal"]})
    if "folded_axis_one" not in result.numbers:
        return Verdict("right", values)
    error = float(abs(result["original_axis_one"] - result["folded_axis_one"]).max())
    spread = float(result["original_axis_one"].std())
    return Verdict("wrong", values | {"error": error, "spread": spread})


ENTRY = Entry(
    experiment,
    (fold,),
    judge,
    (
        Source("Jacob et al. 2018, section 3.2", "https://arxiv.org/abs/1712.05877"),
        Source("pytorch/ao #4116", "https://github.com/pytorch/ao/issues/4116"),
        Source("pytorch/pytorch #119264", "https://github.com/pytorch/pytorch/pull/119264"),
        Source(
            "torch.nn.utils.fusion",
            "https://pytorch.org/docs/stable/generated/torch.nn.utils.fuse_linear_bn_weights.html",
        ),
    ),
    (OverLastAxis,),
)
