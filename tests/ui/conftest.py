"""Words in both languages, for what is tested without a page."""

from functools import partial

import pytest

from bnviz.plots.theme import Say
from bnviz.texts.catalogue import LANGUAGES, sentence


@pytest.fixture(params=list(LANGUAGES))
def say(request: pytest.FixtureRequest) -> Say:
    return partial(sentence, request.param)
