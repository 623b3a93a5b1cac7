"""Two populations: each in a batch of its own, BN takes away what sets them apart.

Half of the rows at -d/2 and half at +d/2 with variance 1: in one batch the biased variance is
1 + d^2 / 4, so that after BN they stand d / sqrt(1 + d^2 / 4) apart; in two batches both
have mean 0. Source: the law of total variance; Bhatt et al. (2024), "CrossQ", section 3.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from bnviz.core.pitfalls.configs import TwoPopulations
from bnviz.core.pitfalls.pitfall import Numbers, Result, paper
from bnviz.core.verdict import Verdict


def jointly(net: nn.Module, one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Both populations through the net in one batch, then taken apart again."""
    first, second = net(torch.cat([one, other])).split([len(one), len(other)])
    return first, second


def rows(distances: Tensor, batch_size: int) -> tuple[Tensor, Tensor]:
    """Rows of both populations, with 8 features at each distance."""
    half = distances.repeat_interleave(8) / 2
    real, fake = torch.randn(2, batch_size, 8).repeat(1, 1, len(distances))
    return real + half, fake - half


def apart(one: Tensor, other: Tensor) -> Tensor:
    """How far apart the means stand at each distance."""
    far: Tensor = (one.mean(dim=0) - other.mean(dim=0)).view(-1, 8).mean(dim=1)
    return far


@torch.no_grad()
def experiment(distance: float, batch_size: int) -> Numbers:
    """The distance after BN over the distance before, on average over 50 batches of each.

    Eval mode comes after separate batches, those of the two populations in turn.
    """
    torch.manual_seed(0)
    before = torch.tensor(sorted({*(k / 2 for k in range(13)), distance}))
    bn, separate, joint = nn.BatchNorm1d(8 * len(before)), [], []
    for _ in range(50):
        real, fake = rows(before, batch_size)
        separate.append(apart(bn(real), bn(fake)))
        joint.append(apart(*jointly(nn.BatchNorm1d(8 * len(before)), real, fake)))
    real, fake = rows(before, 4096)
    bn.eval()
    return {
        "before": before,
        "separate": torch.stack(separate).mean(dim=0),
        "joint": torch.stack(joint).mean(dim=0),
        "eval": apart(bn(real), bn(fake)),
        "theory": before / (1 + before.square() / 4).sqrt(),
        "here": (before - distance).abs().argmin(),
    }


def judge(config: TwoPopulations, result: Result) -> Verdict[Literal["hidden", "same"]]:
    """Whether separate batches hide a difference that a joint batch shows."""
    here = int(result["here"])
    values = {name: round(float(result[name][here]), 6) for name in ("separate", "joint", "eval")}
    values |= {"distance": config.distance, "size": config.batch_size}
    hidden = values["joint"] > 0.1 and abs(values["separate"]) < 0.1 * values["joint"]
    return Verdict("hidden" if hidden else "same", values)


FIX = (jointly,)
PARTS = (rows, apart)
SOURCES = (
    paper("Bhatt et al. 2024, CrossQ", "1902.05605"),
    ("soumith/ganhacks, number 4", "https://github.com/soumith/ganhacks"),
)
