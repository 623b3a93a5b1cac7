"""Whole pages without a browser: Streamlit's AppTest, always through app.py."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from streamlit import config
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from bnviz.core.configs import TrainConfig
from bnviz.jobs import trainings
from bnviz.jobs.worker import work
from bnviz.store import open_store
from bnviz.texts.catalogue import catalogue
from bnviz.ui.address import PAGE
from bnviz.ui.header import changes
from bnviz.ui.navigation import PAGES
from tests.waiting import PATIENCE
from tools.server import APP

OpenApp = Callable[..., AppTest]

#: A training of a moment.
QUICK = TrainConfig(seeds=6).model_copy(
    update={
        "optimizer": TrainConfig().optimizer.model_copy(update={"epochs": 2}),
        "data": TrainConfig().data.model_copy(update={"samples": 50}),
        "probes": TrainConfig().probes.model_copy(update={"checkpoints": 0}),
    }
)


def opened(app: AppTest, lang: str) -> list[str]:
    """The labels of the tabs that are filled; the one that holds more tabs is left out."""
    filled = [each.label for each in app.tabs if len(each.children)]
    return [label for label in filled if label != catalogue(lang)["link.deeper"]]


@pytest.fixture(scope="session", autouse=True)
def scanned_once() -> Iterator[None]:
    """Each AppTest looks through all installed packages for components, which takes 0.1 s."""
    with pytest.MonkeyPatch.context() as patch:
        name = "scan_component_manifests"
        patch.setattr(manifest_scanner, name, cache(getattr(manifest_scanner, name)))
        yield


@pytest.fixture
def open_app() -> OpenApp:
    """Runs a page: open_app("one_batch", lang="zh", session={"d": 3}).

    `session` is its state before the page runs; further arguments are the address's.
    AppTest always starts on the first page and goes to the wanted one from there.
    """
    # A reader is told the kind of an error only; who tests wants to know all.
    config.set_option("client.showErrorDetails", "full")
    files = {entry.name: entry.path for entry in PAGES}

    def open_app(
        name: str = PAGES[0].name,
        lang: str = "en",
        session: dict[str, Any] | None = None,
        **query: str,
    ) -> AppTest:
        app = AppTest.from_file(str(APP), default_timeout=PATIENCE)
        if name != PAGES[0].name:
            app.query_params["lang"] = lang
            app.run()
            app.switch_page(files[name])
        for key, value in {"lang": lang, **query}.items():
            app.query_params[key] = value
        for key, value in {PAGE: name, **(session or {})}.items():
            app.session_state[key] = value
        return app.run()

    return open_app


def follow(app: AppTest, page: str, **link: str) -> AppTest:
    """The app after a link that leads to a page, with all that its session remembers."""
    steps: dict[str, dict[str, str]] = {"glossary": {}, page: link}
    for name, query in steps.items():
        app.switch_page(next(entry.path for entry in PAGES if entry.name == name))
        app.query_params.clear()
        app.query_params.update({"lang": "en", **query})
        app.run()
    return app


def undone(app: AppTest) -> AppTest:
    """The app after its header's button, which AppTest cannot press: undone as a run begins."""
    pressed, remember = [changes.undo], changes.remember

    def remember_later(page: str, ran: bool = False) -> None:
        if pressed:
            pressed.pop()(page)
        remember(page, ran)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changes, "remember", remember_later)
        return app.run()


@pytest.fixture(scope="module")
def runs() -> Iterator[list[str]]:
    """Two trainings that differ in the rate, one of another version, one that is damaged."""
    store = open_store()
    faster = QUICK.optimizer.model_copy(update={"learning_rate": 0.05})
    ids = []
    for settings in (QUICK, QUICK.model_copy(update={"optimizer": faster})):
        ids.append(trainings.create(store, settings))
        work(store, ids[-1])
    ids.append(store.create("train", '{"network": {"residual": true}}', 1))
    ids.append(store.create("train", QUICK.model_dump_json(), 1))
    store.append(ids[-1], 0, 1, b"no snapshot")
    for run_id in ids[2:]:
        store.finish(run_id, "done")
    yield ids
    for run_id in ids:
        store.delete(run_id)
