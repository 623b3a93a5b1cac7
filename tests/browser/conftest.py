"""The product in a real browser: one server and one Chromium for all browser tests."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from bnviz.ui.navigation import PAGES
from tests.browser.screen import PATIENCE, Watch, settle
from tools import browser as chromium
from tools.server import serve

OpenPage = Callable[..., Page]
WindowLike = Callable[..., BrowserContext]

expect.set_options(timeout=PATIENCE * 1000)


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the dashboard's run history, which is empty at first."""
    return tmp_path_factory.mktemp("history")


@pytest.fixture(scope="session")
def app_url(history: Path) -> Iterator[str]:
    """Address of a running dashboard."""
    with serve(home=history) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    if path is None:
        pytest.fail(chromium.NO_BROWSER)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=chromium.arguments())
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def window_like(browser: Browser) -> Iterator[WindowLike]:
    """window_like(color_scheme="dark"): the one window of these options, for a new visitor.

    One that is warm opens pages faster: it has compiled plotly.js.
    """
    opened: dict[str, BrowserContext] = {}

    def window_like(**options: Any) -> BrowserContext:
        kind = repr(sorted(options.items()))
        if kind not in opened:
            opened[kind] = browser.new_context(**options)
        opened[kind].clear_cookies()
        return opened[kind]

    yield window_like
    for context in opened.values():
        context.close()


#: What a visitor's window is like, where a test asks for nothing else.
USUAL = {
    "viewport": {"width": 1440, "height": 900},
    "accept_downloads": True,
    "color_scheme": "light",
}


@pytest.fixture
def open_page(app_url: str, window_like: WindowLike) -> Iterator[OpenPage]:
    """Opens a page as a new visitor: open_page("one_batch", lang="zh", query={"b": 64}).

    `query` may also be a whole address; `settled` false does not wait for the page to
    be still, which one with a training on it never is. Further arguments are
    Playwright's for a context (`color_scheme`, `viewport`). Visitors share the
    browser's cache and nothing else: a Streamlit session belongs to its page. At the
    end the test fails if any page logged an error or asked another host.
    """
    watch = Watch(urlsplit(app_url).netloc)
    pages = []

    def open_page(
        name: str = "",
        lang: str = "en",
        query: dict[str, Any] | str | None = None,
        settled: bool = True,
        **options: Any,
    ) -> Page:
        page = window_like(**USUAL | options).new_page()
        page.set_default_timeout(PATIENCE * 1000)
        pages.append(page)
        watch.attach(page)
        wanted = urlencode({"lang": lang, **(query or {})}) if not isinstance(query, str) else ""
        path = "" if name == PAGES[0].name else name  # the first page has no address of its own
        page.goto(query if isinstance(query, str) else f"{app_url}/{path}?{wanted}")
        if settled:
            settle(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert watch.complaints == []


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """The home page in English."""
    return open_page()
