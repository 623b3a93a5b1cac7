"""A regression net that ends in BN: its predictions start with mean 0 and standard deviation 1.

Source: the threads cited below. The target, not the prediction, is what should be standardized.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from bnviz.core.pitfalls.configs import TargetNormalized
from bnviz.core.pitfalls.pitfall import Numbers, Result, thread
from bnviz.core.verdict import Verdict


class InUnits(nn.Module):
    """A net that learns the standardized target and predicts in the target's unit."""

    mean: Tensor
    spread: Tensor

    def __init__(self, net: nn.Module, target: Tensor) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("mean", target.mean())
        self.register_buffer("spread", target.std())

    def forward(self, x: Tensor) -> Tensor:
        """Train with a loss in units of the spread, so that the learning rate still fits."""
        y: Tensor = self.net(x) * self.spread + self.mean
        return y


def learn(ends_in_bn: bool, x: Tensor, target: Tensor) -> nn.Module:
    """A net after 60 steps of Adam at learning rate 0.03."""
    hidden = (nn.Linear(4, 32, bias=False), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 1))
    last = nn.BatchNorm1d(1)
    net: nn.Module = nn.Sequential(*hidden, last) if ends_in_bn else nn.Sequential(*hidden)
    unit = torch.tensor(1.0)
    if not ends_in_bn:
        net, unit = InUnits(net, target), target.std()
    adam = torch.optim.Adam(net.parameters(), lr=0.03, fused=True)
    for _ in range(60):
        rows = torch.randint(len(x), (64,))
        loss = functional.mse_loss(net(x[rows]) / unit, target[rows] / unit)
        adam.zero_grad()
        loss.backward()
        adam.step()
    return net.eval()


def experiment(mean: float, spread: float) -> Numbers:
    """Held-out predictions of a net that ends in BN, and of one with a standardized target."""
    torch.manual_seed(0)
    x = torch.randn(512, 4)
    target = mean + spread * (x[:, :1] + 0.5 * x[:, 1:2].sin() + 0.1 * torch.randn(512, 1))
    wrong = learn(True, x[:384], target[:384])
    right = learn(False, x[:384], target[:384])
    actual = target[384:].flatten()
    return {
        "actual": actual,
        "wrong": wrong(x[384:]).flatten(),
        "right": right(x[384:]).flatten(),
        "baseline": (actual - target[:384].mean()).square().mean().sqrt(),
    }


def judge(config: TargetNormalized, result: Result) -> Verdict[Literal["useless", "worse", "same"]]:
    """Root mean squared errors against always predicting the training mean."""
    actual = result["actual"]
    values = {
        name: float(((result[name] - actual) ** 2).mean() ** 0.5) for name in ("wrong", "right")
    }
    values |= {"baseline": result.last("baseline"), "predicted": float(result["wrong"].mean())}
    values |= {"actual": float(actual.mean())}
    if values["wrong"] > values["baseline"]:
        return Verdict("useless", values)
    return Verdict("worse" if values["wrong"] > 1.2 * values["right"] else "same", values)


FIX = (InUnits,)
PARTS = (learn,)
SOURCES = (
    (
        "TensorFlow forum: batch normalization on the output layer of a regression",
        "https://discuss.tensorflow.org/t/applying-batch-normalization-on-the-output-layer-in-a-regression-problem/14056",
    ),
    thread("Lab41/attalos", 89, "pull"),
)
