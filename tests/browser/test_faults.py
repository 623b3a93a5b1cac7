"""The way to the server breaks: what the page shows meanwhile, and that it is itself afterwards."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bnviz.texts.catalogue import catalogue
from tests.browser.screen import chart_figure, settle, slider

EN = catalogue("en")
#: So that a test can close the connection of a page, as a sleeping laptop does.
SOCKETS = """
window.sockets = [];
window.WebSocket = class extends WebSocket {
    constructor(...asked) { super(...asked); window.sockets.push(this); }
};
"""


@pytest.fixture
def window(browser: Browser) -> Iterator[BrowserContext]:
    """A window whose pages may complain: they lose their server."""
    with browser.new_context(accept_downloads=True) as context:
        context.add_init_script(SOCKETS)
        yield context


def connected(page: Page, whether: bool) -> None:
    """Wait until the page knows that it has a server, or none."""
    state = expect(page.get_by_test_id("stApp"))
    way = state.to_have_attribute if whether else state.not_to_have_attribute
    way("data-test-connection-state", "CONNECTED")


def test_a_browser_is_offline_and_back(app_url: str, window: BrowserContext) -> None:
    page = window.new_page()
    page.goto(f"{app_url}/one_batch?b=64&d=2")
    settle(page)
    gamma = slider(page, EN["controls.gamma"])
    window.set_offline(True)
    page.evaluate("window.sockets.forEach(socket => socket.close())")
    connected(page, False)
    shown = chart_figure(page, "after")
    assert shown["data"], "the picture stays"
    expect(gamma).to_be_disabled()
    window.set_offline(False)
    connected(page, True)
    settle(page)
    assert chart_figure(page, "after") == shown and "b=64" in page.url
    gamma.focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("b=64.*gamma="))
    settle(page)
    assert chart_figure(page, "after") != shown
