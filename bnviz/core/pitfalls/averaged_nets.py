"""Averaged nets: a mean of variances leaves out the variance between the means.

For K nets whose batches have means m_k and variances v_k, all rows together have the variance
mean(v_k) + mean((m_k - m)^2), the law of total variance. Source: McMahan et al. (2017), which
averages all of the model's numbers; Li et al. (2021), "FedBN", section 3.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from bnviz.core.pitfalls.configs import AveragedNets
from bnviz.core.pitfalls.pitfall import Numbers, Result, paper
from bnviz.core.verdict import Verdict


def pooled(layers: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Running statistics of all layers' rows pooled, of which each has seen equally many."""
    means = torch.stack([layer["running_mean"] for layer in layers])
    variances = torch.stack([layer["running_var"] for layer in layers])
    between = means.var(dim=0, unbiased=False)
    return {"running_mean": means.mean(dim=0), "running_var": variances.mean(dim=0) + between}


def after_averaging(shift: float, clients: int) -> tuple[Tensor, Tensor, Tensor]:
    """Standard deviation of BN's output in eval mode on all clients' rows: averaged, pooled, last.

    Each client's BN has seen its own rows alone, whose means lie `shift` apart.
    """
    torch.manual_seed(0)
    rows = [torch.randn(512, 8) + k * shift for k in range(clients)]
    states = []
    for x in rows:
        bn = nn.BatchNorm1d(8, momentum=None)
        bn(x)
        states.append(bn.state_dict())
    averaged = {
        name: torch.stack([state[name] for state in states]).mean(dim=0)
        for name in ("running_mean", "running_var")
    }
    outputs = []
    for state in (averaged, pooled(states), states[-1]):
        bn = nn.BatchNorm1d(8).eval()
        bn.load_state_dict(bn.state_dict() | dict(state))
        outputs.append(bn(torch.cat(rows)).std(dim=0, unbiased=False).mean().detach())
    return outputs[0], outputs[1], outputs[2]


def experiment(shift: float, clients: int) -> Numbers:
    """The output's standard deviation over how far the clients' data lie apart."""
    shifts = sorted({*(k / 2 for k in range(11)), shift})
    columns = [
        torch.stack(each)
        for each in zip(*(after_averaging(s, clients) for s in shifts), strict=True)
    ]
    return {
        "shift": torch.tensor(shifts),
        "averaged": columns[0],
        "pooled": columns[1],
        "forgotten": columns[2],
        "here": torch.tensor(shifts.index(shift)),
    }


def judge(config: AveragedNets, result: Result) -> Verdict[Literal["spread", "same"]]:
    """Whether averaging leaves the output's standard deviation more than 5 % off."""
    here = int(result["here"])
    values = {name: float(result[name][here]) for name in ("averaged", "pooled", "forgotten")}
    values |= {"shift": config.shift, "clients": config.clients}
    return Verdict("same" if abs(values["averaged"] - 1) <= 0.05 else "spread", values)


FIX = (pooled,)
PARTS = (after_averaging,)
SOURCES = (
    paper("Li et al. 2021, FedBN", "2102.07623"),
    (
        "torch.optim.swa_utils.update_bn",
        "https://pytorch.org/docs/stable/optim.html#torch.optim.swa_utils.update_bn",
    ),
)
