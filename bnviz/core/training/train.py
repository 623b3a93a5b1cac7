"""Both nets trained side by side: the same seeds, initial weights, batches and order.

S seeds are one stack of networks (see :mod:`bnviz.core.nets.stack`). Each seed
shuffles the training rows in its own order, both nets alike. What a run computes
depends on its config and its data alone: no global random state is read or changed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bnviz.core.configs import TrainConfig
from bnviz.core.data.preparation import Prepared, prepare
from bnviz.core.data.tables import Dataset
from bnviz.core.nets.backpropagation import Workspace
from bnviz.core.nets.chunks import chunks, keep_freed_memory
from bnviz.core.nets.gradients import loss_gradient
from bnviz.core.nets.initial import initial
from bnviz.core.nets.norms.names import Norm
from bnviz.core.nets.optimizers import Step, optimizer
from bnviz.core.nets.stack import Stack
from bnviz.core.nets.vectors import Tensors, flatten, unflatten
from bnviz.core.training.figures import measure
from bnviz.core.training.probes import probe
from bnviz.core.training.snapshots import Snapshot
from bnviz.core.types import NETS, Float, StopFlag


def train(config: TrainConfig, dataset: Dataset, should_stop: StopFlag) -> Iterator[Snapshot]:
    """Snapshots at epoch 0, before any step, and after each epoch.

    At ``config.probes.checkpoints`` epochs, spread evenly from 0 to the last, a
    snapshot carries probes and the state; with no checkpoints the last one carries the
    state alone. Epoch 0 comes twice when it is a checkpoint: at once without
    probes, so that there is something to see, then with them.

    `should_stop` is asked between steps and within probes. Once it says yes, probes
    end and one last snapshot carries the state; its epoch is the last whole one.
    A last batch of a single row is skipped for all nets if a norm takes statistics over rows.
    Raises ValueError for fewer than three rows.
    """
    run = Run(config, prepare(config.data, dataset))
    probed = checkpoints(config)
    if 0 in probed:
        yield run.snapshot(0)
    for epoch in range(config.optimizer.epochs + 1):
        if epoch and not run.train_epoch(should_stop):
            yield run.snapshot(epoch - 1, state=True)
            return
        snapshot = run.snapshot(epoch, state=epoch in probed or epoch == config.optimizer.epochs)
        if epoch in probed:
            snapshot = run.probed(snapshot, should_stop)
        yield snapshot


def checkpoints(config: TrainConfig) -> frozenset[int]:
    """The epochs that are probed: evenly spread, 0 and the last among them (one: the last)."""
    count, epochs = config.probes.checkpoints, config.optimizer.epochs
    if count < 2:
        return frozenset([epochs] * count)
    return frozenset(round(index * epochs / (count - 1)) for index in range(count))


@dataclass
class Net:
    """One of the two nets in training: its stack, whose parameters are views of one matrix."""

    stack: Stack
    parameters: Tensor
    step: Step
    diverged: NDArray[np.bool_]


class Run:
    """The state of one training, or of several as one stack.

    `others` are configs that differ from `config` in OWN alone; their networks follow its own.
    """

    def __init__(
        self, config: TrainConfig, data: Prepared, others: Sequence[TrainConfig] = ()
    ) -> None:
        keep_freed_memory()
        self.begun = perf_counter()
        self.config = config
        self.data = data
        configs = [each for each in (config, *others) for _ in range(config.seeds)]
        self.seeds = [*range(config.seed, config.seed + config.seeds)] * (1 + len(others))
        self.nets = {
            name: make_net(configs, self.seeds, len(data.train_x), bn=name == "bn") for name in NETS
        }
        self.others = {
            norm: make_net(
                [_with_norm(each, norm) for each in configs], self.seeds, len(data.train_x), bn=True
            )
            for norm in config.other_norms
        }
        # Apart from the stream of the initial weights, so that the order of the
        # batches does not depend on the shape of the network.
        self.orders = [np.random.default_rng([seed, 1]) for seed in self.seeds]
        self.workspace = Workspace()
        self.steps = 0

    def train_epoch(self, should_stop: StopFlag) -> bool:
        """One pass over the training rows; False if stopped before its end."""
        for x, y in self.batches():
            if should_stop():
                return False
            self.step(x, y)
        return True

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """One pass over the training rows: x (S, D, B), y (S, B), each seed in an order of its own.

        All passes but the first depend on how many there were before.
        """
        rows = self.data.train_x.shape[1]
        size = self.config.optimizer.batch_size
        order = torch.from_numpy(np.stack([rng.permutation(rows) for rng in self.orders]))
        for start in range(0, rows, size):
            batch = order[:, start : start + size]
            if batch.shape[1] < 2 and self.config.over_rows:
                break
            yield self.data.train_x[:, batch].transpose(0, 1), self.data.train_y[batch]

    def step(self, x: Float[Tensor, "s d b"], y: Float[Tensor, "s b"]) -> None:
        """One training step of all nets on a batch."""
        for net in (*self.nets.values(), *self.others.values()):
            net.step(batch_gradient(net.stack, x, y, self.workspace))
        self.steps += 1

    def snapshot(self, epoch: int, *, state: bool = False) -> Snapshot:
        """All nets as they are now."""
        measured = {}
        for name, net in (self.nets | self.others).items():
            measured[name] = measure(net.stack, self.data, net.diverged)
            net.diverged = measured[name].diverged > 0
        return Snapshot(
            epoch,
            self.steps,
            perf_counter() - self.begun,
            measured.pop("bn"),
            measured.pop("plain"),
            self.state() if state else {},
            measured,
        )

    def probed(self, snapshot: Snapshot, should_stop: StopFlag) -> Snapshot:
        """The snapshot with smoothness measured, as far as `should_stop` lets it."""
        sides = []
        for name, side in (("bn", snapshot.bn), ("plain", snapshot.plain)):
            net = self.nets[name]
            probes = probe(
                net.stack, self.data, self.config.probes, self.seeds, ~net.diverged, should_stop
            )
            sides.append(replace(side, **probes))
        seconds = perf_counter() - self.begun
        return replace(snapshot, bn=sides[0], plain=sides[1], seconds=seconds)

    def state(self) -> Mapping[str, NDArray[np.float32]]:
        """Parameters and buffers of both nets, copied, under "bn/..." and "plain/..."."""
        return {
            f"{name}/{key}": value.numpy().astype(np.float32)
            for name, net in self.nets.items()
            for key, value in (net.stack.params | net.stack.buffers).items()
        }


#: The settings that each network of a stack may have for itself; the last two with BN alone.
OWN = ("optimizer.learning_rate", "network.eps", "network.torch_momentum")


def _with_norm(config: TrainConfig, norm: Norm) -> TrainConfig:
    network = config.network.model_copy(update={"norm": norm})
    return config.model_copy(update={"network": network})


def make_net(
    configs: Sequence[TrainConfig], seeds: Sequence[int], features: int, *, bn: bool
) -> Net:
    """Untrained networks, each with its config and seed, and their optimizer."""
    config = configs[0]
    stack = initial(config.network, features, seeds, bn=bn)
    parameters = flatten(list(stack.params.values()))
    stack = stack.with_params(unflatten(parameters, stack.params))
    if bn:
        stack = replace(stack, per_network=_per_network(configs))
    rates = [each.optimizer.learning_rate for each in configs]
    step = optimizer(config.optimizer, parameters, rates)
    return Net(stack, parameters, step, np.zeros(len(seeds), dtype=np.bool_))


def _per_network(configs: Sequence[TrainConfig]) -> Tensors:
    """What BN has of its own in each network, where that differs."""
    settings = {
        name: [getattr(each.network, name) for each in configs]
        for name in ("eps", "torch_momentum")
    }
    return {
        name: torch.tensor(values, dtype=torch.float64)
        for name, values in settings.items()
        if len(set(values)) > 1
    }


def batch_gradient(
    stack: Stack, x: Float[Tensor, "s d b"], y: Float[Tensor, "s b"], workspace: Workspace
) -> Float[Tensor, "s n"]:
    """(S, n) each seed's gradient on its own batch x (S, D, B), y (S, B).

    Moves the running statistics.
    """
    parts = []
    for part in chunks(stack.size, x.shape[2], stack.network.width, x.dtype):
        gradient = loss_gradient(
            stack.part(part), x[part], y[part], "train", update=True, workspace=workspace
        )
        parts.append(flatten(list(gradient.values())))
    return parts[0] if len(parts) == 1 else torch.cat(parts)
