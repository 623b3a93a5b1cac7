"""What a training's curves end with, in numbers that a sentence can be made of."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from bnviz.core.training.series import band, gather
from bnviz.core.training.snapshots import Snapshot
from bnviz.core.types import NETS, Floats
from bnviz.core.verdict import Verdict

Ending = Literal["both", "bn_alone", "plain_alone", "neither"]


def ending(snapshots: Sequence[Snapshot], field: str, layer: int | None = None) -> Verdict[Ending]:
    """Both nets' medians over the seeds that are finite, where `field` was last measured.

    Of a field with a number for each layer it is that of `layer`, or the mean over all layers.
    """
    bn, plain = (_last(*gather(snapshots, net, field), layer) for net in NETS)
    key: Ending = "neither"
    if np.isfinite(bn):
        key = "both" if np.isfinite(plain) else "bn_alone"
    elif np.isfinite(plain):
        key = "plain_alone"
    return Verdict(key, {"epoch": snapshots[-1].epoch, "bn": bn, "plain": plain})


def _last(epochs: Floats, values: Floats, layer: int | None) -> float:
    if not values.size:
        return float("nan")
    last = values[-1]
    if last.ndim > 1:
        last = last.mean(axis=0) if layer is None else last[layer]
    return float(band(epochs[-1:], last[None]).median[0])


def running_ends(snapshots: Sequence[Snapshot], field: str) -> Verdict[Literal["layers"]]:
    """The median unit's running statistic in the first and in the last layer, at the end."""
    epochs, values = gather(snapshots, "bn", field)
    first, last = (
        float(band(epochs[-1:], values[-1:, layer, :, 2]).median[0]) for layer in (0, -1)
    )
    return Verdict("layers", {"epoch": snapshots[-1].epoch, "first": first, "last": last})
