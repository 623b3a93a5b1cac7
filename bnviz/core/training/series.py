"""A run's snapshots side by side: one figure of one net over time, and its band over seeds."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bnviz.core.training.snapshots import Snapshot
from bnviz.core.types import Float, Floats, Int, Ints

_EDGES = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class Band:
    """Over seeds that are still finite, at T moments: median, 10 % and 90 % quantiles, each (T,).

    `alive` (T,) counts those seeds; where none is left the band is NaN.
    """

    epochs: Float[Floats, " _"]
    median: Float[Floats, "*t"]
    low: Float[Floats, "*t"]
    high: Float[Floats, "*t"]
    alive: Int[Ints, "*t"]


def gather(
    snapshots: Sequence[Snapshot], side: str, field: str
) -> tuple[Float[Floats, " t"], Float[Floats, "t ..."]]:
    """Epochs (T,) and values (T, ...) of `field` of the net `side`, where snapshots have it."""
    there = [s for s in snapshots if getattr(s.nets[side], field).size]
    values = [getattr(s.nets[side], field) for s in there]
    return np.array([s.epoch for s in there], dtype=np.float64), np.array(values, dtype=np.float64)


def band(epochs: Float[Floats, " _"], values: Float[Floats, "*t s"]) -> Band:
    """The band over the last axis of `values` (T, S); none at all when T is 0."""
    if not values.size:
        nothing = np.empty(0)
        return Band(epochs, nothing, nothing, nothing, np.empty(0, np.int64))
    alive = np.isfinite(values)
    whole = alive.all(axis=-1)
    edges = np.empty((3, *whole.shape))
    edges[:, whole] = np.quantile(values[whole], _EDGES, axis=-1)
    if not whole.all():  # nanquantile is slow: it takes rows one by one
        rest = np.where(alive, values, np.nan)[~whole]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # all seeds gone: NaN, as stated
            edges[:, ~whole] = np.nanquantile(rest, _EDGES, axis=-1)
    low, median, high = edges
    return Band(epochs, median, low, high, np.asarray(alive.sum(axis=-1)))


def band_of(snapshots: Sequence[Snapshot], side: str, field: str) -> Band:
    """The band of a figure that each seed has one of, such as a loss."""
    epochs, values = gather(snapshots, side, field)
    return band(epochs, values.reshape(len(epochs), -1 if values.size else 0))


def layer_band(snapshots: Sequence[Snapshot], side: str, field: str, layer: int) -> Band:
    """The band of a figure that each layer and seed has one of, such as the share of dead units."""
    epochs, values = gather(snapshots, side, field)
    return band(epochs, values[:, layer])
