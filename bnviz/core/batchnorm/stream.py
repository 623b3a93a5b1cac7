"""Batches stream through BN, and its running statistics walk toward the true values.

With z_t the statistic of batch t, m_t the weight it gets and tau_t its expectation, the
running statistic r_t = (1 - m_t) r_(t-1) + m_t z_t has the expectation of the same
recursion over tau and, batches being independent, the variance
V_t = (1 - m_t)^2 V_(t-1) + m_t^2 Var z_t. For a constant torch momentum m that grows to
m / (2 - m) Var z: the transient is in the recursion.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import SeedSequence

from bnviz.core.batchnorm import equations
from bnviz.core.batchnorm.momentum import average, remaining, shares
from bnviz.core.configs import BatchConfig, StreamConfig
from bnviz.core.data.batches import draw
from bnviz.core.data.moments import Moments
from bnviz.core.data.tables import Table
from bnviz.core.types import Float, Floats

Quantity = Literal["mean", "variance"]

#: Drawing more numbers than this would keep the reader waiting.
MOST_CELLS = 6_000_000


@dataclass(frozen=True)
class Drawn:
    """Mean and unbiased variance of T batches of D features, (T, D) each, before any shift."""

    names: tuple[str, ...]
    mean: Float[Floats, "t d"]
    unbiased_variance: Float[Floats, "t d"]


@dataclass(frozen=True)
class Track:
    """One running statistic of D features on its way, in the feature's unit (squared)."""

    batch: Float[Floats, "t d"]
    """The statistic of each batch."""
    running: Float[Floats, "t+1 d"]
    """After 0 ... T batches."""
    true: Float[Floats, "t+1 d"]
    """What a batch of that moment has on average; first the value before any shift."""
    deviation: Float[Floats, "t+1 d"]
    """The standard deviation that theory gives `running`; NaN or infinite if none."""
    remaining: Float[Floats, " t+1"]
    """What is left of the start."""
    shares: Float[Floats, " t"]
    """The weight of each new batch."""

    @property
    def expected(self) -> Float[Floats, "n d"]:
        """(T + 1, D) what theory expects of `running`."""
        return average(self.true[1:], self.shares, self.running[0])


@dataclass(frozen=True)
class Walk:
    """Running mean and unbiased running variance of BN in train mode."""

    names: tuple[str, ...]
    batch_size: int
    mean: Track
    variance: Track
    rows: int | None
    """Of the table that batches are drawn from without replacement; None: there is no end to it."""

    @property
    def spread(self) -> Float[Floats, "t d"]:
        """(T, D) biased variance of the data that batch t is drawn from."""
        return self.variance.true[1:] * (1 - 1 / self.rows if self.rows else 1.0)


def batch_of(config: StreamConfig, step: int) -> BatchConfig:
    """Batch `step` of the stream, before any shift: the stream's seed and `step` make its seed."""
    seed = int(SeedSequence((config.batch.seed, step)).generate_state(1)[0])
    return config.batch.model_copy(update={"seed": seed})


def possible_steps(batch: BatchConfig, steps: int) -> int:
    """How many of the `steps` are drawn: fewer where batches are huge."""
    return min(steps, max(2, MOST_CELLS // (batch.batch_size * batch.features)))


def drawn(batch: BatchConfig, steps: int, table: Table | None = None) -> Drawn:
    """The statistics of the stream's first batches, as many of `steps` as are possible.

    Raises ValueError for batches of one row.
    """
    if batch.batch_size < 2:
        raise ValueError("a batch of 1 row has no unbiased variance: use 2 rows or more")
    config = StreamConfig(batch=batch, steps=steps)
    means, variances = [], []
    for step in range(1, possible_steps(batch, steps) + 1):
        each = draw(batch_of(config, step), table)
        mean = equations.mean(each.values)
        means.append(mean)
        variances.append(equations.unbiased_variance(each.values, mean))
    return Drawn(each.names, np.array(means), np.array(variances))


def walk(config: StreamConfig, batches: Drawn, moments: Moments) -> Walk:
    """BN's running statistics over `batches`, with what theory says of them.

    A shift moves and stretches the data, x' = mu + shift * scale + spread * (x - mu), and so
    its statistics; the batches need not be drawn again.
    """
    steps, rows = len(batches.mean), config.batch.batch_size
    after = np.arange(1, steps + 1) >= config.shift_at if config.shift_at else np.zeros(steps, bool)
    moved = after[:, None] * config.shift * moments.scale
    factor = np.where(after, config.spread, 1.0)[:, None]
    each = shares(config.torch_momentum, steps)
    mean = moments.mean + moved + factor * (batches.mean - moments.mean)
    true_mean = moments.mean + moved
    true_variance = factor**2 * moments.expected_variance(rows)
    return Walk(
        batches.names,
        rows,
        _track(
            mean, true_mean, moments.mean, factor**2 * moments.variance_of_mean(rows), each, 0.0
        ),
        _track(
            factor**2 * batches.unbiased_variance,
            true_variance,
            moments.expected_variance(rows),
            factor**4 * moments.variance_of_variance(rows),
            each,
            1.0,
        ),
        moments.rows if moments.whole(rows) else None,
    )


def _track(
    batch: Float[Floats, "t d"],
    true: Float[Floats, "t d"],
    before: Float[Floats, " d"],
    scatter: Float[Floats, "t d"],
    each: Float[Floats, " t"],
    start: float,
) -> Track:
    spreads = [np.zeros(batch.shape[1])]
    with np.errstate(invalid="ignore"):
        for share, variance in zip(each, scatter, strict=True):
            # A weight of 0 must not turn an infinite variance into NaN.
            kept = (1 - share) ** 2 * spreads[-1] if share < 1 else 0.0
            spreads.append(kept + share**2 * variance)
        deviation = np.sqrt(spreads)
    return Track(
        batch,
        average(batch, each, start),
        np.vstack([before, true]),
        deviation,
        remaining(each),
        each,
    )


@dataclass(frozen=True)
class Gap:
    """Running statistic minus a reference, (T + 1, D) each: the four parts add up to `total`."""

    total: Float[Floats, "n d"]
    warm_up: Float[Floats, "n d"]
    """What is left of the start: (1 - m)^t (start - true value before any shift)."""
    bessel: Float[Floats, "n d"]
    """The running variance is the unbiased one; train mode divides by the biased one."""
    drift: Float[Floats, "n d"]
    """How far the running statistic lags behind data that moved."""
    noise: Float[Floats, "n d"]
    """What the batches happened to be."""
    predicted: Float[Floats, "n d"]
    """The standard deviation that theory gives `noise`."""


@np.errstate(invalid="ignore")
def gap(walk: Walk, quantity: Quantity, reference: Literal["true", "train"]) -> Gap:
    """The gap of `quantity` taken apart.

    The reference is the true value or what BN in train mode uses on average: the same mean,
    but the biased variance, (B - 1) / B of the unbiased one.
    """
    track = walk.mean if quantity == "mean" else walk.variance
    biased = quantity == "variance" and reference == "train"
    bessel = track.true / walk.batch_size if biased else np.zeros_like(track.true)
    lagging = average(track.true[1:], track.shares, track.true[0])
    return Gap(
        total=track.running - (track.true - bessel),
        warm_up=track.remaining[:, None] * (track.running[0] - track.true[0]),
        bessel=bessel,
        drift=lagging - track.true,
        noise=average(track.batch - track.true[1:], track.shares, 0.0),
        predicted=track.deviation,
    )


@dataclass(frozen=True)
class EvalOutput:
    """The data of batch t behind BN in eval mode after that batch, (T, D) each.

    Train mode makes the mean 0.
    """

    mean: Float[Floats, "t d"]
    deviation: Float[Floats, "t d"]
    train_deviation: Float[Floats, "t d"]
    """What the data's own variance makes of it: 1, but for epsilon."""


@np.errstate(invalid="ignore")
def eval_output(walk: Walk, eps: float) -> EvalOutput:
    """Mean and standard deviation of each feature behind BN in eval mode, after each batch."""
    inverse = 1 / np.sqrt(walk.variance.running[1:] + eps)
    return EvalOutput(
        (walk.mean.true[1:] - walk.mean.running[1:]) * inverse,
        np.sqrt(walk.spread) * inverse,
        np.sqrt(walk.spread / (walk.spread + eps)),
    )
