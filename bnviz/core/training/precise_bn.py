"""Precise BN: running statistics taken anew, with the weights as they are.

While a net trains, its running statistics average over the last batches only, seen with
weights that have changed since. One more pass over the training rows without any step,
averaging all batches alike, repairs that: Wu and Johnson, *Rethinking "Batch" in
BatchNorm* (2021), section 3. The averages are those of ``torch.optim.swa_utils.update_bn``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.data.preparation import prepare
from bnviz.core.data.tables import Dataset
from bnviz.core.nets.gradients import mean_squared_error
from bnviz.core.nets.stack import Stack, forward
from bnviz.core.training.comparison import ERROR, sign_test
from bnviz.core.training.evaluation import stack_of
from bnviz.core.training.train import Run
from bnviz.core.types import Float, Floats
from bnviz.core.verdict import Verdict


@dataclass(frozen=True)
class Drift:
    """How far one layer's running statistics were off, each (S, H): S seeds, H units."""

    mean: Floats
    """(running mean - precise mean) / precise standard deviation."""
    deviation: Floats
    """Running over precise standard deviation."""


@dataclass(frozen=True)
class Recalibration:
    """The net with BN of S seeds on the held-out rows; losses (S,) in squared target units."""

    before: Floats
    """Eval mode, running statistics as the training left them."""
    after: Floats
    """Eval mode after one pass of cumulative averaging over the training rows."""
    train_mode: Floats
    """BN in train mode on held-out batches of the chosen size."""
    drift: tuple[Drift, ...]
    """One a BN layer."""


def small_config(batch_size: int, torch_momentum: float) -> TrainConfig:
    """A short training of a few small nets with batches this small."""
    return TrainConfig(
        data=DataConfig(samples=500, clip_scores=False, standardize=True),
        network=NetworkConfig(depth=2, width=32, torch_momentum=torch_momentum),
        optimizer=OptimizerConfig(batch_size=batch_size, epochs=max(2, min(batch_size, 10))),
        probes=ProbeConfig(checkpoints=0),
        seeds=8,
    )


def train_small(config: TrainConfig, dataset: Dataset) -> Mapping[str, NDArray[np.float32]]:
    """The state of the nets with BN after the training that `config` describes."""
    run = Run(config, prepare(config.data, dataset))
    del run.nets["plain"]
    for _ in range(config.optimizer.epochs):
        run.train_epoch(lambda: False)
    return run.state()


@torch.no_grad()
def recalibrate(
    config: TrainConfig, dataset: Dataset, state: Mapping[str, NDArray[np.float32]], batch_size: int
) -> Recalibration:
    """The nets with BN of a snapshot's `state` before and after precise BN.

    Both the pass over the training rows and the held-out rows in train mode are cut
    into batches of `batch_size`; a last batch of one row joins the one before it.
    """
    prepared = prepare(config.data, dataset)
    before = stack_of(config.network, state, "bn")
    after = precise(before, prepared.train_x, batch_size)
    x, y = prepared.validation_x, prepared.validation_y
    return Recalibration(
        _loss(before, x, y),
        _loss(after, x, y),
        _train_mode_loss(before, x, y, batch_size),
        tuple(_drift(before, after, f"layers.{i}") for i in range(config.network.depth)),
    )


@torch.no_grad()
def verdict(
    recalibration: Recalibration, rows: int
) -> Iterator[Verdict[Literal["better", "worse", "even", "train", "nothing"]]]:
    """Whether precise BN lowers the held-out loss, by a sign test over the seeds; train mode's loss
    on batches of so many rows.
    """
    alive = np.isfinite(recalibration.before) & np.isfinite(recalibration.after)
    if not alive.any():
        yield Verdict("nothing")
        return
    before, after = recalibration.before[alive], recalibration.after[alive]
    middle = float(np.median(before)), float(np.median(after))
    wins, losses = int((after < before).sum()), int((after > before).sum())
    values = {
        "before": middle[0],
        "after": middle[1],
        "change": abs(middle[1] / middle[0] - 1) if middle[0] else 0.0,
        "wins": wins,
        "seeds": len(before),
    }
    if sign_test(wins, losses) > ERROR or (middle[1] < middle[0]) != (wins > losses):
        yield Verdict("even", values)
    else:
        yield Verdict("better" if wins > losses else "worse", values)
    train_mode = recalibration.train_mode[np.isfinite(recalibration.train_mode)]
    if train_mode.size:
        yield Verdict("train", {"loss": float(np.median(train_mode)), "rows": rows})


def precise(stack: Stack, x: Float[Tensor, "d n"], batch_size: int) -> Stack:
    """A copy of `stack` whose running statistics are cumulative averages over the rows x (D, N)."""
    network = stack.network.model_copy(update={"torch_momentum": None})
    buffers = {
        name: torch.ones_like(value) if name.endswith("variance") else torch.zeros_like(value)
        for name, value in stack.buffers.items()
    }
    fresh = Stack(network, stack.params, buffers)
    for rows in _cut(x.shape[1], batch_size):
        forward(fresh, x[:, rows], "train", update=True)
    return Stack(stack.network, stack.params, buffers)


def _cut(rows: int, size: int) -> list[slice]:
    starts = list(range(0, rows, size))
    if len(starts) > 1 and rows - starts[-1] == 1:
        starts.pop()
    return [slice(a, b) for a, b in zip(starts, [*starts[1:], rows], strict=True)]


def _loss(stack: Stack, x: Tensor, y: Tensor) -> Floats:
    return np.asarray(mean_squared_error(forward(stack, x, "eval").output, y).double())


def _train_mode_loss(stack: Stack, x: Tensor, y: Tensor, batch_size: int) -> Floats:
    if x.shape[1] < 2:
        return np.full(stack.size, np.nan)
    cuts = _cut(x.shape[1], batch_size)
    output = torch.cat([forward(stack, x[:, rows], "train").output for rows in cuts], dim=1)
    return np.asarray(mean_squared_error(output, y).double())


def _drift(before: Stack, after: Stack, layer: str) -> Drift:
    old, new = (
        [np.asarray(s.buffers[f"{layer}.running_{n}"].double()) for n in ("mean", "variance")]
        for s in (before, after)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        return Drift((old[0] - new[0]) / np.sqrt(new[1]), np.sqrt(old[1] / new[1]))
