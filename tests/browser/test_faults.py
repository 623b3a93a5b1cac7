"""The way to the server breaks: what the page shows meanwhile, and that it is itself afterwards."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from bnviz.jobs import trainings
from bnviz.jobs.worker import work
from bnviz.store import Store
from bnviz.store.database import folder_url
from bnviz.texts.catalogue import catalogue
from tests.browser.screen import address, chart_figure, settle, slider
from tests.browser.test_one_batch import table
from tests.pages.conftest import QUICK
from tools.server import free_port, serve

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
    assert chart_figure(page, "after") == shown and "b=64" in address(page)
    gamma.focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("b=64.*gamma="))
    settle(page)
    assert chart_figure(page, "after") != shown


def kill_server(port: int) -> None:
    """End the server on that port as the system would: without a word."""
    (server,) = (child for child in psutil.Process().children() if str(port) in child.cmdline())
    server.kill()
    server.wait()


def uploads(home: Path) -> list[Any]:
    """What a history that is well has of uploads."""
    connection = sqlite3.connect(home / "history.sqlite")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    store = Store(folder_url(home))
    kept = list(store.uploads())
    store.close()
    return kept


@pytest.mark.proof
def test_a_server_is_killed_during_an_upload_and_an_export(
    window: BrowserContext, tmp_path: Path
) -> None:
    """Nothing is kept of either; the pages find the next server. The next upload works; to export
    again, the page has to be reloaded.
    """
    home, port = tmp_path / "home", free_port()
    store = Store(folder_url(home))
    run_id = trainings.create(store, QUICK)
    work(store, run_id)
    store.close()
    held: list[Route] = []
    uploading, exporting = window.new_page(), window.new_page()
    file: Any = {"name": "rows.csv", "mimeType": "text/csv", "buffer": table(50).encode()}
    place = uploading.get_by_test_id("stFileUploaderDropzoneInput")

    with serve(home=home, port=port) as address:
        uploading.goto(f"{address}/fitness?data.source=table")
        exporting.goto(f"{address}/runs?runs={run_id}")
        for page in (uploading, exporting):
            settle(page)
            for path in ("**/_stcore/upload_file/**", "**/media/**"):
                page.route(path, lambda route: held.append(route))
        with uploading.expect_request("**/_stcore/upload_file/**"):
            place.set_input_files(file)
        exporting.get_by_role("button", name=EN["runs.export"]).click()
        export = exporting.get_by_role("button", name=EN["runs.format.csv"])
        with exporting.expect_request("**/media/**"):
            export.click()
        kill_server(port)
        for route in held:
            route.continue_()
        for page in (uploading, exporting):
            connected(page, False)
    assert uploads(home) == []
    with serve(home=home, port=port):
        for page in (uploading, exporting):
            page.unroute_all()
            connected(page, True)
            settle(page)
        place.set_input_files(file)
        expect(uploading.get_by_test_id("stFileUploader").last).to_contain_text("rows.csv")
        settle(uploading)
        exporting.reload()  # Streamlit asks for the file in the name of the session that is gone
        exporting.get_by_role("button", name=EN["runs.export"]).click()
        with exporting.expect_download() as download:
            export.click()
        assert download.value.path().read_text(encoding="utf-8").startswith("epoch,")
    assert len(uploads(home)) == 1
