"""The instruments themselves: a small page whose every figure is known."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.screen import PATIENCE, Watch, chart_figure, exceptions, settle, slider
from tools.server import ServerFailed, serve

SCRIPT = """
import time
import numpy as np
import plotly.graph_objects as go
import streamlit as st

size = st.slider("Size", 1, 9, 3)
if size > 3:
    time.sleep(1)
st.write(f"size is {size}")
st.plotly_chart(go.Figure(go.Heatmap(z=np.arange(6.0).reshape(2, 3) * size)), key="main")
if size > 4:
    raise ValueError("too large")
"""


@pytest.fixture(scope="module")
def small_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    script = tmp_path_factory.mktemp("small") / "small.py"
    script.write_text(SCRIPT, encoding="utf-8")
    with serve(script) as address:
        yield address


@pytest.fixture
def small_page(small_app: str, browser: Browser) -> Iterator[Page]:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(small_app)
        settle(page)
        yield page


def test_arrays_slow_work_and_exceptions_are_seen(small_page: Page) -> None:
    trace = chart_figure(small_page, "main")["data"][0]
    assert trace["type"] == "heatmap"
    assert trace["z"] == [[0.0, 3.0, 6.0], [9.0, 12.0, 15.0]]

    slider(small_page, "Size").press("ArrowRight")
    settle(small_page)
    assert small_page.get_by_text("size is 4").is_visible()
    assert exceptions(small_page) == []

    slider(small_page, "Size").press("End")
    settle(small_page)
    assert "too large" in exceptions(small_page)[0]


def test_watch_hears_errors_and_strangers(small_app: str, browser: Browser) -> None:
    watch = Watch(small_app.removeprefix("http://"))
    with browser.new_context() as context:
        page = context.new_page()
        watch.attach(page)
        page.goto(small_app)
        settle(page)
        assert watch.complaints == []
        page.evaluate("console.error('a complaint')")
        page.evaluate("setTimeout(() => { throw new Error('thrown') })")
        page.evaluate("fetch('http://localhost:9/stranger').catch(() => 0)")
        for _ in range(round(PATIENCE / 0.05)):
            if len(watch.complaints) >= 3:
                break
            page.wait_for_timeout(50)
    heard = "\n".join(watch.complaints)
    for sign in ("a complaint", "thrown", "another host: http://localhost:9/stranger"):
        assert sign in heard


def test_a_server_that_ends_says_why(tmp_path: Path) -> None:
    with pytest.raises(ServerFailed, match="does not exist"), serve(tmp_path / "nothing.py"):
        pass
