"""A measure's controls offer what its config accepts, and its default."""

import pytest

from bnviz.core.smoothness.registry import MEASURES
from bnviz.ui.smoothness.controls import GRIDS, grid

FIELDS = [
    (kind, name) for kind, owner in MEASURES.items() for name in owner.model_fields if name in GRIDS
]


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_what_is_offered_is_possible(kind: str, name: str) -> None:
    owner = MEASURES[kind]
    offered = grid(owner, name)
    for value in offered:
        assert getattr(owner(**{name: value}), name) == value
    assert len(offered) > 2 and offered == sorted(set(offered))
    assert offered[0] <= owner.model_fields[name].default <= offered[-1]


def test_every_number_that_can_be_set_has_its_scale() -> None:
    own = {"kind", "subject", "seed", "bn_mode", "net", "grid", "plane"}
    for owner in MEASURES.values():
        assert set(owner.model_fields) - own <= set(GRIDS)
