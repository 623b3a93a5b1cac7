"""Weight decay on gamma and beta shrinks the function itself, unlike decay on the weights.

Source: Goyal et al. (2017), section 5.1 and He et al. (2019), section 3.1: no decay on
gamma, beta and biases.
"""

from typing import Any, Literal

import torch
from torch import Tensor, nn
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


def train(everything: bool, decay: float, steps: int) -> tuple[Tensor, Tensor]:
    """Mean |gamma| and loss at each step of SGD; decay on everything, or not on vectors."""
    torch.manual_seed(0)
    bn = nn.BatchNorm1d(16)
    net = nn.Sequential(nn.Linear(8, 16, bias=False), bn, nn.Tanh(), nn.Linear(16, 1))
    groups = parameter_groups(net, decay)
    if everything:
        groups[1]["weight_decay"] = decay
    sgd = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    gammas, losses = [], []
    for _ in range(steps):
        x = torch.randn(64, 8)
        loss = functional.mse_loss(net(x), 2 * x[:, :1].sin())
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        gammas.append(bn.weight.detach().abs().mean())
        losses.append(loss.detach())
    return torch.stack(gammas), torch.stack(losses)


def experiment(decay: float, steps: int) -> Numbers:
    """The same training twice: decay on every parameter, and on matrices only."""
    everything, loss_everything = train(True, decay, steps)
    matrices, loss_matrices = train(False, decay, steps)
    return {
        "step": torch.arange(1, steps + 1),
        "everything": everything,
        "matrices": matrices,
        "loss_everything": loss_everything[-20:].mean(),
        "loss_matrices": loss_matrices[-20:].mean(),
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
PARTS = (train,)
SOURCES = (
    paper("Goyal et al. 2017, section 5.1", "1706.02677"),
    paper("He et al. 2019, section 3.1", "1812.01187"),
    thread("torch/torch7", 846),
    thread("ultralytics/yolov5", 4104),
)
