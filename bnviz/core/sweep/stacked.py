"""Cells of one shape trained as one stack, each as it would be alone.

To the bit where batches and parts of the data are multiples of 16 rows. Elsewhere a network's
rows begin at different places of a line of memory, by which the order of sums depends in the
processor's matrix product: the last digits of float32 then differ.
"""

from collections.abc import Sequence

import numpy as np
import torch

from bnviz.core.configs import TrainConfig
from bnviz.core.data.preparation import Prepared, prepare
from bnviz.core.data.tables import Dataset
from bnviz.core.nets.chunks import chunks
from bnviz.core.nets.gradients import mean_squared_error
from bnviz.core.nets.stack import Stack, forward
from bnviz.core.sweep.outcome import NetOutcome, Outcome, moments, part
from bnviz.core.training.probes import eigenvalues
from bnviz.core.training.snapshots import LOSS_ROWS
from bnviz.core.training.train import Run
from bnviz.core.types import Bools, Floats, StopFlag, check


def train_cells(
    configs: Sequence[TrainConfig], dataset: Dataset, sharpness: bool, should_stop: StopFlag
) -> list[Outcome]:
    """The outcome of each config; they differ in bnviz.core.training.train.OWN alone.

    Raises Stopped once `should_stop` says yes, and ValueError for fewer than three rows.
    """
    data = prepare(configs[0].data, dataset)
    run = Run(configs[0], data, configs[1:])
    taken = moments(configs[0].optimizer.epochs)
    losses: dict[str, list[Floats]] = {name: [] for name in run.nets}
    for epoch in range(taken[-1] + 1):
        if epoch:
            run.train_epoch(should_stop)
        check(should_stop)
        if epoch in taken:
            for name, net in run.nets.items():
                losses[name].append(_losses(net.stack, data))
    seeds = configs[0].seeds
    networks = [slice(at, at + seeds) for at in range(0, len(run.seeds), seeds)]
    nets = {}
    for name, net in run.nets.items():
        over_time = np.stack(losses[name], axis=1)
        gone = ~(np.isfinite(over_time).all((0, 1)) & net.stack.alive)
        sharp = [
            _sharpness(net.stack.part(some), data, each, ~gone[some], should_stop)
            for each, some in zip(configs, networks if sharpness else (), strict=False)
        ]
        nets[name] = _outcome(over_time, gone, np.concatenate([np.empty(0), *sharp]), data)
    whole = Outcome(np.array(taken, dtype=np.float64), nets["bn"], nets["plain"])
    return [part(whole, some) for some in networks]


# Seeds that are diverging hold infinities, which numpy would warn of.
@np.errstate(invalid="ignore", over="ignore")
@torch.no_grad()
def _losses(stack: Stack, data: Prepared) -> Floats:
    """(2, K) on the training and on the held-out rows, as a snapshot has them."""
    x = torch.cat([data.train_x[:, :LOSS_ROWS], data.validation_x[:, :LOSS_ROWS]], dim=1)
    y = torch.cat([data.train_y[:LOSS_ROWS], data.validation_y[:LOSS_ROWS]])
    train = min(LOSS_ROWS, len(data.train_y))
    parts = []
    for some in chunks(stack.size, len(y), stack.network.width, x.dtype):
        output = forward(stack.part(some), x, "eval").output
        both = zip(output.tensor_split([train], 1), y.tensor_split([train]), strict=True)
        parts.append(
            np.stack([mean_squared_error(o, t).numpy().astype(np.float64) for o, t in both])
        )
    return np.concatenate(parts, axis=1)


def _sharpness(
    stack: Stack, data: Prepared, config: TrainConfig, alive: Bools, should_stop: StopFlag
) -> Floats:
    """(S,) of one cell by itself, so that it does not depend on the cells beside it."""
    return eigenvalues(stack, data, config.probes, alive, should_stop)["eigenvalue_max"]


def _outcome(losses: Floats, gone: Bools, sharpness: Floats, data: Prepared) -> NetOutcome:
    """Of losses (2, M, K) and what else is known of K networks."""
    losses = np.where(np.isfinite(losses), losses, np.nan)
    losses[:, -1, gone] = np.nan
    targets = data.validation_y[:LOSS_ROWS].numpy().astype(np.float64)
    spread = targets.var() if np.ptp(targets) else np.nan  # of equal ones it may be rounding
    train, validation = losses
    return NetOutcome(train, validation, 1 - validation[-1] / spread, sharpness, gone.astype(float))
