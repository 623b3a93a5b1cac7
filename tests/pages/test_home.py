"""Home: the walk says at every step what numpy says of the wines."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bnviz.core.batchnorm.interpolation import stage_of
from bnviz.core.configs import BatchConfig
from bnviz.core.data.batches import draw
from bnviz.texts.catalogue import LANGUAGES, catalogue
from bnviz.ui.home import flow
from bnviz.ui.home.wines import BETA, GAMMA
from bnviz.ui.navigation import PAGES
from tests.pages.conftest import OpenApp
from tests.pages.test_pages import messages, unpacked, widget


def elements(block: Any) -> Iterator[tuple[int, Any]]:
    """Every element below a block, with its place in the one it stands in."""
    for place, element in getattr(block, "children", {}).items():
        yield place, element
        yield from elements(element)


def wines() -> np.ndarray:
    from sklearn.datasets import load_wine

    return np.asarray(load_wine().data)[:, [0, 9]]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_story_follows_the_slider(lang: str, open_app: OpenApp) -> None:
    app, x = open_app(lang=lang), wines()
    for progress in (0.0, 0.5, 1.5, 2.0, 2.5, 4.0):
        widget(app, "progress").set_value(progress).run()
        now = x - min(progress, 1) * x.mean(axis=0)
        now = now / x.std(axis=0) ** min(max(progress - 1, 0), 1)
        now = now * (1 + min(max(progress - 2, 0), 1) * (GAMMA - 1)) + max(progress - 3, 0) * BETA
        mean = " / ".join(f"{m + 0.0:.2f}" for m in now.mean(axis=0).round(2))
        deviation = " / ".join(f"{d:.2f}" for d in now.std(axis=0))
        expected = catalogue(lang)[f"home.stage_{stage_of(progress)}"].format(
            mean=mean, deviation=deviation, correlation=f"{np.corrcoef(*x.T)[0, 1]:.3f}"
        )
        assert expected in [element.value for element in app.markdown]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_card_leads_to_every_other_page(lang: str, open_app: OpenApp) -> None:
    app = open_app(lang=lang)
    said = " ".join(element.value for element in app.markdown)
    for entry in PAGES[1:]:
        assert catalogue(lang)[f"{entry.name}.title"] in said
    links = {link.proto.page for link in app.get("page_link")}
    assert links == {entry.name for entry in PAGES[1:]}


def test_a_wine_elsewhere_moves_all_others_in_train_mode_only(open_app: OpenApp) -> None:
    app = open_app(wine="5,1.25,-2")
    widget(app, "progress").set_value(2.0).run()
    figures = {message["name"]: message["figure"]["data"] for message in messages(app)}
    x = draw(BatchConfig(source="wine", batch_size=178, features=13)).values[:, [0, 9]]
    moved = x.copy()
    moved[4] = 1.25, -2
    for mode, statistics in (("train", moved), ("eval", x)):
        raw, _, now, _, way = figures[f"walk-{mode}"]
        assert np.array_equal(unpacked(raw["x"]), moved[:, 0])
        expected = (moved - statistics.mean(axis=0)) / np.sqrt(statistics.var(axis=0) + 1e-5)
        assert np.allclose(unpacked(now["x"]), expected[:, 0], atol=1e-12)
        assert np.allclose(unpacked(now["y"]), expected[:, 1], atol=1e-12)
        assert np.allclose(unpacked(way["x"]), [1.25, expected[4, 0]])
    widget(app, "put_back").click().run()
    figures = {message["name"]: message["figure"]["data"] for message in messages(app)}
    raw = figures["walk-train"][0]
    assert np.array_equal(unpacked(raw["y"]), x[:, 1])
    assert "wine" not in app.query_params


@pytest.mark.parametrize(
    "wish", ["179,0,0", "0,0,0", "1,99,0", "1,nan,0", "hello", "1,2", "1.5,13,5"]
)
def test_a_wine_that_cannot_be_there_is_named(wish: str, open_app: OpenApp) -> None:
    app = open_app(wine=wish)
    assert catalogue("en")["home.wine_untouched"] in app.toast[0].value
    assert not app.exception


def test_what_comes_with_torch_moves_nothing(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read stands from the start; an element at another place would be a new one."""

    def told() -> list[tuple[int, str, str]]:
        read = ("subheader", "bidi_component", "horizontal", "markdown", "caption")
        return [
            (place, element.type, str(getattr(element, "value", "")))
            for place, element in elements(app.main)
            if element.type in read
        ]

    loaded: dict[str, bool] = {}
    monkeypatch.setattr(flow, "sys", SimpleNamespace(modules=loaded))
    app = open_app()
    before = told()
    loaded["torch"] = True
    app.run()
    layers = next(each for each in messages(app) if each["name"] == "flow-bn")
    assert layers["figure"]["data"], "torch has come"
    assert told() == before
