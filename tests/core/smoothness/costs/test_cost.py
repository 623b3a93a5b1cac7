"""What a measure is said to take before it starts."""

import pytest

from bnviz.core.configs import NetworkConfig, TrainConfig
from bnviz.core.smoothness import density
from bnviz.core.smoothness.costs import cost as costs
from bnviz.core.smoothness.landscape import PATH_POINTS, LandscapeConfig
from bnviz.core.smoothness.measure import Measure, to_bytes
from bnviz.core.smoothness.registry import MEASURES
from bnviz.core.training.cost import NAMES, Cost
from bnviz.texts.catalogue import sentence
from tests.core.test_random_state import TINY, measured, small

WIDE = TrainConfig(network=NetworkConfig(depth=6, width=400), seeds=2)


@pytest.mark.parametrize("kind", MEASURES)
@pytest.mark.parametrize("field", ["memory", "seconds"])
def test_what_is_advised_makes_it_smaller(kind: str, field: str) -> None:
    """Halving it takes a fifth off at least; where no setting does, smaller nets do."""
    measure, table = MEASURES[kind](), (1000, 3)

    def of(needed: Cost) -> float:
        return float(getattr(needed, field))

    now = of(costs.cost(measure, WIDE, *table))
    name = costs.remedy(measure, WIDE, *table, of)
    assert sentence("en", f"remedy.{name}")
    smaller = TrainConfig(network=NetworkConfig(depth=6, width=100), seeds=1)
    if name == "nets":
        assert of(costs.cost(measure, smaller, *table)) <= now
    else:
        less = measure.model_copy(update={name: getattr(measure, name) // 2})
        assert of(costs.cost(less, WIDE, *table)) < 0.8 * now
    assert of(costs.cost(measure, smaller, *table)) < now or now == of(Cost(costs.PROCESS, 0.0))


def test_the_plane_of_a_path_costs_a_training() -> None:
    random, path = (LandscapeConfig(plane=plane) for plane in ("random", "path"))
    assert costs.cost(path, WIDE, 1000, 3).seconds > costs.cost(random, WIDE, 1000, 3).seconds


@pytest.mark.parametrize(
    "measure", [*map(small, MEASURES), small("landscape", plane="path")], ids=lambda each: each.kind
)
def test_what_is_kept_is_counted(measure: Measure) -> None:
    """Every number; of names no more than there are. A density's axis may be shorter."""
    size, said = len(to_bytes(measured(measure))), costs.cost(measure, TINY, 40, 3).kept
    shorter = 9 * 8 * density.PLACES if measure.kind == "density" else 0
    path = 8 * 8 * PATH_POINTS if measure.kind == "landscape" else 0
    assert said - 2 * NAMES - shorter - path <= size <= said
