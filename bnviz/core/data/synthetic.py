"""Synthetic populations: fixed, so that what feature d looks like depends on d alone.

:mod:`bnviz.core.data.moments` knows their moments in closed form.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.random import Generator

from bnviz.core.configs import Source
from bnviz.core.types import Float, Floats

Population = Callable[[Generator, int, int], Floats]
Rows = Float[Floats, "{rows} {features}"]
PerFeature = Float[Floats, " {features}"]

#: Draws (rows, features) values of each source.
POPULATIONS: Final[dict[str, Population]] = {}


def _population(name: Source) -> Callable[[Population], Population]:
    def register(function: Population) -> Population:
        POPULATIONS[name] = function
        return function

    return register


_GOLDEN: Final = (5**0.5 - 1) / 2
_ROOT: Final = 2**0.5


def centers_and_spreads(features: int) -> tuple[PerFeature, PerFeature]:
    """Mean in [-4, 4] and standard deviation in [0.3, 3] of each feature, (D,) each.

    Multiples of an irrational number, modulo 1, fill a range evenly for any D.
    """
    index = np.arange(1, features + 1, dtype=np.float64)
    center: Floats = 8 * (index * _GOLDEN % 1) - 4
    spread: Floats = 0.3 * 10 ** (index * _ROOT % 1)
    return center, spread


@_population("uniform")
def _uniform(rng: Generator, rows: int, features: int) -> Rows:
    """[0, 1), as in the document."""
    return rng.random((rows, features))


@_population("normal")
def _normal(rng: Generator, rows: int, features: int) -> Rows:
    """Every feature its own mean and standard deviation."""
    center, spread = centers_and_spreads(features)
    values = rng.standard_normal((rows, features))
    values *= spread  # in place: a large batch is in memory once
    values += center
    return values


#: The fitness data's features: name, unit, lowest and highest value.
FITNESS: Final = (
    ("height", "m", 1.2, 2.0),
    ("weight", "kg", 30.0, 120.0),
    ("vital_capacity", "mL", 2000.0, 5000.0),
)
#: Beyond those three, feature d is uniform below 10 to one of these powers, in turn.
_POWERS: Final = (-6, 3, -3, 6, -1, 5, -5, 2, -2, 4, -4, 1, 0)


@_population("scales")
def _scales(rng: Generator, rows: int, features: int) -> Rows:
    """Uniform features whose units differ by up to twelve powers of ten."""
    low, high = scale_limits(features)
    values = rng.random((rows, features))
    values *= high - low
    values += low
    return values


def scale_limits(features: int) -> tuple[PerFeature, PerFeature]:
    """Lowest and highest value of each feature of "scales", (D,) each."""
    further = [10.0 ** _POWERS[i % len(_POWERS)] for i in range(features - len(FITNESS))]
    low = np.array([f[2] for f in FITNESS] + [0.0] * len(further))[:features]
    high = np.array([f[3] for f in FITNESS] + further)[:features]
    return low, high


@_population("heavy_tails")
def _heavy_tails(rng: Generator, rows: int, features: int) -> Rows:
    """Student's t with 2 degrees of freedom: the population's variance is infinite.

    A normal over the root of an exponential variable, which is a chi-square(2) over 2.
    """
    center, spread = centers_and_spreads(features)
    normal = rng.standard_normal((rows, features))
    values: Floats = normal / np.sqrt(rng.standard_exponential((rows, features)))
    return center + spread * values


OUTLIER_SHARE: Final = 0.02


def outlier_distance(features: int) -> PerFeature:
    """How many spreads off the outliers of each feature lie, (D,): up and down in turn."""
    return np.where(np.arange(features) % 2, -15.0, 15.0)


@_population("outliers")
def _outliers(rng: Generator, rows: int, features: int) -> Rows:
    """Normal, but OUTLIER_SHARE of the values lie off by `outlier_distance` spreads."""
    center, spread = centers_and_spreads(features)
    off = outlier_distance(features)
    hit = rng.random((rows, features)) < OUTLIER_SHARE
    return center + spread * (rng.standard_normal((rows, features)) + off * hit)


@_population("correlated")
def _correlated(rng: Generator, rows: int, features: int) -> Rows:
    """Normal features that share two latent factors, which make 90 % of each one's variance."""
    center, spread = centers_and_spreads(features)
    angle = np.arange(features)
    loadings = np.sqrt(0.9) * np.stack([np.cos(angle), np.sin(angle)])
    factors = rng.standard_normal((rows, 2))
    own = np.sqrt(0.1) * rng.standard_normal((rows, features))
    values: Floats = center + spread * (factors @ loadings + own)
    return values


#: Standard deviation of the logarithm of the lognormal features.
LOG_SPREAD: Final = 0.75


@_population("skewed")
def _skewed(rng: Generator, rows: int, features: int) -> Rows:
    """Lognormal and exponential in turn, times each feature's spread."""
    _, spread = centers_and_spreads(features)
    values: Floats = rng.standard_normal((rows, features))
    values[:, 0::2] = np.exp(LOG_SPREAD * values[:, 0::2])
    values[:, 1::2] = rng.standard_exponential((rows, features // 2))
    return spread * values


#: Standard deviations of the first two features of "constant".
NEARLY_CONSTANT: Final = (0.0, 1e-4)


@_population("constant")
def _constant(rng: Generator, rows: int, features: int) -> Rows:
    """Normal features, but x1 is constant and x2 nearly: its standard deviation is 1e-4."""
    center, spread = centers_and_spreads(features)
    spread[:2] = NEARLY_CONSTANT[:features]
    return center + spread * rng.standard_normal((rows, features))


def labels(source: Source, features: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and units of a population's features."""
    names = [f"x{i}" for i in range(1, features + 1)]
    units = [""] * features
    if source == "scales":
        for i in range(features):
            if i < len(FITNESS):
                names[i], units[i] = FITNESS[i][:2]
            else:
                names[i] += f"_1e{_POWERS[(i - len(FITNESS)) % len(_POWERS)]:+d}"
    return tuple(names), tuple(units)
