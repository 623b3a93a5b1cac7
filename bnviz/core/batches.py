"""Where a (B, D) batch comes from: synthetic populations, real data, a user's table.

A synthetic population is fixed: what feature d looks like depends on d alone. The
config's seed only draws the rows, so another seed is another batch of the same
population. All draws come from numpy's PCG64.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.random import PCG64, Generator
from numpy.typing import NDArray

from bnviz.core.configs import BatchConfig, Source
from bnviz.core.datasets import Table

Floats = NDArray[np.float64]
Population = Callable[[Generator, int, int], Floats]

MAX_FEATURES: Final = 256


@dataclass(frozen=True)
class Batch:
    """`values` (B, D) float64 with one name and one unit ("" where none) per feature."""

    names: tuple[str, ...]
    units: tuple[str, ...]
    values: Floats


def draw(config: BatchConfig, table: Table | None = None) -> Batch:
    """The batch that `config` describes; `table` is the stored table it names.

    Real data and tables give at most the features they have, rows without
    replacement while there are enough of them and with replacement beyond.
    Raises ValueError when the table or one of its columns is not the one named.
    """
    rng = Generator(PCG64(config.seed))
    if config.source == "table":
        return _from_table(rng, config, table)
    if config.source in REAL:
        names, rows = _load(config.source)
        names = names[: config.features]
        return Batch(names, ("",) * len(names), _pick(rng, config, rows[:, : len(names)]))
    names, units = _labels(config.source, config.features)
    draw_rows = _POPULATIONS[config.source]
    return Batch(names, units, draw_rows(rng, config.batch_size, config.features))


def feature_limit(source: Source) -> int:
    """How many features the source has to give, 256 at most."""
    return REAL[source][1] if source in REAL else MAX_FEATURES


def row_limit(source: Source) -> int | None:
    """How many different rows a real data set holds; None for the others."""
    return REAL[source][0] if source in REAL else None


# ---------------------------------------------------------------- synthetic populations

_POPULATIONS: dict[str, Population] = {}


def _population(name: Source) -> Callable[[Population], Population]:
    def register(function: Population) -> Population:
        _POPULATIONS[name] = function
        return function

    return register


_GOLDEN: Final = (5**0.5 - 1) / 2
_ROOT: Final = 2**0.5


def _centers_and_spreads(features: int) -> tuple[Floats, Floats]:
    """Mean in [-4, 4] and standard deviation in [0.3, 3] of each feature, (D,) each.

    Multiples of an irrational number, modulo 1, fill a range evenly for any D.
    """
    index = np.arange(1, features + 1, dtype=np.float64)
    center: Floats = 8 * (index * _GOLDEN % 1) - 4
    spread: Floats = 0.3 * 10 ** (index * _ROOT % 1)
    return center, spread


@_population("uniform")
def _uniform(rng: Generator, rows: int, features: int) -> Floats:
    """[0, 1), as in the document."""
    return rng.random((rows, features))


@_population("normal")
def _normal(rng: Generator, rows: int, features: int) -> Floats:
    """Every feature its own mean and standard deviation."""
    center, spread = _centers_and_spreads(features)
    return center + spread * rng.standard_normal((rows, features))


#: The fitness data's features: name, unit, lowest and highest value.
FITNESS: Final = (
    ("height", "m", 1.2, 2.0),
    ("weight", "kg", 30.0, 120.0),
    ("vital_capacity", "mL", 2000.0, 5000.0),
)
#: Beyond those three, feature d is uniform below 10 to one of these powers, in turn.
_POWERS: Final = (-6, 3, -3, 6, -1, 5, -5, 2, -2, 4, -4, 1, 0)


@_population("scales")
def _scales(rng: Generator, rows: int, features: int) -> Floats:
    """Uniform features whose units differ by up to twelve powers of ten."""
    further = [10.0 ** _POWERS[i % len(_POWERS)] for i in range(features - len(FITNESS))]
    low = np.array([f[2] for f in FITNESS] + [0.0] * len(further))[:features]
    high = np.array([f[3] for f in FITNESS] + further)[:features]
    values: Floats = low + (high - low) * rng.random((rows, features))
    return values


@_population("heavy_tails")
def _heavy_tails(rng: Generator, rows: int, features: int) -> Floats:
    """Student's t with 2 degrees of freedom: the population's variance is infinite.

    A normal over the root of an exponential variable, which is a chi-square(2) over 2.
    """
    center, spread = _centers_and_spreads(features)
    normal = rng.standard_normal((rows, features))
    values: Floats = normal / np.sqrt(rng.standard_exponential((rows, features)))
    return center + spread * values


@_population("outliers")
def _outliers(rng: Generator, rows: int, features: int) -> Floats:
    """Normal, but 2 % of the values lie 15 standard deviations off, up and down in turn."""
    center, spread = _centers_and_spreads(features)
    off: Floats = np.where(np.arange(features) % 2, -15.0, 15.0)
    hit = rng.random((rows, features)) < 0.02
    return center + spread * (rng.standard_normal((rows, features)) + off * hit)


@_population("correlated")
def _correlated(rng: Generator, rows: int, features: int) -> Floats:
    """Normal features that share two latent factors, which make 90 % of each one's variance."""
    center, spread = _centers_and_spreads(features)
    angle = np.arange(features)
    loadings = np.sqrt(0.9) * np.stack([np.cos(angle), np.sin(angle)])
    factors = rng.standard_normal((rows, 2))
    own = np.sqrt(0.1) * rng.standard_normal((rows, features))
    values: Floats = center + spread * (factors @ loadings + own)
    return values


@_population("skewed")
def _skewed(rng: Generator, rows: int, features: int) -> Floats:
    """Lognormal (sigma 0.75) and exponential in turn, times each feature's spread."""
    _, spread = _centers_and_spreads(features)
    values: Floats = rng.standard_normal((rows, features))
    values[:, 0::2] = np.exp(0.75 * values[:, 0::2])
    values[:, 1::2] = rng.standard_exponential((rows, features // 2))
    return spread * values


@_population("constant")
def _constant(rng: Generator, rows: int, features: int) -> Floats:
    """Normal features, but x1 is constant and x2 nearly: its standard deviation is 1e-4."""
    center, spread = _centers_and_spreads(features)
    spread[:2] = (0.0, 1e-4)[:features]
    return center + spread * rng.standard_normal((rows, features))


def _labels(source: Source, features: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    names = [f"x{i}" for i in range(1, features + 1)]
    units = [""] * features
    if source == "scales":
        for i in range(features):
            if i < len(FITNESS):
                names[i], units[i] = FITNESS[i][:2]
            else:
                names[i] += f"_1e{_POWERS[(i - len(FITNESS)) % len(_POWERS)]:+d}"
    return tuple(names), tuple(units)


# ---------------------------------------------------------------- real data

#: Rows and features of the data sets that ship with scikit-learn.
REAL: Final[dict[Source, tuple[int, int]]] = {
    "diabetes": (442, 10),
    "breast_cancer": (569, 30),
    "wine": (178, 13),
    "digits": (1797, 64),
}


@cache
def _load(source: Source) -> tuple[tuple[str, ...], Floats]:
    """Feature names and all rows, unscaled. scikit-learn is imported only when needed."""
    from sklearn import datasets

    options = {"scaled": False} if source == "diabetes" else {}
    found = getattr(datasets, f"load_{source}")(**options)
    rows = np.asarray(found.data, dtype=np.float64)
    rows.setflags(write=False)
    return tuple(str(name) for name in found.feature_names), rows


def _pick(rng: Generator, config: BatchConfig, rows: Floats) -> Floats:
    chosen = rng.choice(len(rows), config.batch_size, replace=config.batch_size > len(rows))
    return np.asarray(rows[chosen], dtype=np.float64)


def _from_table(rng: Generator, config: BatchConfig, table: Table | None) -> Batch:
    if table is None or table.digest != config.table:
        raise ValueError(f"the batch is drawn from table {config.table}, which was not given")
    missing = [name for name in config.columns if name not in table.names]
    if missing:
        raise ValueError(f"the table has no column {missing[0]!r}; it has {list(table.names)}")
    names = (config.columns or table.names)[: config.features]
    places = [table.names.index(name) for name in names]
    return Batch(names, ("",) * len(names), _pick(rng, config, table.values[:, places]))
