"""The sweeps that come with the package: small, whole, and what their cells give here."""

from dataclasses import fields
from importlib.resources import files

import numpy as np
import pytest
import torch

import bnviz.core.sweep
from bnviz.core.data.preparation import dataset_for
from bnviz.core.sweep.atlas import NAMES, outcomes, packed
from bnviz.core.sweep.config import cells
from bnviz.core.sweep.outcome import NetOutcome
from bnviz.core.sweep.presets import PRESETS
from bnviz.core.sweep.stacked import train_cells
from bnviz.core.types import never

#: Of each sweep, cells that train in a moment and that rounding does not pull apart; 20 in all.
AGAIN = {
    "rate_batch": (20, 27, 28, 34, 41, 42, 45, 47),
    "eps_scale": (0, 3, 7, 14, 21, 29),
    "depth_rate": (0, 1, 3, 5, 6, 7),
}


def test_the_atlas_is_small_and_holds_every_cell() -> None:
    shipped = files(bnviz.core.sweep).joinpath("shipped")
    assert sum(len(file.read_bytes()) for file in shipped.iterdir()) < 2_000_000
    for name in NAMES:
        assert shipped.joinpath(f"{name}.safetensors").read_bytes() == packed(outcomes(name))
        assert list(outcomes(name)) == [cell.index for cell in cells(PRESETS[name])]


@pytest.mark.skipif(
    tuple(map(int, torch.__version__.split(".")[:2])) < (2, 13),
    reason="an older torch rounds otherwise",
)
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.proof) if n == "rate_batch" else n for n in NAMES]
)
def test_cells_of_the_atlas_come_out_as_they_were(name: str) -> None:
    """To the bit on the machine that computed it; others round matrix products otherwise.

    Trainings pull such differences apart: losses agree to a few digits, or both are far off.
    """
    torch.set_num_threads(1)
    for index in AGAIN[name]:
        config = cells(PRESETS[name])[index].config
        (again,) = train_cells([config], dataset_for(config.data), False, never)
        shipped = outcomes(name)[index]
        for net in ("bn", "plain"):
            for field in fields(NetOutcome):
                ours, theirs = (
                    getattr(getattr(each, net), field.name) for each in (again, shipped)
                )
                if field.name == "diverged":
                    np.testing.assert_array_equal(ours, theirs)
                else:
                    np.testing.assert_allclose(ours, theirs, rtol=0.02, atol=0.02)
