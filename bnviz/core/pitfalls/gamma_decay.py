"""Weight decay on gamma and beta shrinks the function itself, unlike decay on the weights.

Source: Goyal et al. (2017), section 5.1 and He et al. (2019), section 3.1: no decay on
gamma, beta and biases.
"""

from copy import deepcopy
from typing import Any, Literal

import torch
from torch import nn
from torch.nn import functional

from bnviz.core.pitfalls.configs import GammaDecay
from bnviz.core.pitfalls.pitfall import Numbers, Result, paper, thread
from bnviz.core.verdict import Verdict


def parameter_groups(net: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Decay for weight matrices and kernels, none for gamma, beta and biases."""
    matrices = [p for p in net.parameters() if p.ndim > 1]
    vectors = [p for p in net.parameters() if p.ndim <= 1]
    return [
        {"params": matrices, "weight_decay": decay},
        {"params": vectors, "weight_decay": 0.0},
    ]


def experiment(decay: float, steps: int) -> Numbers:
    """Mean |gamma| and loss of two equal nets: decay on every parameter, and on matrices only.

    They learn side by side, from the same batches.
    """
    torch.manual_seed(0)
    layers = nn.Linear(8, 16, bias=False), nn.BatchNorm1d(16), nn.Tanh(), nn.Linear(16, 1)
    nets = everything, matrices = nn.Sequential(*layers), nn.Sequential(*deepcopy(layers))
    groups = [{"params": [*everything.parameters()], "weight_decay": decay}]
    groups += parameter_groups(matrices, decay)
    sgd = torch.optim.SGD(groups, lr=0.1, momentum=0.9, fused=True)
    gammas, losses = [], []
    for x in torch.randn(steps, 64, 8):
        target = 2 * x[:, :1].sin()
        loss = torch.stack([functional.mse_loss(net(x), target) for net in nets])
        sgd.zero_grad()
        loss.sum().backward()
        sgd.step()
        gammas.append([net.get_parameter("1.weight").abs().mean().item() for net in nets])
        losses.append(loss.detach())
    ends, shown = torch.stack(losses[-20:]).mean(dim=0), torch.tensor(gammas)
    return {
        "step": torch.arange(1, steps + 1),
        "everything": shown[:, 0],
        "matrices": shown[:, 1],
        "loss_everything": ends[0],
        "loss_matrices": ends[1],
    }


def judge(config: GammaDecay, result: Result) -> Verdict[Literal["shrunk", "same"]]:
    """Whether gamma ends smaller where decay acts on it."""
    values = {
        name: result.last(name)
        for name in ("everything", "matrices", "loss_everything", "loss_matrices")
    }
    shrunk = values["everything"] < 0.98 * values["matrices"]
    return Verdict("shrunk" if shrunk else "same", values)


FIX = (parameter_groups,)
SOURCES = (
    paper("Goyal et al. 2017, section 5.1", "1706.02677"),
    paper("He et al. 2019, section 3.1", "1812.01187"),
    thread("torch/torch7", 846),
    thread("ultralytics/yolov5", 4104),
)
