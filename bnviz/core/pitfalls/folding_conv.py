"""BN folded into the convolution before it, and the bias that a hand-written fold forgets.

Source: Jacob et al. (2018), section 3.2; torch.nn.utils.fusion. A transposed convolution keeps
its output channels on the second axis of its weight.
"""

from typing import Literal

import torch
from torch import nn

from bnviz.core.pitfalls.configs import FoldingConv
from bnviz.core.pitfalls.folding import bias_not_scaled, fold
from bnviz.core.pitfalls.pitfall import Numbers, Result, paper
from bnviz.core.verdict import Verdict


def experiment(layer: str, bias: str) -> Numbers:
    """Outputs of a convolution and BN in eval mode, before and after folding."""
    torch.manual_seed(0)
    dimensions = int(layer[-2])
    conv = getattr(nn, layer)(4, 6, 3, padding=1, bias=bias != "none")
    bn = getattr(nn, f"BatchNorm{dimensions}d")(6, momentum=None)
    nn.init.uniform_(bn.weight, 0.5, 2.0)
    nn.init.uniform_(bn.bias, -1.0, 1.0)
    if conv.bias is not None:
        nn.init.uniform_(conv.bias, -3.0, 3.0)
    x = 3 * torch.randn(8, 4, *(3,) * dimensions)
    net = nn.Sequential(conv, bn)
    net.train()(x)
    outputs = {"original": net.eval()(x).flatten(), "folded": fold(conv, bn)(x).flatten()}
    if bias == "not_scaled":
        outputs["mistake"] = bias_not_scaled(conv, bn)(x).flatten()
    return outputs


def judge(config: FoldingConv, result: Result) -> Verdict[Literal["right", "bias"]]:
    """Right; or the layer's own bias was left as it was."""
    original = result["original"]
    values: dict[str, float | str] = {"right": float(abs(original - result["folded"]).max())}
    if "mistake" not in result.numbers:
        return Verdict("right", values)
    error = float(abs(original - result["mistake"]).max())
    return Verdict("bias", values | {"error": error, "spread": float(original.std())})


FIX = (fold,)
PARTS = (bias_not_scaled,)
SOURCES = (
    paper("Jacob et al. 2018, section 3.2", "1712.05877"),
    (
        "torch.nn.utils.fusion",
        "https://pytorch.org/docs/stable/generated/torch.nn.utils.fuse_conv_bn_weights.html",
    ),
)
