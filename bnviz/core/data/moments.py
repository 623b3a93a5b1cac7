"""The true moments of what batches are drawn from: closed forms; for real data the full table's.

Two things a batch's statistics do need these: the value they scatter around, and how
far. For rows drawn without replacement from a finite table the exact formulas are
Cochran's for the mean (*Sampling Techniques*, 1977, theorem 2.2) and Tukey's for the
variance (*Keeping moment-like sampling computations simple*, 1956); for an endless
population they become the familiar sigma^2 / B and kappa_4 / B + 2 sigma^4 / (B - 1).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bnviz.core.configs import BatchConfig, Source
from bnviz.core.data import batches, synthetic
from bnviz.core.data.tables import Table
from bnviz.core.types import Float, Floats

PerFeature = Float[Floats, " d"]


@dataclass(frozen=True)
class Moments:
    """Central moments of each feature, (D,) each, in powers of its unit.

    `rows` is the size of a finite table, else None. `variance` divides by `rows`; it,
    `third` and `fourth` are infinite or NaN where the population has none. `scale` is the
    standard deviation, or the spread parameter of a population without one.
    """

    mean: PerFeature
    variance: PerFeature
    third: PerFeature
    fourth: PerFeature
    scale: PerFeature
    rows: int | None

    def whole(self, rows: int) -> bool:
        """Whether batches of `rows` are drawn without replacement from a finite table."""
        return self.rows is not None and rows <= self.rows

    def expected_variance(self, rows: int) -> PerFeature:
        """What the unbiased variance of a batch of `rows` is on average.

        That is the variance, for the rows of a table drawn without replacement the one
        divided by their number less one.
        """
        if self.whole(rows):
            assert self.rows is not None
            return np.asarray(self.variance * (self.rows / max(self.rows - 1, 1)))
        return self.variance

    def variance_of_mean(self, rows: int) -> PerFeature:
        """How a batch's mean scatters, in squared units: Cochran (1977), theorem 2.2."""
        left = 1 / rows - (1 / self.rows if self.whole(rows) and self.rows else 0.0)
        return np.asarray(self.expected_variance(rows) * left)

    @np.errstate(invalid="ignore")
    def variance_of_variance(self, rows: int) -> PerFeature:
        """How a batch's unbiased variance scatters: Tukey (1956). NaN below two rows."""
        if rows < 2:
            return np.full_like(self.variance, np.nan)
        square = np.square(self.variance)
        if not self.whole(rows):
            return np.asarray((self.fourth - 3 * square) / rows + 2 * square / (rows - 1))
        assert self.rows is not None
        size = self.rows
        if size < 4 or rows == size:
            return np.zeros_like(square) if rows == size else np.full_like(square, np.nan)
        k4 = (
            size**2
            * ((size + 1) * self.fourth - 3 * (size - 1) * square)
            / ((size - 1) * (size - 2) * (size - 3))
        )
        k2 = self.expected_variance(rows)
        k22 = (np.square(k2) - k4 / size) * (size - 1) / (size + 1)
        spread = k4 * (1 / rows - 1 / size) + 2 * k22 * (1 / (rows - 1) - 1 / (size - 1))
        return np.asarray(spread)


def moments(config: BatchConfig, table: Table | None = None) -> Moments:
    """The moments of what `config` draws from; `table` is the stored table it names."""
    rows = batches.all_rows(config, table)
    if rows is not None:
        return _measured(rows)
    return _CLOSED[config.source](config.features)


def _measured(rows: Float[Floats, "n d"]) -> Moments:
    mean = rows.mean(axis=0)
    mean = mean + (rows - mean).mean(axis=0)
    deviations = rows - mean
    second, third, fourth = (np.mean(deviations**power, axis=0) for power in (2, 3, 4))
    return Moments(mean, second, third, fourth, np.sqrt(second), len(rows))


def _shaped(center: PerFeature, spread: PerFeature, *shape: PerFeature | float) -> Moments:
    """Moments of center + spread * z, from variance, third and fourth moment of z about 0."""
    second, third, fourth = (np.broadcast_to(m, center.shape).astype(np.float64) for m in shape)
    finite = np.isfinite(second)
    return Moments(
        center,
        np.where(finite, spread**2 * second, np.inf),
        spread**3 * third,
        np.where(finite, spread**4 * fourth, np.inf),
        spread * np.sqrt(np.where(finite, second, 1.0)),
        None,
    )


def _uniform(features: int) -> Moments:
    return _between(np.zeros(features), np.ones(features))


def _scales(features: int) -> Moments:
    return _between(*synthetic.scale_limits(features))


def _between(low: PerFeature, high: PerFeature) -> Moments:
    return _shaped((low + high) / 2, high - low, 1 / 12, 0.0, 1 / 80)


def _normal(features: int) -> Moments:
    """Correlated features too are normal one by one."""
    return _shaped(*synthetic.centers_and_spreads(features), 1.0, 0.0, 3.0)


def _constant(features: int) -> Moments:
    center, spread = synthetic.centers_and_spreads(features)
    spread[:2] = synthetic.NEARLY_CONSTANT[:features]
    return _shaped(center, spread, 1.0, 0.0, 3.0)


def _heavy_tails(features: int) -> Moments:
    """Student's t with 2 degrees of freedom has a mean and nothing more."""
    return _shaped(*synthetic.centers_and_spreads(features), np.inf, np.nan, np.inf)


def _outliers(features: int) -> Moments:
    """A normal plus an independent jump: with probability p by `off`. Cumulants add up."""
    center, spread = synthetic.centers_and_spreads(features)
    p, off = synthetic.OUTLIER_SHARE, synthetic.outlier_distance(features)
    jump = p * (1 - p) * off**2
    fourth = 3 + 6 * jump + jump * off**2 * (1 - 3 * p * (1 - p))
    return _shaped(center + spread * p * off, spread, 1 + jump, jump * off * (1 - 2 * p), fourth)


def _skewed(features: int) -> Moments:
    """Raw moments: exp(k^2 s^2 / 2) of the lognormal, k! of the exponential."""
    _, spread = synthetic.centers_and_spreads(features)
    lognormal = np.exp(np.arange(1, 5) ** 2 * synthetic.LOG_SPREAD**2 / 2)
    turn = np.arange(features)[:, None] % 2
    m1, m2, m3, m4 = np.where(turn, [1.0, 2.0, 6.0, 24.0], lognormal).T
    third = m3 - 3 * m1 * m2 + 2 * m1**3
    fourth = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
    return _shaped(spread * m1, spread, m2 - m1**2, third, fourth)


_CLOSED: dict[Source, Callable[[int], Moments]] = {
    "uniform": _uniform,
    "normal": _normal,
    "scales": _scales,
    "heavy_tails": _heavy_tails,
    "outliers": _outliers,
    "correlated": _normal,
    "skewed": _skewed,
    "constant": _constant,
}
