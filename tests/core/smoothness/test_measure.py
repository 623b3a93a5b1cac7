"""What one may wait for, and what one may not."""

import pytest
from pydantic import ValidationError

from bnviz.core.smoothness.extremes import ExtremesConfig
from bnviz.core.smoothness.landscape import LandscapeConfig
from bnviz.core.smoothness.measure import Measure, SubjectConfig
from bnviz.core.smoothness.registry import MEASURES

#: The document's nets.
DOCUMENT = (449, 1000, 1)


@pytest.mark.parametrize("kind", MEASURES)
def test_what_trains_is_never_light(kind: str) -> None:
    gradients = MEASURES[kind](subject=SubjectConfig(run="somebodys")).gradients(10, 10, 1)
    assert gradients.light == (kind not in ("gap", "along", "stability"))
    assert gradients.trains == (kind in ("gap", "along", "stability"))


@pytest.mark.parametrize("kind", ["replay", "scales", "extremes", "gap"])
def test_the_documents_nets_answer_at_once(kind: str) -> None:
    assert MEASURES[kind]().gradients(*DOCUMENT).light


def test_more_of_anything_costs_more() -> None:
    few = ExtremesConfig().gradients(*DOCUMENT)
    assert not ExtremesConfig().gradients(449, 1000, 64).light
    assert not ExtremesConfig().gradients(10**6, 1000, 1).light
    assert not ExtremesConfig().gradients(449, 10**6, 1).light
    assert ExtremesConfig(probes=1000).gradients(*DOCUMENT).count > few.count
    fine, coarse = (LandscapeConfig(points=points).gradients(*DOCUMENT) for points in (51, 13))
    assert coarse.light and not fine.light, "a fine plane is drawn coarse first, as a job"


def test_a_path_is_trained() -> None:
    assert LandscapeConfig(plane="path", points=13).gradients(10, 10, 1).trains


def test_a_measure_must_say_what_it_costs_does_and_finds() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Measure(kind="nothing")  # type: ignore[abstract]


def test_the_way_back_from_json_is_by_kind() -> None:
    for kind, owner in MEASURES.items():
        config = owner(seed=3)
        assert owner.model_validate_json(config.model_dump_json()) == config and config.kind == kind
        with pytest.raises(ValidationError):
            owner.model_validate_json('{"kind": "nothing"}')
