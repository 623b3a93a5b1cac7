"""Weight decay on weights before BN does not regularize: it holds up the learning rate.

Source: van Laarhoven (2017), *L2 Regularization versus Batch and Weight Normalization*.
A gradient that stands at right angles to the weights can only lengthen them; decay
shortens them; learning rate / |w|^2 is what remains.
"""

from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from bnviz.core.pitfalls.configs import WeightDecay
from bnviz.core.pitfalls.pitfall import Numbers, Result, paper, thread
from bnviz.core.verdict import Verdict


def effective_rate(layer: nn.Linear, learning_rate: float) -> Tensor:
    """Learning rate / |w|^2, averaged over the units of a layer before BN. Log it beside the loss.

    This is what decay changes; to change it openly, change the learning rate.
    """
    return (learning_rate / layer.weight.square().sum(dim=1)).mean()


@lru_cache(maxsize=64)
def train(decay: float, learning_rate: float) -> tuple[Tensor, Tensor]:
    """Effective learning rate and loss at each of 100 steps of SGD."""
    torch.manual_seed(0)
    first, second = nn.Linear(8, 16, bias=False), nn.Linear(16, 1)
    net = nn.Sequential(first, nn.BatchNorm1d(16), nn.ReLU(), second)
    groups = [{"params": [first.weight], "weight_decay": decay}]
    groups.append({"params": [*net[1].parameters(), *second.parameters()]})
    sgd = torch.optim.SGD(groups, lr=learning_rate)
    rates, losses = [], []
    for _ in range(100):
        x = torch.randn(32, 8)
        target = (2 * x[:, :1]).sin() + 0.5 * torch.randn(32, 1)
        loss = functional.mse_loss(net(x), target)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        rates.append(effective_rate(first, learning_rate).detach())
        losses.append(loss.detach())
    return torch.stack(rates), torch.stack(losses)


def experiment(decay: float, learning_rate: float) -> Numbers:
    """The same training with this decay on the weights before BN, and without."""
    with_decay, loss_with = train(decay, learning_rate)
    without, loss_without = train(0.0, learning_rate)
    return {
        "step": torch.arange(1, 101),
        "with_decay": with_decay,
        "without": without,
        "loss_with": loss_with[-25:].mean(),
        "loss_without": loss_without[-25:].mean(),
    }


def judge(config: WeightDecay, result: Result) -> Verdict[Literal["diverged", "raised", "same"]]:
    """Whether decay changed the rate at which these weights really turn."""
    ends = result.last("with_decay"), result.last("without")
    values = {
        "with_decay": ends[0],
        "without": ends[1],
        "start": float(result["without"][0]),
        "times": ends[0] / ends[1],
        "loss_with": result.last("loss_with"),
        "loss_without": result.last("loss_without"),
        "fallen": float(result["without"][0]) / ends[1],
    }
    if not ends[0] + ends[1] < 1e6:
        return Verdict("diverged", values)
    return Verdict("raised" if ends[0] > 1.05 * ends[1] else "same", values)


FIX = (effective_rate,)
PARTS = (train,)
SOURCES = (
    paper("van Laarhoven 2017", "1706.05350"),
    paper("Zhang et al. 2019, Three Mechanisms of Weight Decay Regularization", "1810.12281"),
    thread("nmndeep/revisiting-at", 2),
)
