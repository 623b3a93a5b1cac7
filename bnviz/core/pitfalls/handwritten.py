"""BN written by hand, with one of four differences to torch's that are common in the wild.

Source: documentation of torch.nn.BatchNorm1d: normalization divides by the biased variance,
the running variance is the unbiased one; Chan, Golub and LeVeque (1983) on the textbook
formula of the variance.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from bnviz.core.pitfalls.configs import Handwritten
from bnviz.core.pitfalls.pitfall import Numbers, Result, thread
from bnviz.core.verdict import Verdict


class ByHand(nn.Module):
    """BN over (B, D) as torch does it: what to divide by and what to remember differ."""

    running_mean: Tensor
    running_var: Tensor
    momentum, eps = 0.1, 1e-5

    def __init__(self, features: int) -> None:
        super().__init__()
        self.register_buffer("running_mean", torch.zeros(features))
        self.register_buffer("running_var", torch.ones(features))

    def variances(self, x: Tensor, mean: Tensor) -> tuple[Tensor, Tensor]:
        """Divide by the biased variance, remember the unbiased one."""
        biased = (x - mean).square().mean(dim=0)
        return biased, biased * len(x) / (len(x) - 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, D) to (B, D)."""
        mean, variance = self.running_mean, self.running_var
        if self.training:
            mean = x.mean(dim=0)
            variance, remembered = self.variances(x, mean)
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(remembered, self.momentum)
        return (x - mean) / torch.sqrt(variance + self.eps)


class WithBug(ByHand):
    """The same with one thing done differently."""

    def __init__(self, features: int, bug: str) -> None:
        super().__init__(features)
        self.bug = bug
        if bug == "no_epsilon":
            self.eps = 0.0

    def variances(self, x: Tensor, mean: Tensor) -> tuple[Tensor, Tensor]:
        """The three bugs that concern the variance."""
        biased, unbiased = super().variances(x, mean)
        if self.bug == "cancellation":
            biased = x.square().mean(dim=0) - mean.square()
            unbiased = biased * len(x) / (len(x) - 1)
        if self.bug == "unbiased_normalization":
            biased = unbiased
        if self.bug == "biased_running_variance":
            unbiased = biased
        return biased, unbiased


def differences(layer: nn.Module, rows: int, offset: float, spread: float) -> list[Tensor]:
    """Largest differences to torch's layer in train mode, and in eval mode after 15 batches."""
    torch.manual_seed(0)
    reference = nn.BatchNorm1d(4, affine=False)
    for _ in range(15):
        x = spread * (torch.randn(rows, 4) + offset)
        in_train = (layer.train()(x) - reference.train()(x)).abs().max()
    held_out = spread * (torch.randn(64, 4) + offset)
    in_eval = (layer.eval()(held_out) - reference.eval()(held_out)).abs().max()
    return [in_train, in_eval]


def experiment(bug: str, batch_size: int, offset: float, spread: float) -> Numbers:
    """Differences over the one thing that this bug depends on; the others are harmless."""
    if bug == "cancellation":
        chosen, grid = offset, [1e5, *(float(f"{d}e{k}") for k in range(5) for d in (1, 3))]
        cases = {o: (256, o, 1.0) for o in sorted({*grid, chosen})}
    elif bug == "no_epsilon":
        chosen, grid = spread, [1.0, *(float(f"{d}e{k}") for k in range(-6, 0) for d in (1, 3))]
        cases = {s: (256, 0.0, s) for s in sorted({*grid, chosen})}
    else:
        chosen, grid = float(batch_size), [2.0**k for k in range(1, 11)]
        cases = {b: (int(b), 0.0, 1.0) for b in sorted({*grid, chosen})}
    wrong = torch.tensor([differences(WithBug(4, bug), *case) for case in cases.values()])
    right = torch.tensor([differences(ByHand(4), *case) for case in cases.values()])
    return {
        "x": torch.tensor(list(cases)),
        "train": wrong[:, 0],
        "eval": wrong[:, 1],
        "right": right.amax(dim=1),
        "here": torch.tensor(list(cases).index(chosen)),
    }


def judge(
    config: Handwritten, result: Result
) -> Verdict[Literal["both", "train", "eval", "nowhere"]]:
    """Where the bug shows: in train mode, in eval mode, in both, or nowhere here."""
    here = int(result["here"])
    values = {name: float(result[name][here]) for name in ("train", "eval", "right")}
    in_train, in_eval = (not values[mode] < 0.01 for mode in ("train", "eval"))  # NaN shows too
    if in_train:
        return Verdict("both" if in_eval else "train", values)
    return Verdict("eval" if in_eval else "nowhere", values)


FIX = (ByHand,)
PARTS = (WithBug, differences)
SOURCES = (
    thread("pytorch/pytorch", 3122),
    thread("pytorch/pytorch", 77427),
    thread("google/flax", 1491),
    thread("tensorflow/tensorflow", 3290),
)
