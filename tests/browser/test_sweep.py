"""A sweep in a browser: launched, opened cell by cell, carried away, found again by its link."""

import io
import re
from pathlib import Path

import pandas as pd
from playwright.sync_api import Page, expect

from bnviz.texts.catalogue import catalogue
from tests.browser.conftest import OpenPage
from tests.browser.screen import address, chart, chart_figure, exceptions, notices, settle

EN = catalogue("en")
SHORT = {"sweep_preset": "eps_scale", "sweep_epochs": 1, "sweep_seeds": 2}
OWN = {"down": "network.activation"}


def click_cell(page: Page, row: int, column: int) -> None:
    """Click that cell of the first map, rows counted from below."""
    area = chart(page, "map-bn").locator(".nsewdrag").first.bounding_box()
    assert area is not None
    rows, columns = 2, 7
    x = area["x"] + (column + 0.5) * area["width"] / columns
    y = area["y"] + (rows - row - 0.5) * area["height"] / rows
    page.mouse.click(x, y)


def test_from_launch_to_export(open_page: OpenPage, tmp_path: Path) -> None:
    """A preset with another vertical axis, and one value more on the horizontal one, typed.

    What is typed is taken, though 5e-6 is offered and begins as it does.
    """
    page = open_page("sweep", query=SHORT | OWN)
    values = page.locator(".st-key-across_values").get_by_role("combobox")
    values.press_sequentially("5")
    values.press("Enter")
    values.press("Tab")  # closes the list, which hides the page from those who do not see it
    expect(page).to_have_url(re.compile(r"[?&]across_values=[^&]*%2C10%2C5(&|$)"))
    settle(page)
    assert not chart_figure(page, "map-bn")["data"][0]["hovertext"][0][0]
    page.get_by_role("button", name=EN["sweep.launch"]).click()
    page.get_by_text(re.compile(r"^14\s+cells\s+in ")).wait_for()
    settle(page)
    texts = chart_figure(page, "map-plain")["data"][0]["hovertext"]
    assert all(text for row in texts for text in row)

    click_cell(page, row=1, column=5)
    expect(page).to_have_url(re.compile(r"[?&]cell=11(&|$)"))
    settle(page)
    link = page.get_by_role("link", name=EN["sweep.open_cell"])
    target = link.get_attribute("href") or ""
    assert "network.activation=tanh" in target and "data.input_scale=5" in target

    page.get_by_role("button", name=EN["sweep.table"]).click()
    settle(page)
    menu = page.get_by_test_id("stPopoverBody").bounding_box()
    assert menu is not None and menu["height"] > 300, "its table is seen, and not one line of it"
    with page.expect_download() as download:
        page.get_by_role("button", name=EN["figure.download"]).click()
    table = pd.read_csv(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert len(table) == 14 and {"network.activation", "bn_loss", "plain_loss", "q"} <= set(table)
    with page.expect_download() as download:
        page.get_by_role("button", name=EN["sweep.parquet"]).click()
    pd.testing.assert_frame_equal(pd.read_parquet(download.value.path()), table, check_dtype=False)

    link = address(page)
    page.goto("about:blank")
    page.goto(link)
    page.get_by_text(re.compile(r"^14\s+cells\s+in ")).wait_for()
    settle(page)
    assert chart_figure(page, "map-plain")["data"][0]["hovertext"] == texts
    assert "cell=11" in address(page)
    assert not exceptions(page) and not notices(page)
