"""Sweeps that come with the package, so that the page opens on a picture.

``python -m tools.atlas`` computes them anew; a test reruns some of their cells.
"""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from importlib.resources import files

import numpy as np

from bnviz.core.smoothness.measure import from_bytes, to_bytes
from bnviz.core.sweep.config import SweepConfig
from bnviz.core.sweep.outcome import NetOutcome, Outcome
from bnviz.core.sweep.presets import PRESETS

#: Presets whose outcomes are shipped.
NAMES = ("rate_batch", "eps_scale", "depth_rate")


def preset_of(config: SweepConfig) -> str:
    """The preset of the atlas whose cells those of `config` are; "" if there is none."""
    if config.metric == "sharpness":
        return ""
    same = (n for n in NAMES if PRESETS[n].model_copy(update={"metric": config.metric}) == config)
    return next(same, "")


@cache
def outcomes(name: str) -> Mapping[int, Outcome]:
    """The outcomes of all cells of a preset, by their indices; none if it is not shipped."""
    if name not in NAMES:
        return {}
    blob = files(__package__).joinpath("shipped", f"{name}.safetensors").read_bytes()
    stacked = from_bytes(Outcome, blob)

    def net(side: NetOutcome, cell: int) -> NetOutcome:
        return NetOutcome(**{f.name: getattr(side, f.name)[cell] for f in fields(NetOutcome)})

    return {
        cell: Outcome(stacked.epochs[cell], net(stacked.bn, cell), net(stacked.plain, cell))
        for cell in range(len(stacked.epochs))
    }


def packed(cells: Mapping[int, Outcome]) -> bytes:
    """All outcomes of a sweep, of cells 0 and on, as one file."""
    every = [cells[index] for index in range(len(cells))]

    def net(name: str) -> NetOutcome:
        sides = [getattr(each, name) for each in every]
        return NetOutcome(
            **{f.name: np.stack([getattr(s, f.name) for s in sides]) for f in fields(NetOutcome)}
        )

    return to_bytes(Outcome(np.stack([each.epochs for each in every]), net("bn"), net("plain")))
