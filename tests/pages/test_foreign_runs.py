"""A stored run that this version does not understand, or that is damaged, breaks no page."""

from collections.abc import Iterator

import pytest

from bnviz.core.configs import TrainConfig
from bnviz.store import open_store
from bnviz.texts.catalogue import sentence
from tests.pages.conftest import OpenApp

CONFIG = '{"network": {"depth": 9, "residual": true}}'


@pytest.fixture
def foreign() -> Iterator[str]:
    """The id of such a run, the newest there is."""
    store = open_store()
    run_id = store.create("train", CONFIG, 1)
    store.start(run_id)
    store.append(run_id, 0, 1, b"no snapshot", b"no state")
    store.finish(run_id, "done")
    yield run_id
    store.delete(run_id)


def test_fitness_says_so_and_shows_the_rest(open_app: OpenApp, foreign: str) -> None:
    app = open_app("fitness", run=foreign)
    assert not app.exception and not app.error
    assert [each.value for each in app.warning] == [
        sentence("en", "problem.foreign_config", run=foreign)
    ]
    assert app.button(key="launch")


def test_a_damaged_run_says_so(open_app: OpenApp) -> None:
    store = open_store()
    run_id = store.create("train", TrainConfig().model_dump_json(), 1)
    store.append(run_id, 0, 1, b"no snapshot", b"no state")
    store.finish(run_id, "done")
    app = open_app("fitness", run=run_id)
    store.delete(run_id)
    # AppTest has no on_script_error, which makes a sentence of it.
    assert [each.message for each in app.exception] == [
        sentence("en", "problem.damaged", run=run_id)
    ]
    assert app.button(key="launch")


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("smoothness", {}),
        ("smoothness", {"run": "FOREIGN"}),
        ("train_vs_eval", {"section": "recalibrate"}),
    ],
)
def test_other_pages_do_not_offer_it(
    open_app: OpenApp, foreign: str, page: str, query: dict[str, str]
) -> None:
    asked = {key: value.replace("FOREIGN", foreign) for key, value in query.items()}
    app = open_app(page, **asked)
    assert not app.exception and not app.error
    assert not any(foreign in str(box.options) for box in app.selectbox)
