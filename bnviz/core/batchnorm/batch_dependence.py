"""One sample among strangers: what BN in train mode makes of it depends on its batch.

A sample z standard deviations from the mean stands in a batch of B with n = B - 1 random
rows, whose mean is m and biased variance s^2 (in standardized units). Then the batch's
mean lies (z - m) n / B away from it and the batch's biased variance is
n / B (s^2 + (z - m)^2 / B), so that without epsilon

    y = sqrt(n / B) (z - m) / sqrt(s^2 + (z - m)^2 / B),

which never leaves +/- sqrt(B - 1) (Samuelson 1968) and for B = 2 is +1 or -1. For normal
rows sqrt(n) (z - m) / s sqrt((n - 1) / n) follows Student's noncentral t with n - 1 degrees
of freedom, and y is a monotone function of it: its quantiles are exact.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import SeedSequence

from bnviz.core.configs import BatchConfig
from bnviz.core.data.batches import all_rows, draw
from bnviz.core.data.moments import Moments
from bnviz.core.data.tables import Table
from bnviz.core.types import Floats
from bnviz.core.verdict import Verdict

#: Batch sizes that are measured, as far as a table's rows suffice without repeating any.
SIZES = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
#: Sources whose every feature is normal: theory is exact for them.
NORMAL = ("normal", "correlated", "constant")

_MOST_CELLS = 4_000_000
_MOST_ROWS = 65_536


@dataclass(frozen=True)
class Company:
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


def company(
    config: BatchConfig, feature: int, z: float, eps: float, moments: Moments, table: Table | None
) -> Company:
    """The sample `z` standard deviations off in `feature` of what `config` draws."""
    scale = float(moments.scale[feature])
    value = float(moments.mean[feature]) + z * scale
    others = strangers(config, feature, table)
    sizes = tuple(size for size in SIZES if size <= others.shape[1] + 1)
    outputs = tuple(normalized(value, others[:, : size - 1], eps) for size in sizes)
    quantiles = np.array([np.quantile(y, LEVELS) for y in outputs])
    exact = config.source in NORMAL
    theory = None
    if np.isfinite(moments.fourth[feature]) and scale > 0:
        shrink = scale / np.sqrt(scale**2 + eps)
        rows = [
            exact_quantiles(z, size, LEVELS) if exact else large_batch(z, size, moments, feature)
            for size in sizes
        ]
        theory = np.array(rows) * shrink
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = float(z * scale / np.sqrt(moments.variance[feature] + eps))
    return Company(sizes, outputs, quantiles, theory, exact, whole)


def verdict(company: Company, size: int, z: float) -> Verdict[Literal["pair", "many"]]:
    """Between what bounds the sample comes out of batches of `size` in 90 % of cases."""
    low, *_, high = company.quantiles[company.sizes.index(size)]
    values = {"low": float(low), "high": float(high), "whole": company.whole, "size": size, "z": z}
    return Verdict("pair" if size == 2 else "many", values)


def strangers(config: BatchConfig, feature: int, table: Table | None = None) -> Floats:
    """(R, n) values of `feature`, each row the company that a sample may meet; n is 255.

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
def normalized(value: float, others: Floats, eps: float) -> Floats:
    """(R,) what BN in train mode makes of `value` in a batch with each row of `others` (R, n)."""
    size = others.shape[1] + 1
    center = others.mean(axis=1)
    spread = np.square(others - center[:, None]).mean(axis=1)
    away = value - center
    share = (size - 1) / size
    return np.asarray(share * away / np.sqrt(share * (spread + away**2 / size) + eps))


def exact_quantiles(z: float, size: int, levels: tuple[float, ...]) -> Floats:
    """Quantiles of the output for normal data without epsilon; see the module's text."""
    from scipy.stats import nct, norm

    others = size - 1
    if others == 1:
        # The sign of z - m: -1 with the probability that the other one is larger.
        return np.where(np.array(levels) <= norm.sf(z), -1.0, 1.0)
    t = nct.ppf(levels, others - 1, z * np.sqrt(others)) / np.sqrt(others - 1)
    return np.asarray(np.sqrt(others / size) * t / np.sqrt(1 + t**2 / size))


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
    exact = config.source in NORMAL
    places = (
        exact_quantiles(z, size, tuple(levels))
        if exact
        else large_batch(z, size, moments, feature, tuple(levels))
    ) * (scale / np.sqrt(scale**2 + eps))
    steps = np.diff(places)
    if not np.all(steps > 0):
        return None
    return (places[1:] + places[:-1]) / 2, np.diff(levels) / steps


def large_batch(
    z: float, size: int, moments: Moments, feature: int, levels: tuple[float, ...] = LEVELS
) -> Floats:
    """Quantiles of the normal approximation for any data with four moments.

    From y = (z - m) / s by the delta method: variance (1 + z skewness + z^2 (kurtosis - 1) / 4)
    / n, less what drawing without replacement saves.
    """
    from scipy.stats import norm

    scale = moments.scale[feature]
    skewness, kurtosis = moments.third[feature] / scale**3, moments.fourth[feature] / scale**4
    left = moments.variance_of_mean(size - 1)[feature] / scale**2
    variance = (1 + z * skewness + z**2 * (kurtosis - 1) / 4) * left
    return np.asarray(z + np.sqrt(max(variance, 0.0)) * norm.ppf(levels))
