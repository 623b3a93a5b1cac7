"""How well the trained nets predict."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from bnviz.core.configs import NetworkConfig, TrainConfig
from bnviz.core.data.preparation import prepare, split
from bnviz.core.data.tables import Dataset
from bnviz.core.nets.chunks import chunks
from bnviz.core.nets.stack import Stack, forward
from bnviz.core.nets.vectors import Tensors
from bnviz.core.types import NETS, Float, Floats

State = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Predicted:
    """One net on the held-out rows, each seed: a diverged seed is NaN."""

    predictions: Floats
    """(S, n) in target units."""
    r2: Floats
    """(S,) coefficient of determination; NaN where the targets are constant."""
    mean_absolute_error: Floats
    """(S,) in target units."""


@dataclass(frozen=True)
class Evaluation:
    """Both nets on the n held-out rows, beside the training rows' mean target as a prediction."""

    targets: Floats
    """(n,) in target units."""
    bn: Predicted
    plain: Predicted
    baseline_r2: float
    """R2 of always predicting the mean; NaN where the targets are constant, else at most 0."""
    baseline_mean_absolute_error: float
    """In target units."""
    baseline_loss: float
    """Mean squared error of the same, in squared target units."""


def evaluate(config: TrainConfig, dataset: Dataset, state: State) -> Evaluation:
    """Both nets of a snapshot's `state`, in eval mode, on the rows of `dataset` held out."""
    train, held = split(config.data, len(dataset.x))
    targets = dataset.y[held, 0].astype(np.float64)
    bn, plain = predict(config, dataset, state, dataset.x[held])
    mean = np.full((1, len(held)), dataset.y[train, 0].astype(np.float64).mean())
    baseline = _against(targets, mean)
    return Evaluation(
        targets,
        _against(targets, bn),
        _against(targets, plain),
        float(baseline.r2[0]),
        float(baseline.mean_absolute_error[0]),
        baseline_loss(config, dataset),
    )


def baseline_loss(config: TrainConfig, dataset: Dataset) -> float:
    """Mean squared error, on the held-out rows, of always predicting the training rows' mean."""
    train, held = split(config.data, len(dataset.x))
    y = dataset.y[:, 0].astype(np.float64)
    return float(np.square(y[held] - y[train].mean()).mean())


def predict(
    config: TrainConfig, dataset: Dataset, state: State, x: Float[NDArray[np.floating], "n d"]
) -> tuple[Float[Floats, "s n"], Float[Floats, "s n"]]:
    """Raw rows `x` (n, D) through both nets in eval mode: BN's and the plain net's predictions.

    Inputs are standardized inside, as they were in training on `dataset`.
    """
    scaled = prepare(config.data, dataset).scaling.apply(np.asarray(x))
    sides = []
    for name in NETS:
        stack = stack_of(config.network, state, name)
        parts = [
            forward(stack.part(part), scaled).output.numpy().astype(np.float64)
            for part in chunks(stack.size, len(x), stack.network.width, scaled.dtype)
        ]
        sides.append(np.concatenate(parts))
    return sides[0], sides[1]


def stack_of(network: NetworkConfig, state: State, name: str) -> Stack:
    """The net `name`, "bn" or "plain", of a snapshot's state."""
    layers = [*(f"layers.{index}" for index in range(network.depth)), "output"]

    def take(*endings: str) -> Tensors:
        keys = [f"{layer}.{ending}" for layer in layers for ending in endings]
        arrays = {key: state[f"{name}/{key}"] for key in keys if f"{name}/{key}" in state}
        return {key: torch.tensor(value) for key, value in arrays.items()}

    network = network if name == "bn" else network.without_norm
    params = take("weight", "bias", "gamma", "beta", "alpha")
    return Stack(network, params, take("running_mean", "running_variance", "batches"))


def _against(targets: Floats, predictions: Floats) -> Predicted:
    finite = np.isfinite(predictions).all(axis=1, keepdims=True)
    predictions = np.where(finite, predictions, np.nan)
    residual = targets - predictions
    # Targets that are all alike would leave a spread of rounding errors.
    constant = np.ptp(targets) == 0
    spread = np.nan if constant else np.square(targets - targets.mean()).sum()
    r2 = 1 - np.square(residual).sum(axis=1) / spread
    return Predicted(predictions, r2, np.abs(residual).mean(axis=1))
