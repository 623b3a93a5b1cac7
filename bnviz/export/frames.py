"""A run as a table, for downloads."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from bnviz.core.training.snapshots import NetSnapshot, Snapshot
from bnviz.core.types import LEVELS

if TYPE_CHECKING:
    import pandas as pd

#: The fields of NetSnapshot that each seed has one number of.
PER_SEED = [
    f.name for f in fields(NetSnapshot) if not f.name.startswith(("activation", "running", "dead"))
]


def per_seed_frame(snapshots: Sequence[Snapshot], first: str) -> "pd.DataFrame":
    """One row an epoch, net and seed; column names are those of NetSnapshot, in any language.

    The net with the norm is called `first`.
    """
    import pandas as pd

    return pd.DataFrame(_per_seed_rows(snapshots, first))


def _named(snapshot: Snapshot, first: str) -> Iterator[tuple[str, NetSnapshot]]:
    for net, measured in snapshot.nets.items():
        yield first if net == "bn" else net, measured


def _per_seed_rows(snapshots: Sequence[Snapshot], first: str) -> Iterator[dict[str, object]]:
    for snapshot in snapshots:
        for net, measured in _named(snapshot, first):
            for seed in range(len(measured.train_loss)):
                row: dict[str, object] = {"epoch": snapshot.epoch, "net": net, "seed": seed}
                for name in PER_SEED:
                    values = getattr(measured, name)
                    row[name] = float(values[seed]) if values.size else math.nan
                yield row


def per_layer_frame(snapshots: Sequence[Snapshot], first: str) -> "pd.DataFrame":
    """One row an epoch, net, layer and seed: activations and dead units."""
    import pandas as pd

    return pd.DataFrame(_per_layer_rows(snapshots, first))


def _per_layer_rows(snapshots: Sequence[Snapshot], first: str) -> Iterator[dict[str, object]]:
    for snapshot in snapshots:
        for net, measured in _named(snapshot, first):
            for at in np.ndindex(measured.activation_mean.shape):
                quantiles = zip(LEVELS, measured.activation_quantiles[at], strict=True)
                yield {
                    "epoch": snapshot.epoch,
                    "net": net,
                    "layer": at[0] + 1,
                    "seed": at[1],
                    "mean": measured.activation_mean[at],
                    "standard_deviation": measured.activation_std[at],
                    "dead_share": measured.dead_share[at],
                } | {f"quantile_{level:g}": value for level, value in quantiles}


def running_frame(snapshots: Sequence[Snapshot]) -> "pd.DataFrame":
    """One row an epoch, layer and seed: the median unit's running statistics, where there are."""
    import pandas as pd

    rows = [
        {
            "epoch": snapshot.epoch,
            "layer": layer + 1,
            "seed": seed,
            "running_mean": float(snapshot.bn.running_mean[layer, seed, 2]),
            "running_variance": float(snapshot.bn.running_variance[layer, seed, 2]),
        }
        for snapshot in snapshots
        for layer, seed in np.ndindex(snapshot.bn.running_mean.shape[:2])
    ]
    return pd.DataFrame(rows)
