"""Batch normalization of a (B, D) batch in numpy, one equation a function.

Source: Ioffe and Szegedy, *Batch Normalization* (2015), Algorithm 1 and, for the
backward pass, the chain rule in section 3. B rows are samples, D columns are
features; every feature is treated on its own.

Statistics are summed in float64 and stay float64 whatever the batch's dtype; only
`x_hat` and `y` return to it. So a float32 batch of 1e30 has a finite variance, and a
mean far larger than the spread costs no digits. (torch's CPU kernel is different: for a
float32 batch of two dimensions it sums in float32, so its last digits even depend on
the number of threads; see :mod:`bnviz.core.batchnorm.implementations`.)

Nothing here warns: what is undefined comes out as NaN, what is too large for float64
(deviations beyond about 1e154) as infinity.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnviz.core.configs import NormConfig, Precision
from bnviz.core.types import LEVELS, Float, Floats

Batch2d = Float[NDArray[np.floating[Any]], "b d"]
PerFeature = Float[Floats, " d"]

#: So many values are taken at a time: what is computed from them stays in the processor's cache.
_AT_ONCE = 1 << 18


@dataclass(frozen=True)
class BatchMoments:
    """What a batch is normalized with."""

    mean: Floats
    """(D,) in the feature's unit."""
    biased_variance: Floats
    """(D,) in the feature's unit squared."""


@dataclass(frozen=True)
class Forward:
    """A normalized batch and the statistics it was normalized with."""

    mean: Floats
    """(D,) in the feature's unit."""
    biased_variance: Floats
    """(D,) in the feature's unit squared."""
    inverse_std: Floats
    """(D,) 1 / sqrt(biased variance + eps)."""
    x_hat: Batch2d
    """(B, D) without unit, in the batch's dtype."""
    y: Batch2d
    """(B, D) gamma * x_hat + beta, in the batch's dtype."""


@dataclass(frozen=True)
class Gradients:
    """Derivatives of a loss: `x` (B, D) in the upstream's dtype, `gamma` and `beta` (D,)."""

    x: Batch2d
    gamma: Floats
    beta: Floats


@dataclass(frozen=True)
class Statistics:
    """Per-feature figures of a batch, each (D,), `quantiles` (D, 5) at LEVELS."""

    mean: Floats
    biased_variance: Floats
    unbiased_variance: Floats
    standard_deviation: Floats
    """Square root of the biased variance."""
    min: Floats
    max: Floats
    quantiles: Floats


def blocks(x: Batch2d) -> Iterator[Batch2d]:
    """All rows of `x` (B, D), some at a time."""
    rows = max(1, _AT_ONCE // max(1, x.shape[1]))
    return (x[start : start + rows] for start in range(0, len(x), rows))


@np.errstate(all="ignore")
def mean(x: Batch2d) -> PerFeature:
    """mu = 1/B sum_b x_b, (D,). Algorithm 1, line 1.

    The second term is zero but for the rounding of the first: with it a constant
    feature has exactly its own value as mean, and so a variance of exactly zero.
    """
    mu: Floats = x.mean(axis=0, dtype=np.float64)
    rest: Floats = sum((block - mu).sum(axis=0) for block in blocks(x)) / len(x)
    return mu + rest


@np.errstate(all="ignore")
def biased_variance(x: Batch2d, mu: PerFeature | None = None) -> PerFeature:
    """sigma^2 = 1/B sum_b (x_b - mu)^2, (D,). Algorithm 1, line 2.

    Two passes: mean of squares minus square of mean would cancel.
    """
    mu = mean(x) if mu is None else mu
    squares = np.zeros(x.shape[1])
    for block in blocks(x):
        deviations = block - mu
        squares += np.einsum("bd,bd->d", deviations, deviations)
    return squares / len(x)


def batch_moments(x: Batch2d) -> BatchMoments:
    """Mean and biased variance, each feature's own."""
    mu = mean(x)
    return BatchMoments(mu, biased_variance(x, mu))


def unbiased_variance(x: Batch2d, mu: PerFeature | None = None) -> PerFeature:
    """1/(B-1) sum_b (x_b - mu)^2, (D,): NaN for B = 1, where one row says nothing of spread.

    Section 3.1: inference uses B/(B-1) times the biased variance.
    """
    return biased_variance(x, mu) * _bessel(len(x))


def _bessel(rows: int) -> float:
    return rows / (rows - 1) if rows > 1 else np.nan


@np.errstate(all="ignore")
def gain(biased_variance: PerFeature, eps: float) -> PerFeature:
    """1 / sqrt(sigma^2 + eps), (D,): what a deviation is multiplied by; infinite for 1 / 0."""
    return 1.0 / np.sqrt(biased_variance + eps)


@np.errstate(all="ignore")
def swallowed(biased_variance: PerFeature, eps: float) -> PerFeature:
    """eps / (sigma^2 + eps), (D,): the share of epsilon in what is divided by, 0 to 1.

    NaN where both are zero: 0 / 0, as is x_hat there. (The limit would be 1 from
    zero variance and 0 from zero epsilon.)
    """
    return np.asarray(eps / (biased_variance + eps), dtype=np.float64)


@np.errstate(all="ignore")
def normalize(
    x: Batch2d,
    mu: PerFeature,
    biased_variance: PerFeature,
    eps: float,
) -> Batch2d:
    """x_hat = (x - mu) / sqrt(sigma^2 + eps), (B, D). Algorithm 1, line 3.

    With eps = 0 a constant feature becomes 0 / 0 = NaN, as the formula says.
    """
    x_hat = x - mu
    x_hat *= gain(biased_variance, eps)
    return x_hat.astype(x.dtype, copy=False)


def scale_and_shift(
    x_hat: Batch2d,
    gamma: PerFeature | float,
    beta: PerFeature | float,
) -> Batch2d:
    """y = gamma x_hat + beta, (B, D). Algorithm 1, line 4."""
    y = np.multiply(gamma, x_hat, dtype=np.float64)
    y += beta
    return y.astype(x_hat.dtype, copy=False)


def forward(
    x: Batch2d, gamma: PerFeature | float = 1.0, beta: PerFeature | float = 0.0, eps: float = 1e-5
) -> Forward:
    """All four lines of Algorithm 1 on a float32 or float64 batch; gamma, beta (D,) or numbers."""
    now = batch_moments(x)
    mu, biased = now.mean, now.biased_variance
    x_hat = normalize(x, mu, biased, eps)
    return Forward(mu, biased, gain(biased, eps), x_hat, scale_and_shift(x_hat, gamma, beta))


def apply(values: Float[Floats, "b d"], config: NormConfig) -> Forward:
    """:func:`forward` as `config` says, on `values` (B, D) rounded to its precision."""
    x = rounded(values, config.precision)
    return forward(x, *affine(config, x.shape[1]), config.eps)


def rounded(values: Float[Floats, "b d"], precision: Precision) -> Batch2d:
    """`values` in `precision`; one beyond float32's 3.4e38 is infinite there, its feature NaN."""
    with np.errstate(over="ignore"):
        return values.astype(precision, copy=False)


def affine(config: NormConfig, features: int) -> tuple[PerFeature, PerFeature]:
    """Gamma and beta, (D,) each, for a batch of D features.

    Raises ValueError when `config.affine_feature` is none of them.
    """
    if config.affine_feature is None:
        return np.full(features, config.gamma), np.full(features, config.beta)
    if config.affine_feature >= features:
        raise ValueError(
            f"affine_feature is {config.affine_feature}, but this batch has {features} features: "
            f"choose 0 to {features - 1}, or None for all of them"
        )
    gamma, beta = np.ones(features), np.zeros(features)
    gamma[config.affine_feature] = config.gamma
    beta[config.affine_feature] = config.beta
    return gamma, beta


@np.errstate(all="ignore")
def backward(upstream: Batch2d, result: Forward, gamma: PerFeature | float = 1.0) -> Gradients:
    """Gradients of a loss from `upstream` = dL/dy (B, D). Chain rule of section 3, collected:

    dL/dbeta = sum_b g,  dL/dgamma = sum_b g x_hat,
    dL/dx = gamma / sqrt(sigma^2 + eps) (g - mean_b(g) - x_hat mean_b(g x_hat)).
    """
    rows = len(upstream)
    to_beta: Floats = upstream.sum(axis=0, dtype=np.float64)
    to_gamma: Floats = (upstream * result.x_hat).sum(axis=0, dtype=np.float64)
    centered = upstream - to_beta / rows - result.x_hat * (to_gamma / rows)
    to_x = (gamma * result.inverse_std * centered).astype(upstream.dtype, copy=False)
    return Gradients(to_x, to_gamma, to_beta)


@np.errstate(all="ignore")
def describe(x: Batch2d) -> Statistics:
    """Every feature's figures in float64; a feature that holds NaN gets NaN throughout."""
    mu = mean(x)
    biased = biased_variance(x, mu)
    columns = np.ascontiguousarray(x.T, dtype=np.float64)
    return Statistics(
        mean=mu,
        biased_variance=biased,
        unbiased_variance=biased * _bessel(len(x)),
        standard_deviation=np.sqrt(biased),
        min=columns.min(axis=1),
        max=columns.max(axis=1),
        quantiles=np.quantile(columns, LEVELS, axis=1).T,
    )
