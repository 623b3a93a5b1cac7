"""Where a (B, D) batch comes from: synthetic populations, real data, a user's table.

A synthetic population is fixed: what feature d looks like depends on d alone. The
config's seed only draws the rows, so another seed is another batch of the same
population. All draws come from numpy's PCG64.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.random import PCG64, Generator

from bnviz.core.configs import MAX_FEATURES, BatchConfig, Source
from bnviz.core.data.synthetic import POPULATIONS, labels
from bnviz.core.data.tables import Table
from bnviz.core.types import Floats
from bnviz.core.verdict import Verdict

#: Sources whose numbers are drawn row by row in one go: a batch is the beginning of every larger
#: one of its seed.
ONE_DRAW: Final = ("uniform", "normal", "scales", "constant")


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
    rng, size = Generator(PCG64(config.seed)), config.batch_size
    if (real := _columns(config, table)) is not None:
        names, rows = real
        chosen = rng.choice(len(rows), size, replace=size > len(rows))
        return Batch(names, ("",) * len(names), np.asarray(rows[chosen], dtype=np.float64))
    names, units = labels(config.source, config.features)
    draw_rows = POPULATIONS[config.source]
    return Batch(names, units, draw_rows(rng, size, config.features))


def feature_limit(source: Source) -> int:
    """How many features the source has to give, MAX_FEATURES at most."""
    return REAL[source][1] if source in REAL else MAX_FEATURES


def row_limit(source: Source, table: Table | None = None) -> int | None:
    """How many different rows a real data set or the table holds; None for the others."""
    if table is not None:
        return len(table.values)
    return REAL[source][0] if source in REAL else None


def notes(
    config: BatchConfig, batch: Batch, table: Table | None = None
) -> Iterator[Verdict[Literal["limited", "replaced"]]]:
    """Where the batch is not quite what was asked for."""
    if len(batch.names) < config.features and config.source != "table":
        limit = feature_limit(config.source)
        yield Verdict("limited", {"limit": limit, "asked": config.features})
    rows = row_limit(config.source, table)
    if rows is not None and config.batch_size > rows:
        yield Verdict("replaced", {"limit": rows, "asked": config.batch_size})


def all_rows(config: BatchConfig, table: Table | None = None) -> Floats | None:
    """Every row of the real data or table that `config` draws from, (N, D); None for the others.

    Raises ValueError as :func:`draw` does.
    """
    columns = _columns(config, table)
    return columns and columns[1]


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
    names: tuple[str, ...] = _WINE_FEATURES
    if source == "wine":
        rows = _wine()
    else:
        from sklearn import datasets

        options = {"scaled": False} if source == "diabetes" else {}
        loaded = getattr(datasets, f"load_{source}")(**options)
        names = tuple(str(name) for name in loaded.feature_names)
        rows = np.asarray(loaded.data, dtype=np.float64)
    rows.setflags(write=False)
    return names, rows


_WINE_FEATURES = (
    "alcohol",
    "malic_acid",
    "ash",
    "alcalinity_of_ash",
    "magnesium",
    "total_phenols",
    "flavanoids",
    "nonflavanoid_phenols",
    "proanthocyanins",
    "color_intensity",
    "hue",
    "od280/od315_of_diluted_wines",
    "proline",
)


def _wine() -> Floats:
    """scikit-learn's wine data, read without importing it: Home shows them, and must be quick."""
    package = find_spec("sklearn")
    assert package is not None and package.origin is not None
    file = Path(package.origin).with_name("datasets") / "data" / "wine_data.csv"
    return np.loadtxt(file, delimiter=",", skiprows=1)[:, : len(_WINE_FEATURES)]


def _columns(config: BatchConfig, table: Table | None) -> tuple[tuple[str, ...], Floats] | None:
    """Names and all rows of the columns that `config` draws from; None of a population."""
    if config.source in REAL:
        names, rows = _load(config.source)
        return names[: config.features], rows[:, : config.features]
    if config.source != "table":
        return None
    if table is None or table.digest != config.table:
        raise ValueError(f"the batch is drawn from table {config.table}, which was not given")
    missing = [name for name in config.columns if name not in table.names]
    if missing:
        raise ValueError(f"the table has no column {missing[0]!r}; it has {list(table.names)}")
    names = (config.columns or table.names)[: config.features]
    places = [table.names.index(name) for name in names]
    return names, table.values[:, places]
