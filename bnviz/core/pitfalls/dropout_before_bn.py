"""Dropout before BN: in eval mode the input's variance is smaller than the one BN remembers.

Source: Li, Chen, Hu and Yang, *Understanding the Disharmony between Dropout and Batch
Normalization by Variance Shift* (2018; CVPR 2019). For an input with mean m and
variance v, dropout at rate p makes the variance (v + m^2) / (1 - p) - m^2.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from bnviz.core.pitfalls.configs import DropoutBeforeBn
from bnviz.core.pitfalls.pitfall import Numbers, Result, paper, thread
from bnviz.core.verdict import Verdict


def dropout_last(rate: float, features: int) -> nn.Sequential:
    """BN first: what it remembers in training is then what it meets in eval mode."""
    return nn.Sequential(nn.BatchNorm1d(features, momentum=None), nn.Dropout(rate))


def spread_in_eval(net: nn.Sequential, x: Tensor) -> Tensor:
    """Let BN see `x` once in train mode; the output's standard deviation in eval mode."""
    net.train()(x)
    y: Tensor = net.eval()(x)
    return y.detach().std()


def experiment(rate: float, mean: float) -> Numbers:
    """Standard deviation in eval mode over dropout rates, for both orders."""
    torch.manual_seed(0)
    x = torch.randn(20_000, 1) + mean
    rates = torch.tensor(sorted({*(k / 20 for k in range(19)), rate}))
    wrong, right = [], []
    for p in rates.tolist():
        dropout_first = nn.Sequential(nn.Dropout(p), nn.BatchNorm1d(1, momentum=None))
        wrong.append(spread_in_eval(dropout_first, x))
        right.append(spread_in_eval(dropout_last(p, 1), x))
    in_training = (1 + mean**2) / (1 - rates) - mean**2
    return {
        "rate": rates,
        "wrong": torch.stack(wrong),
        "right": torch.stack(right),
        "theory": 1 / in_training.sqrt(),
    }


def judge(config: DropoutBeforeBn, result: Result) -> Verdict[Literal["shifted", "none"]]:
    """Shifted when eval mode falls short of standard deviation 1 by more than 2 %."""
    here = int(abs(result["rate"] - config.rate).argmin())
    values = {name: float(result[name][here]) for name in ("wrong", "right", "theory")}
    values["lost_share"] = 1 - values["wrong"] ** 2
    return Verdict("shifted" if values["wrong"] < 0.98 else "none", values)


FIX = (dropout_last,)
PARTS = (spread_in_eval,)
SOURCES = (
    paper("Li et al. 2018", "1801.05134"),
    thread("luigibonati/mlcolvar", 205, "pull"),
)
