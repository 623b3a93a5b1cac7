"""Shuffling forgotten with sorted data: BN subtracts from each batch what tells its class.

Source: the threads cited below; Ioffe and Szegedy (2015), section 4.2.1, shuffle more
thoroughly for BN's sake.
"""

from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from bnviz.core.pitfalls.configs import SortedData
from bnviz.core.pitfalls.pitfall import Numbers, Result, paper, thread
from bnviz.core.pitfalls.tasks import blobs, classifier
from bnviz.core.verdict import Verdict


def shuffled_batches(rows: int, size: int) -> list[Tensor]:
    """Row numbers in another order every epoch, as DataLoader(..., shuffle=True) gives them."""
    return list(torch.randperm(rows).split(size))


def nearly_sorted_batches(rows: int, size: int, share: float) -> list[Tensor]:
    """Row numbers in order, but for a share of them that change places."""
    order = torch.arange(rows)
    moved = torch.randperm(rows)[: int(share * rows)]
    order[moved] = moved[torch.randperm(len(moved))]
    return list(order.split(size))


@lru_cache(maxsize=64)
def train(batch_size: int, shuffled: float | None) -> tuple[Tensor, Tensor]:
    """Accuracy after each of 8 epochs: on the training batches as they came, and held out.

    `shuffled` is the share of rows that change places; None: another order every epoch.
    """
    torch.manual_seed(0)
    net, (x, y), (held_out, answer) = classifier(), blobs(256), blobs(256)
    adam = torch.optim.Adam(net.parameters(), lr=0.01, fused=True)
    training, validation = [], []
    for _ in range(8):
        right = 0
        net.train()
        for rows in (
            shuffled_batches(256, batch_size)
            if shuffled is None
            else nearly_sorted_batches(256, batch_size, shuffled)
        ):
            output = net(x[rows])
            adam.zero_grad()
            functional.cross_entropy(output, y[rows]).backward()
            adam.step()
            right += int((output.argmax(dim=1) == y[rows]).sum())
        training.append(right / 256)
        with torch.no_grad():
            guess = net.eval()(held_out).argmax(dim=1)
        validation.append(float((guess == answer).double().mean()))
    return torch.tensor(training), torch.tensor(validation)


def experiment(batch_size: int, shuffled: float) -> Numbers:
    """The same training in sorted and in shuffled order."""
    training, validation = train(batch_size, shuffled)
    _, right = train(batch_size, None)
    return {
        "epoch": torch.arange(1, 9),
        "training": training,
        "validation": validation,
        "fixed": right,
    }


def judge(config: SortedData, result: Result) -> Verdict[Literal["worse", "same"]]:
    """By the held-out accuracy after the last epoch."""
    values = {f"{name}_share": result.last(name) for name in ("training", "validation", "fixed")}
    worse = values["validation_share"] < values["fixed_share"] - 0.05
    return Verdict("worse" if worse else "same", values)


FIX = (shuffled_batches,)
PARTS = (blobs, classifier, nearly_sorted_batches, train)
SOURCES = (
    paper("Ioffe and Szegedy 2015, section 4.2.1", "1502.03167"),
    thread("openpifpaf/openpifpaf", 308, "pull"),
    thread("pytorch/pytorch", 58986),
)
