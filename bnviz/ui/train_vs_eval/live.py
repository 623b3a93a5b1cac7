"""What of Train versus eval follows the hand: momentum in both conventions, shift, batch number."""

from typing import Any, Final, Literal

import numpy as np

from bnviz.core.batchnorm.momentum import complement
from bnviz.core.batchnorm.stream import Quantity
from bnviz.core.configs import StreamConfig
from bnviz.ui.chart.chart import Live
from bnviz.ui.train_vs_eval import compute

#: Beyond, the picture of all features comes on release.
MOST_CELLS: Final = 20_000


def running(config: StreamConfig, quantity: Quantity, feature: int | None) -> Live | None:
    """The running statistic of one feature, or of all (None)."""
    drawn, moments = compute.drawn(config.batch, config.steps), compute.moments_of(config.batch)
    if feature is None and drawn.mean.size > MOST_CELLS:
        return None
    shown = list(range(len(drawn.names))) if feature is None else [feature]
    base = _base(config, quantity, shown)
    if feature is None:
        return Live("everyRunning", _sliders(config), base | {"unit": moments.scale})
    return Live("running", _sliders(config), base)


def gap(
    config: StreamConfig,
    quantity: Quantity,
    reference: Literal["true", "train"],
    feature: int,
    step: int,
) -> Live:
    """The parts of one feature's gap, and the batch number at which they are told."""
    biased = quantity == "variance" and reference == "train"
    base = _base(config, quantity, [feature]) | {"biased": biased, "rows": config.batch.batch_size}
    return Live("gapParts", _sliders(config) | {"gap_step": step}, base)


def _sliders(config: StreamConfig) -> dict[str, float]:
    sliders = {"shift": config.shift, "spread": config.spread}
    momentum = config.torch_momentum
    if momentum is None:
        return sliders
    return sliders | {"momentum": momentum, "keras_momentum": complement(momentum)}


def _base(config: StreamConfig, quantity: Quantity, features: list[int]) -> dict[str, Any]:
    """What the walk of a statistic needs to know of each feature."""
    drawn, moments = compute.drawn(config.batch, config.steps), compute.moments_of(config.batch)
    rows = config.batch.batch_size
    if quantity == "mean":
        statistic, scatter = drawn.mean, moments.variance_of_mean(rows)
    else:
        statistic, scatter = drawn.unbiased_variance, moments.variance_of_variance(rows)
    known = {
        "center": moments.mean,
        "scale": moments.scale,
        "expected": moments.expected_variance(rows),
        "scatter": scatter,
    }
    count = len(moments.mean)
    return {
        "quantity": quantity,
        "momentum": config.torch_momentum,
        "shift_at": config.shift_at,
        "statistic": statistic[:, features].T,
        # As arrays, which may hold infinities.
        **{name: np.broadcast_to(each, count)[features] for name, each in known.items()},
    }
