"""Two populations: each in a batch of its own, BN takes away what sets them apart.

Half of the rows at -d/2 and half at +d/2 with variance 1: in one batch the biased variance is
1 + d^2 / 4, so that after BN they stand d / sqrt(1 + d^2 / 4) apart; in two batches both
have mean 0. Source: the law of total variance; Bhatt et al. (2024), "CrossQ", section 3.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from bnviz.core.pitfalls.configs import TwoPopulations
from bnviz.core.pitfalls.pitfall import Entry, Numbers, Result, Source
from bnviz.core.verdict import Verdict


def jointly(net: nn.Module, one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Both populations through the net in one batch, then taken apart again."""
    first, second = net(torch.cat([one, other])).split([len(one), len(other)])
    return first, second


def apart(distance: float, batch_size: int) -> tuple[Tensor, Tensor, Tensor]:
    """How far apart the means stand after BN: separate batches, one joint batch, eval mode.

    Eval mode comes after 50 separate batches, those of the two populations in turn.
    """
    torch.manual_seed(0)
    bn, far = nn.BatchNorm1d(8), []
    for _ in range(50):
        real = torch.randn(batch_size, 8) + distance / 2
        fake = torch.randn(batch_size, 8) - distance / 2
        separate = bn(real).mean() - bn(fake).mean()
        one, other = jointly(nn.BatchNorm1d(8), real, fake)
        far.append(torch.stack([separate, one.mean() - other.mean()]))
    bn.eval()
    real = torch.randn(4096, 8) + distance / 2
    fake = torch.randn(4096, 8) - distance / 2
    both = torch.stack(far).mean(dim=0).detach()
    return both[0], both[1], (bn(real).mean() - bn(fake).mean()).detach()


def experiment(distance: float, batch_size: int) -> Numbers:
    """The distance after BN over the distance before."""
    distances = sorted({*(k / 2 for k in range(13)), distance})
    columns = [
        torch.stack(each) for each in zip(*(apart(d, batch_size) for d in distances), strict=True)
    ]
    before = torch.tensor(distances)
    return {
        "before": before,
        "separate": columns[0],
        "joint": columns[1],
        "eval": columns[2],
        "theory": before / (1 + before.square() / 4).sqrt(),
        "here": torch.tensor(distances.index(distance)),
    }


def judge(config: TwoPopulations, result: Result) -> Verdict[Literal["hidden", "same"]]:
    """Whether separate batches hide a difference that a joint batch shows."""
    here = int(result["here"])
    values = {name: round(float(result[name][here]), 6) for name in ("separate", "joint", "eval")}
    values |= {"distance": config.distance, "size": config.batch_size}
    hidden = values["joint"] > 0.1 and abs(values["separate"]) < 0.1 * values["joint"]
    return Verdict("hidden" if hidden else "same", values)


ENTRY = Entry(
    experiment,
    (jointly,),
    judge,
    (
        Source("Bhatt et al. 2024, CrossQ", "https://arxiv.org/abs/1902.05605"),
        Source("soumith/ganhacks, number 4", "https://github.com/soumith/ganhacks"),
    ),
    (apart,),
)
