"""Smoothness at a checkpoint: random probes and extreme eigenvalues of every seed of a net.

Both look at the training loss on at most PROBE_ROWS rows, with BN in the config's mode, on
copies: the net is left as it is, to the bit.
"""

from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import torch
from numpy.typing import NDArray

from bnviz.core.configs import ProbeConfig
from bnviz.core.curvature.extremes import extremes
from bnviz.core.curvature.probes import draws, estimates
from bnviz.core.data.preparation import Prepared
from bnviz.core.memory import MOST_PROBED
from bnviz.core.nets.chunks import chunk_size, chunks
from bnviz.core.nets.gradients import network_gradient, objective_of
from bnviz.core.nets.stack import Stack
from bnviz.core.training.snapshots import PROBE_ROWS
from bnviz.core.types import Floats, StopFlag, Stopped

#: Lanczos stops at this relative residual: four digits of an eigenvalue that stands
#: alone, far more than a figure shows. The residual reached is in the snapshot.
TOLERANCE = 1e-2

Findings = dict[str, Floats]


def probe(
    stack: Stack,
    data: Prepared,
    config: ProbeConfig,
    seeds: Sequence[int],
    alive: NDArray[np.bool_],
    should_stop: StopFlag,
) -> Findings:
    """A snapshot's Lipschitz fields, and its eigenvalue fields if asked for, each (S,).

    Seeds that are not `alive` are NaN. What `should_stop` cuts short is left out.
    """
    figures: Findings = {}
    with suppress(Stopped):
        figures |= _lipschitz(stack, data, config, seeds, alive, should_stop)
        if config.eigenvalues:
            figures |= eigenvalues(stack, data, config, alive, should_stop)
    return figures


def _most(stack: Stack) -> int:
    """How many copies of one of the networks are held at a time, at least one."""
    return max(1, MOST_PROBED // sum(value[0].numel() for value in stack.params.values()))


def _lipschitz(
    stack: Stack,
    data: Prepared,
    config: ProbeConfig,
    seeds: Sequence[int],
    alive: NDArray[np.bool_],
    should_stop: StopFlag,
) -> Findings:
    """Each seed has directions of its own, the same at every checkpoint."""
    dtype = getattr(torch, config.precision)
    x, y = data.train_x[:, :PROBE_ROWS].to(dtype), data.train_y[:PROBE_ROWS].to(dtype)
    chunk = min(chunk_size(x.shape[1], stack.network.width, dtype), _most(stack))
    median, largest = np.full((2, stack.size), np.nan)
    for index in np.flatnonzero(alive):
        one = stack.part(slice(index, index + 1)).cast(dtype)
        drawn = draws(one.params, config.count, seeds[int(index)], chunk)
        gradient = network_gradient(one, x, y, config.bn_mode)
        ratios = estimates(gradient, one.params, drawn, config.scale, should_stop=should_stop)
        median[index], largest[index] = np.median(ratios), ratios.max()
    return {"lipschitz_median": median, "lipschitz_max": largest}


def eigenvalues(
    stack: Stack,
    data: Prepared,
    config: ProbeConfig,
    alive: NDArray[np.bool_],
    should_stop: StopFlag,
) -> Findings:
    """A snapshot's eigenvalue fields, each (S,); raises Stopped."""
    x, y = data.train_x[:, :PROBE_ROWS].double(), data.train_y[:PROBE_ROWS].double()
    parts = []
    for part in chunks(stack.size, x.shape[1], stack.network.width, x.dtype, most=_most(stack)):
        some = stack.part(part).cast(x.dtype)
        objective = objective_of(some, x, y, config.bn_mode)
        ends = extremes(objective, some.params, tolerance=TOLERANCE, should_stop=should_stop)
        residual = np.maximum(ends.minimum_residual, ends.maximum_residual)
        parts.append(np.stack([ends.minimum, ends.maximum, residual]))
    values = np.where(alive, np.concatenate(parts, axis=1), np.nan)
    return dict(
        zip(("eigenvalue_min", "eigenvalue_max", "eigenvalue_residual"), values, strict=True)
    )
