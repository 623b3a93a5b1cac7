"""A stored run that this version does not understand, or that is damaged, breaks no page."""

from collections.abc import Iterator

import pytest

from bnviz.core.configs import TrainConfig
from bnviz.store import open_store
from bnviz.texts.catalogue import sentence
from bnviz.ui.server.door import Lock
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


def test_others_runs_are_opened_by_link_alone(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one has to log in: not on the lists, and not to be stopped."""
    store = open_store()
    config = TrainConfig().model_dump_json()
    hers, mine = (store.create("train", config, 1) for _ in range(2))
    store.give("ada", hers)
    store.give("me", mine)
    monkeypatch.setattr("bnviz.ui.visitor.lock", lambda: Lock("four words"))
    monkeypatch.setattr("bnviz.ui.visitor.visitor", lambda: "me")
    app = open_app("runs")
    assert [*app.dataframe[0].value["run"]] == [mine]
    for run, disabled in ((hers, True), (mine, False)):
        app = open_app("fitness", run=run)
        assert not app.exception and not app.warning
        assert app.button(key="stop").disabled is disabled
    for run in (hers, mine):
        store.delete(run)
