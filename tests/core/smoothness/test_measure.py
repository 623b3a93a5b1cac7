"""What one may wait for, and what one may not."""

import pytest

from bnviz.core.smoothness.measure import CONFIGS, ExtremesConfig, LandscapeConfig, Measure, cost

#: The document's nets.
DOCUMENT = (449, 1000, 1)


@pytest.mark.parametrize("kind", CONFIGS)
def test_what_trains_is_never_light(kind: str) -> None:
    found = cost(CONFIGS[kind](), 10, 10, 1)
    assert found.light == (kind not in ("gap", "along", "stability"))
    assert found.trains == (kind in ("gap", "along", "stability"))


@pytest.mark.parametrize("kind", ["replay", "scales", "extremes"])
def test_the_documents_nets_answer_at_once(kind: str) -> None:
    assert cost(CONFIGS[kind](), *DOCUMENT).light


def test_more_of_anything_costs_more() -> None:
    few = cost(ExtremesConfig(), *DOCUMENT)
    assert not cost(ExtremesConfig(), 449, 1000, 64).light
    assert not cost(ExtremesConfig(), 10**6, 1000, 1).light
    assert not cost(ExtremesConfig(), 449, 10**6, 1).light
    assert cost(ExtremesConfig(probes=1000), *DOCUMENT).gradients > few.gradients
    fine, coarse = (cost(LandscapeConfig(points=points), *DOCUMENT) for points in (51, 13))
    assert coarse.light and not fine.light, "a fine plane is drawn coarse first, as a job"


def test_a_path_is_trained() -> None:
    assert cost(LandscapeConfig(plane="path", points=13), 10, 10, 1).trains


def test_an_unknown_measure_is_an_error() -> None:
    with pytest.raises(TypeError):
        cost(Measure(kind="nothing"), *DOCUMENT)
