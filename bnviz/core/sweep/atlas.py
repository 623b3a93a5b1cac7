"""Sweeps that come with the package, so that the page opens on a picture.

``python -m tools.atlas`` computes them anew; a test reruns some of their cells.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import numpy as np

from bnviz.core.smoothness.measure import from_bytes, to_bytes
from bnviz.core.sweep.config import SweepConfig
from bnviz.core.sweep.outcome import Outcome
from bnviz.core.sweep.presets import PRESETS
from bnviz.core.types import NETS, each_array

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

    def one(cell: int) -> Outcome:
        nets = (each_array(lambda array: array[cell], net) for net in (stacked.bn, stacked.plain))
        return Outcome(stacked.epochs[cell], *nets)

    return {cell: one(cell) for cell in range(len(stacked.epochs))}


def packed(cells: Mapping[int, Outcome]) -> bytes:
    """All outcomes of a sweep, of cells 0 and on, as one file."""
    every = [cells[index] for index in range(len(cells))]

    nets = (
        each_array(lambda *arrays: np.stack(arrays), *(getattr(each, net) for each in every))
        for net in NETS
    )
    return to_bytes(Outcome(np.stack([each.epochs for each in every]), *nets))
