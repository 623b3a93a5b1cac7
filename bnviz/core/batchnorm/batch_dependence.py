"""What BN in train mode makes of one sample depends on the other rows of its batch.

A sample z standard deviations from the mean stands in a batch of B with n = B - 1 random
rows, whose mean is m and biased variance s^2 (in standardized units). Then the batch's
mean lies (z - m) n / B away from it and the batch's biased variance is
n / B (s^2 + (z - m)^2 / B), so that, with epsilon in units of the variance,

    y = n / B (z - m) / sqrt(n / B (s^2 + (z - m)^2 / B) + eps),

which never leaves +/- sqrt(B - 1) (Samuelson 1968) and for B = 2 is near +1 or -1, unless
epsilon rules. For normal rows m and n s^2 are independent, normal and chi-squared with n - 1
degrees of freedom (Cochran's theorem), and y grows with z - m: its distribution is one integral
over s^2. Without epsilon it is that of Student's noncentral t.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.random import SeedSequence

from bnviz.core.configs import BatchConfig
from bnviz.core.data.batches import all_rows, draw
from bnviz.core.data.moments import Moments
from bnviz.core.data.tables import Table
from bnviz.core.types import LEVELS, Float, Floats
from bnviz.core.verdict import Verdict

#: Batch sizes that are measured, as far as a table's rows suffice without repeating any.
SIZES = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
#: Sources whose every feature is normal: theory is exact for them.
NORMAL = ("normal", "correlated", "constant")

_MOST_CELLS = 4_000_000
_MOST_ROWS = 65_536


@dataclass(frozen=True)
class BatchDependence:
    """What became of one sample in random batches of every size."""

    sizes: tuple[int, ...]
    """Those of SIZES that were measured."""
    outputs: tuple[Floats, ...]
    """For each of them (R,) normalized outputs, without gamma and beta."""
    quantiles: Floats
    """(sizes, 5) their LEVELS."""
    theory: Floats | None
    """(sizes, 5) what theory expects; None where the data has no variance."""
    exact: bool
    """Whether the theory is the exact one for normal data; else it holds for large batches."""
    whole: float
    """The output with the true mean and variance: what eval mode gives in the end."""


def batch_dependence(
    config: BatchConfig, feature: int, z: float, eps: float, moments: Moments, table: Table | None
) -> BatchDependence:
    """The sample `z` standard deviations off in `feature` of what `config` draws."""
    scale = float(moments.scale[feature])
    value = float(moments.mean[feature]) + z * scale
    others = other_rows(config, feature, table)
    sizes = tuple(size for size in SIZES if size <= others.shape[1] + 1)
    outputs = tuple(normalized(value, others[:, : size - 1], eps) for size in sizes)
    quantiles = np.array([np.quantile(y, LEVELS) for y in outputs])
    exact = config.source in NORMAL
    theory = None
    if np.isfinite(moments.fourth[feature]) and scale > 0:
        theory = np.array(
            [_theory(config, z, size, moments, feature, LEVELS, eps / scale**2) for size in sizes]
        )
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = float(z * scale / np.sqrt(moments.variance[feature] + eps))
    return BatchDependence(sizes, outputs, quantiles, theory, exact, whole)


def verdict(
    dependence: BatchDependence, size: int, z: float
) -> Verdict[Literal["pair", "many", "undefined"]]:
    """Between what bounds the sample comes out of batches of `size` in 90 % of cases.

    "undefined" where that is 0 / 0: without epsilon, of a feature that does not vary.
    """
    quantiles = dependence.quantiles[dependence.sizes.index(size)]
    low, high = float(quantiles[0]), float(quantiles[-1])
    if not np.isfinite([low, high, dependence.whole]).all():
        return Verdict("undefined")
    values = {"low": low, "high": high, "whole": dependence.whole, "size": size, "z": z}
    return Verdict("pair" if size == 2 and min(abs(quantiles)) > 0.99 else "many", values)


def other_rows(
    config: BatchConfig, feature: int, table: Table | None = None
) -> Float[Floats, "r n"]:
    """(R, n) values of `feature`, each row the others of a batch that a sample may be in; n is 255.

    Rows of real data are drawn without replacement, so n is at most their number.
    """
    most = SIZES[-1] - 1
    rows = all_rows(config, table)
    if rows is not None:
        values = rows[:, feature]
        rng = np.random.Generator(np.random.PCG64(config.seed))
        order = np.argsort(rng.random((800, len(values))), axis=1)[:, :most]
        return np.asarray(values[order])
    wanted = {"features": feature + 1, "batch_size": _MOST_ROWS // most * most}
    draws = max(1, min(4, _MOST_CELLS // (wanted["batch_size"] * wanted["features"])))
    if draws == 1:
        groups = max(64, min(_MOST_ROWS // most, _MOST_CELLS // (most * wanted["features"])))
        wanted["batch_size"] = groups * most
    seeds = SeedSequence((config.seed, 1)).generate_state(draws)
    parts = [
        draw(config.model_copy(update=wanted | {"seed": int(seed)})).values[:, feature]
        for seed in seeds
    ]
    return np.concatenate(parts).reshape(-1, most)


@np.errstate(invalid="ignore", divide="ignore")
def normalized(value: float, others: Float[Floats, "r n"], eps: float) -> Float[Floats, " r"]:
    """(R,) what BN in train mode makes of `value` in a batch with each row of `others` (R, n)."""
    size = others.shape[1] + 1
    center = others.mean(axis=1)
    spread = np.square(others - center[:, None]).mean(axis=1)
    away = value - center
    share = (size - 1) / size
    return np.asarray(share * away / np.sqrt(share * (spread + away**2 / size) + eps))


def _theory(
    config: BatchConfig,
    z: float,
    size: int,
    moments: Moments,
    feature: int,
    levels: Sequence[float],
    eps: float,
) -> Floats:
    if config.source in NORMAL:
        return exact_quantiles(z, size, levels, eps)
    return large_batch(z, size, moments, feature, levels, eps)


def exact_quantiles(z: float, size: int, levels: Sequence[float], eps: float = 0.0) -> Floats:
    """Quantiles of the output for normal data; `eps` in units of its variance.

    The integral over s^2 by Gauss and Legendre, its inverse by bisection; see the module's text.
    """
    from scipy.special import gammaincinv, ndtr, ndtri

    others = size - 1
    share = others / size
    if others == 1:
        away = z + ndtri(np.array(levels))
        return np.asarray(share * away / np.sqrt(share * away**2 / size + eps))
    nodes, weights = _nodes()
    spread = 2 * gammaincinv((others - 1) / 2, (nodes + 1) / 2) / others
    high = np.full(len(levels), np.sqrt(others))
    low = -high
    for _ in range(60):
        middle = (low + high) / 2
        stretch = np.sqrt((spread + eps / share) / (share - middle[:, None] ** 2 / size))
        below = ndtr((middle[:, None] * stretch - z) * np.sqrt(others)) @ (weights / 2) < levels
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray(middle)


@cache
def _nodes() -> tuple[Floats, Floats]:
    """Places in (-1, 1) and their weights, (200,) each, by Gauss and Legendre."""
    return np.polynomial.legendre.leggauss(200)


def density(
    config: BatchConfig, feature: int, z: float, size: int, eps: float, moments: Moments
) -> tuple[Floats, Floats] | None:
    """Where theory expects the output in batches of `size`: places and density, (n,) each.

    None for two rows, whose output is a sign, and where there is no theory.
    """
    scale = float(moments.scale[feature])
    if size < 3 or scale <= 0 or not np.isfinite(moments.fourth[feature]):
        return None
    levels = np.linspace(0.002, 0.998, 160)
    places = _theory(config, z, size, moments, feature, levels.tolist(), eps / scale**2)
    steps = np.diff(places)
    if not np.all(steps > 0):
        return None
    return (places[1:] + places[:-1]) / 2, np.diff(levels) / steps


def large_batch(
    z: float,
    size: int,
    moments: Moments,
    feature: int,
    levels: Sequence[float] = LEVELS,
    eps: float = 0.0,
) -> Floats:
    """Quantiles of the normal approximation for any data with four moments; `eps` in variances.

    From y = (z - m) / sqrt(s^2 + eps) by the delta method: with w = 1 + eps its variance is
    (1 + z skewness / w + z^2 (kurtosis - 1) / 4 w^2) / w n, less what drawing without
    replacement saves.
    """
    from scipy.special import ndtri

    scale, whole = moments.scale[feature], 1 + eps
    skewness, kurtosis = moments.third[feature] / scale**3, moments.fourth[feature] / scale**4
    left = moments.variance_of_mean(size - 1)[feature] / scale**2
    variance = (1 + z * skewness / whole + z**2 * (kurtosis - 1) / 4 / whole**2) * left
    deviation = np.sqrt(max(variance, 0.0))
    return np.asarray((z + deviation * ndtri(np.array(levels))) / np.sqrt(whole))
