"""A last batch of one row: BN has nothing to divide by, and torch refuses it.

Source: torch.nn.functional.batch_norm, which raises ValueError for one value a channel.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from bnviz.core.pitfalls.configs import LastBatch
from bnviz.core.pitfalls.pitfall import Numbers, Result, thread
from bnviz.core.verdict import Verdict


def training_loader(rows: TensorDataset, batch_size: int) -> DataLoader[tuple[Tensor, ...]]:
    """Leaves out the incomplete last batch; shuffling leaves out other rows each epoch."""
    return DataLoader(rows, batch_size, shuffle=True, drop_last=True)


def experiment(rows: int, batch_size: int) -> Numbers:
    """One epoch of an ordinary loader through BN in train mode, and the fixed loader's batches."""
    torch.manual_seed(0)
    data, bn, refusal = torch.randn(rows, 4), nn.BatchNorm1d(4), ""
    size, passed, error = [], [], []
    for batch in data[torch.randperm(rows)].split(batch_size):  # what DataLoader does
        try:
            bn(batch)
            passed.append(1)
        except ValueError as problem:
            refusal = str(problem)
            passed.append(0)
        size.append(len(batch))
        error.append(batch.mean(dim=0).square().mean().sqrt())
    fixed = [len(batch) for (batch,) in training_loader(TensorDataset(data), batch_size)]
    return {
        "batch": torch.arange(1, len(size) + 1),
        "size": torch.tensor(size),
        "passed": torch.tensor(passed),
        "error": torch.stack(error),
        "fixed": torch.tensor(fixed),
        "refusal": refusal,
    }


def judge(
    config: LastBatch, result: Result
) -> Verdict[Literal["refused", "even", "only", "short"]]:
    """Refused, a short last batch, or nothing left over."""
    tail, fixed = int(result["size"][-1]), len(result["fixed"])
    values = {"batches": len(result["size"]), "tail": tail, "fixed": fixed}
    values |= {"rows": config.rows, "size": config.batch_size}
    if not result["passed"].all():
        return Verdict("refused", values | {"message": result.said["refusal"]})
    if tail == config.batch_size:
        return Verdict("even", values)
    if len(result["size"]) == 1:
        return Verdict("only", values)
    return Verdict("short", values | {"share": tail / config.batch_size})


FIX = (training_loader,)
SOURCES = (
    thread("fastai/fastai", 1352),
    thread("openvinotoolkit/nncf", 379, "pull"),
    (
        "torch.utils.data.DataLoader, drop_last",
        "https://pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader",
    ),
)
