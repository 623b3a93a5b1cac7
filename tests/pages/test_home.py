"""Home: the walk says at every step what numpy says of the wines."""

import numpy as np
import pytest

from bnviz.core.batchnorm.interpolation import stage_of
from bnviz.texts.catalogue import LANGUAGES, catalogue
from bnviz.ui.navigation import PAGES
from tests.pages.conftest import OpenApp
from tests.pages.test_pages import widget


def wines() -> np.ndarray:
    from sklearn.datasets import load_wine

    return np.asarray(load_wine().data)[:, [0, 9]]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_story_follows_the_slider(lang: str, open_app: OpenApp) -> None:
    app, x = open_app(lang=lang), wines()
    for progress in (0.0, 0.5, 1.5, 2.0):
        widget(app, "progress").set_value(progress).run()
        now = x - min(progress, 1) * x.mean(axis=0)
        now = now / x.std(axis=0) ** max(progress - 1, 0)
        mean = " / ".join(f"{m + 0.0:.2f}" for m in now.mean(axis=0).round(2))
        deviation = " / ".join(f"{d:.2f}" for d in now.std(axis=0))
        expected = catalogue(lang)[f"home.stage_{stage_of(progress)}"].format(
            mean=mean, deviation=deviation, correlation=f"{np.corrcoef(*x.T)[0, 1]:.2f}"
        )
        assert expected in [element.value for element in app.markdown]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_card_leads_to_every_other_page(lang: str, open_app: OpenApp) -> None:
    app = open_app(lang=lang)
    said = " ".join(element.value for element in app.markdown)
    for entry in PAGES[1:]:
        assert catalogue(lang)[f"home.card_{entry.name}"] in said
    links = {link.proto.page for link in app.get("page_link")}
    assert links == {entry.name for entry in PAGES[1:]}


def test_three_equations(open_app: OpenApp) -> None:
    assert len(open_app().latex) == 3
