"""A measure's controls: each number that can be set is asked for."""

from bnviz.core.smoothness.registry import MEASURES
from bnviz.ui.controls import SMOOTHNESS


def test_every_field_of_a_measure_has_a_row_or_is_shared() -> None:
    shared = {"kind", "subject", "seed", "bn_mode", "net"}
    for kind, owner in MEASURES.items():
        for name in set(owner.model_fields) - shared:
            row = SMOOTHNESS[f"{kind}.{name}"]
            assert row.options or len(row.stops) > 2
