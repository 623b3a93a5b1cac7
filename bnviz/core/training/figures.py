"""What a snapshot says of one of the nets, without leaving a trace in it.

The cost is bounded: losses are taken on at most LOSS_ROWS rows of
each part, activations and gradients on the first ACTIVATION_ROWS and GRADIENT_ROWS
training rows, quantiles on the first QUANTILE_ROWS. The split shuffles rows, so the
first ones are a random sample; up to those numbers nothing is left out.
"""

from dataclasses import fields, replace

import numpy as np
import torch
from torch import Tensor

from bnviz.core.data.preparation import Prepared
from bnviz.core.nets.backpropagation import Workspace
from bnviz.core.nets.chunks import chunks
from bnviz.core.nets.gradients import loss_gradient, mean_squared_error
from bnviz.core.nets.stack import Stack, forward
from bnviz.core.nets.vectors import flatten
from bnviz.core.training.snapshots import (
    ACTIVATION_ROWS,
    GRADIENT_ROWS,
    LOSS_ROWS,
    QUANTILE_ROWS,
    NetSnapshot,
)
from bnviz.core.types import LEVELS, Bool, Bools, Float, Floats, each_array

_NOTHING = np.empty(0)


# Seeds that are diverging hold infinities, which numpy would warn of.
@np.errstate(invalid="ignore", over="ignore")
@torch.no_grad()
def measure(stack: Stack, data: Prepared, diverged: Bool[Bools, " s"]) -> NetSnapshot:
    """Everything but probes. Seeds that have `diverged` (S,), or do so now, are NaN throughout."""
    x = torch.cat([data.train_x[:, :LOSS_ROWS], data.validation_x[:, :LOSS_ROWS]], dim=1)
    workspace = Workspace()
    parts = [
        _measure_part(stack.part(part), data, x, workspace)
        for part in chunks(stack.size, x.shape[1], stack.network.width, x.dtype)
    ]
    figures = {name: np.concatenate([part[name] for part in parts], axis=-1) for name in parts[0]}
    figures["activation_quantiles"] = np.moveaxis(figures["activation_quantiles"], 1, 2)
    figures["weight_norm"] = _weight_norm(stack)
    figures |= {name: _running(stack, name) for name in ("running_mean", "running_variance")}
    nothing = {field.name: _NOTHING for field in fields(NetSnapshot)}
    snapshot = NetSnapshot(**nothing | figures)
    losses = np.isfinite(snapshot.train_loss) & np.isfinite(snapshot.validation_loss)
    gone = diverged | ~(stack.alive & losses)
    return replace(masked(snapshot, gone), diverged=gone.astype(np.float64))


def masked(snapshot: NetSnapshot, gone: Bool[Bools, " s"]) -> NetSnapshot:
    """The snapshot with NaN in every figure of the seeds that are `gone` (S,)."""

    def without(value: Floats) -> Floats:
        value = value.copy()
        if value.size:
            value[(slice(None), gone) if value.ndim > 1 else gone] = np.nan
        return value

    return each_array(without, snapshot)


def _measure_part(
    stack: Stack, data: Prepared, x: Tensor, workspace: Workspace
) -> dict[str, Floats]:
    """Figures of a few networks, the seeds along the last axis."""
    rows = min(LOSS_ROWS, data.train_x.shape[1])
    passed = forward(stack, x, "eval")
    train, validation = passed.output[:, :rows], passed.output[:, rows:]
    some, targets = data.train_x[:, :GRADIENT_ROWS], data.train_y[:GRADIENT_ROWS]
    gradient = loss_gradient(stack, some, targets, "train", workspace=workspace)
    layers = [
        _activations(stack, entering[:, :, : min(rows, ACTIVATION_ROWS)])
        for entering in passed.entering
    ]
    return {
        "train_loss": _numpy(mean_squared_error(train, data.train_y[:rows])),
        "validation_loss": _numpy(
            mean_squared_error(validation, data.validation_y[: validation.shape[1]])
        ),
        "gradient_norm": _numpy(torch.linalg.vector_norm(flatten(list(gradient.values())), dim=1)),
    } | {name: np.stack([layer[name] for layer in layers]) for name in layers[0]}


def _activations(stack: Stack, entering: Float[Tensor, "k h n"]) -> dict[str, Floats]:
    """Figures of what enters one layer's activation function, (K, H, N)."""
    mean = entering.mean((1, 2))
    variance = (entering - mean[:, None, None]).square_().mean((1, 2))
    if stack.network.activation == "relu":
        dead = _numpy((entering.amax(2) <= 0).to(entering.dtype).mean(1))
    else:
        dead = np.full(len(entering), np.nan)
    some = np.sort(entering[:, :, :QUANTILE_ROWS].flatten(1).numpy(), axis=1)
    at = np.array(LEVELS) * (some.shape[1] - 1)
    low, weight = np.floor(at).astype(int), at % 1
    high = np.minimum(low + 1, some.shape[1] - 1)
    quantiles = some[:, low] * (1 - weight) + some[:, high] * weight
    return {
        "activation_mean": _numpy(mean),
        "activation_std": _numpy(variance.sqrt()),
        "activation_quantiles": quantiles.T,
        "dead_share": dead,
    }


def _running(stack: Stack, name: str) -> Floats:
    """(L, S, 5) quantiles over units of a running statistic; (0,) where there is none."""
    if not stack.buffers:
        return _NOTHING
    layers = [
        np.quantile(_numpy(stack.buffers[f"layers.{index}.{name}"]), LEVELS, axis=1).T
        for index in range(stack.network.depth)
    ]
    return np.stack(layers)


def _weight_norm(stack: Stack) -> Floats:
    weights = [value for name, value in stack.params.items() if name.endswith("weight")]
    return _numpy(torch.linalg.vector_norm(flatten(weights), dim=1))


def _numpy(tensor: Tensor) -> Floats:
    return tensor.numpy().astype(np.float64)
