"""Every measure of smoothness has its formula, sources, code and data."""

import pytest

from bnviz.core.smoothness.measure import CONFIGS
from bnviz.ui.smoothness.code import LIBRARY
from bnviz.ui.smoothness.formulas import FORMULAS
from bnviz.ui.smoothness.frames import DIMENSIONS
from bnviz.ui.sources import SOURCES


@pytest.mark.parametrize("kind", CONFIGS)
def test_every_measure_is_explained(kind: str) -> None:
    assert FORMULAS[kind] and SOURCES[f"smooth_{kind}"] and LIBRARY[kind] and DIMENSIONS[kind]
