"""The rows a net learns from, before any split or scaling."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Table:
    """A user's table after reading and repair.

    `values` is (N, D) float64, all finite; `digest` is the SHA-256 of names and values.
    """

    digest: str
    names: tuple[str, ...]
    values: NDArray[np.float64]


@dataclass(frozen=True)
class Dataset:
    """Inputs `x` (N, D), their names and units, and targets `y` (N, 1) and their name; float32."""

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    names: tuple[str, ...]
    units: tuple[str, ...]
    target: str
