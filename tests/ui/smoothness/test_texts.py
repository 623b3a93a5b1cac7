"""Whatever a measure of smoothness ends in has its sentence, and no sentence is left over."""

import pytest

from bnviz.core.smoothness.measure import CONFIGS
from bnviz.texts.catalogue import LANGUAGES, catalogue
from bnviz.ui.smoothness.code import LIBRARY
from bnviz.ui.smoothness.formulas import FORMULAS
from bnviz.ui.smoothness.frames import DIMENSIONS
from bnviz.ui.sources import SOURCES
from tests.ui.sentences import verdicts


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", CONFIGS)
def test_every_verdict_has_its_sentence_and_no_other(kind: str, language: str) -> None:
    opening = f"smoothness.{kind}.verdict."
    there = {key.removeprefix(opening) for key in catalogue(language) if key.startswith(opening)}
    assert there == set(verdicts(kind)) and there


@pytest.mark.parametrize("kind", CONFIGS)
def test_every_measure_is_explained(kind: str) -> None:
    assert FORMULAS[kind] and SOURCES[f"smooth_{kind}"] and LIBRARY[kind] and DIMENSIONS[kind]
