"""Whatever a measure of smoothness ends in has its sentence, and no sentence is left over."""

import pytest

from bnviz.core.smoothness.configs import CONFIGS
from bnviz.ui.smooth_formulas import FORMULAS
from bnviz.ui.smooth_frames import DIMENSIONS
from bnviz.ui.smooth_snippets import LIBRARY
from bnviz.ui.sources import SOURCES
from bnviz.ui.texts import LANGUAGES, catalogue
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
