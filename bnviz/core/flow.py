"""What flows through the layers of two small nets while they train beside each other.

T = STEPS + 1 moments, the untrained nets first; L hidden layers. A distribution is that of all
of a layer's units over PROBE_ROWS training rows, BN in train mode.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from bnviz.core.configs import TrainConfig
from bnviz.core.data.outlines import outlines
from bnviz.core.data.preparation import dataset_for, prepare
from bnviz.core.nets.stack import Stack, forward, linear
from bnviz.core.training.presets import STEPS
from bnviz.core.training.train import Run
from bnviz.core.types import NETS, Floats
from bnviz.core.verdict import Verdict

PROBE_ROWS = 128
#: How many points an outline has.
POINTS = 40
#: Within this factor of each other two errors are as good as equal.
LEVEL = 1.1

Key = Literal["untrained", "bn", "plain", "level", "lost_bn", "lost_plain", "lost_both"]


@dataclass(frozen=True)
class Places:
    """Distributions at P places of one net; NaN where it left the finite numbers."""

    height: NDArray[np.uint8]
    """(T, P, POINTS) density, 255 at its peak."""
    ends: NDArray[np.float32]
    """(T, P, 2) the values at the outline's first and last point."""
    deviation: NDArray[np.float32]
    """(T, P) standard deviation."""


@dataclass(frozen=True)
class Flow:
    """Both nets at every moment of their training."""

    bn: Places
    """At P = 2 L places: before and after BN, layer by layer."""
    plain: Places
    """At P = L places: what enters each activation."""
    error: Floats
    """(T, 2) root of the mean squared error on the held-out rows, BN in eval mode; NaN if lost."""


def flow(config: TrainConfig) -> Flow:
    """Train one seed of both nets of `config` for STEPS steps and look at every one."""
    run = Run(config, prepare(config.data, dataset_for(config.data)))
    moments = [_moment(run)]
    while True:
        for x, y in run.batches():
            run.step(x, y)
            moments.append(_moment(run))
            if run.steps == STEPS:
                bn, plain, errors = zip(*moments, strict=True)
                return Flow(_places(bn), _places(plain), np.array(errors))


_Moment = tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...], list[float]]


def _moment(run: Run) -> _Moment:
    bn, plain = (run.nets[net].stack for net in NETS)
    x = run.data.train_x[:, :PROBE_ROWS]
    before_and_after = [values for pair in _around_bn(bn, x) for values in pair]
    return (
        _outlined(before_and_after),
        _outlined(forward(plain, x).entering),
        [_error(net, run.data.validation_x, run.data.validation_y) for net in (bn, plain)],
    )


def _around_bn(stack: Stack, x: torch.Tensor) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """What enters and what leaves BN, (1, H, N) each, layer by layer."""
    for index, after in enumerate(forward(stack, x, "train").entering):
        yield linear(stack.params, f"layers.{index}", x), after
        x = torch.tanh(after)


def _outlined(places: "list[torch.Tensor] | tuple[torch.Tensor, ...]") -> tuple[np.ndarray, ...]:
    """Heights (P, POINTS), ends (P, 2) and deviations (P,) of the values at each place."""
    values = torch.stack([place.flatten() for place in places], dim=1).double().numpy()
    with np.errstate(all="ignore"):
        drawn = outlines(np.where(np.isfinite(values), values, np.nan), POINTS)
        height = np.nan_to_num(255 * drawn.height).round().astype(np.uint8)
        return height, drawn.grid[:, [0, -1]], values.std(axis=0)


def _places(moments: tuple[tuple[np.ndarray, ...], ...]) -> Places:
    height, ends, deviation = map(np.stack, zip(*moments, strict=True))
    with np.errstate(over="ignore"):
        return Places(height, ends.astype(np.float32), deviation.astype(np.float32))


def _error(stack: Stack, x: torch.Tensor, y: torch.Tensor) -> float:
    error = float((forward(stack, x).output - y).double().square().mean().sqrt())
    return error if np.isfinite(error) else np.nan


def verdict(flow: Flow, step: int) -> Verdict[Key]:
    """Which net errs less after `step` steps, and how wide what enters the last activation is.

    A net is lost once its error is not finite or larger than twice the untrained net's.
    """
    errors = flow.error[step]
    lost = ~(errors <= 2 * flow.error[0])
    key: Key
    if step == 0:
        key = "untrained"
    elif lost.any():
        key = "lost_both" if lost.all() else "lost_bn" if lost[0] else "lost_plain"
    elif errors.max() <= LEVEL * errors.min():
        key = "level"
    else:
        key = "bn" if errors[0] < errors[1] else "plain"
    numbers = {
        "bn": errors[0],
        "plain": errors[1],
        "bn_width": flow.bn.deviation[step, -1],
        "plain_width": flow.plain.deviation[step, -1],
    }
    return Verdict(key, {"step": step} | {name: float(value) for name, value in numbers.items()})
