"""Whole pages without a browser: Streamlit's AppTest, always through app.py."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from bnviz.texts.catalogue import catalogue
from bnviz.ui.navigation import PAGES
from tools.server import APP

OpenApp = Callable[..., AppTest]


def opened(app: AppTest, lang: str) -> list[str]:
    """The labels of the tabs that are filled; the one that holds more tabs is left out."""
    filled = [each.label for each in app.tabs if len(each.children)]
    return [label for label in filled if label != catalogue(lang)["link.deeper"]]


@pytest.fixture
def open_app() -> OpenApp:
    """Runs a page: open_app("one_batch", lang="zh", session={"d": 3}).

    `session` is its state before the page runs; further arguments are the address's.
    AppTest always starts on the first page and goes to the wanted one from there. In
    Chinese a page with a menu can be run once only: AppTest asks for its labels again
    outside of the session, where they are English.
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
        app = AppTest.from_file(str(APP), default_timeout=300)
        if name != PAGES[0].name:
            app.query_params["lang"] = lang
            app.run()
            app.switch_page(files[name])
        for key, value in {"lang": lang, **query}.items():
            app.query_params[key] = value
        for key, value in (session or {}).items():
            app.session_state[key] = value
        return app.run()

    return open_app
