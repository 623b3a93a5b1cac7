"""Smoothness in a browser: figures equal core, jobs outlive their page, links are faithful."""

import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from bnviz.core.smoothness.landscape import LandscapeConfig
from bnviz.core.smoothness.scales import ScalesConfig
from bnviz.core.smoothness.subject import document
from bnviz.texts.catalogue import catalogue
from tests.browser.conftest import OpenPage
from tests.browser.screen import (
    address,
    chart_figure,
    exceptions,
    notices,
    settle,
    violations,
    wait_for_chart,
)

EN, ZH = catalogue("en"), catalogue("zh")


def query(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address(page)).query).items()}


def opened(page: Page) -> str:
    return page.get_by_role("tab", selected=True).inner_text()


def test_figures_equal_core(open_page: OpenPage) -> None:
    asked = {"section": "scales", "scales.probes": 4, "bn_mode": "train", "measure_seed": 3}
    page = open_page("smoothness", query=asked)
    config = ScalesConfig(probes=4, bn_mode="train", seed=3)
    *_, last = config.measure(document(), lambda: False)
    drawn = [trace["y"] for trace in chart_figure(page, "scales")["data"]]
    for sweep in (last.result.bn, last.result.plain, last.result.bn_float32):
        for curve in (sweep.median, sweep.largest):
            assert any(y == pytest.approx(curve.tolist()) for y in drawn)
    shares = [trace["y"] for trace in chart_figure(page, "kinks")["data"]]
    assert any(y == pytest.approx(last.result.bn.kink_share.tolist()) for y in shares)
    assert notices(page) == []


@pytest.mark.proof
def test_a_link_shows_the_same_in_both_languages(open_page: OpenPage) -> None:
    asked = {"section": "landscape", "landscape.points": 13, "landscape.extent": 0.5}
    query_of_surface = asked | {"view": "surface", "bn_mode": "train"}
    page = open_page("smoothness", query=query_of_surface, color_scheme="dark")
    config = LandscapeConfig(points=13, extent=0.5, bn_mode="train")
    *_, last = config.measure(document(), lambda: False)
    height = chart_figure(page, "surface-plain")["data"][0]["customdata"]
    assert np.array(height) == pytest.approx(last.result.plain.loss)
    assert violations(page) == []
    before = query(page)
    page.get_by_text("中文", exact=True).click()
    settle(page)
    assert opened(page) == ZH["smoothness.tabs.landscape"]
    assert query(page) == before | {"lang": "zh"}
    assert chart_figure(page, "surface-plain")["data"][0]["customdata"] == height
    page.get_by_role("tab", name=ZH["smoothness.tabs.extremes"]).click()
    settle(page)
    assert query(page)["section"] == "extremes"
    assert violations(page) == []


def test_a_measure_outlives_its_page(open_page: OpenPage) -> None:
    """Launched, watched by a reload and by a second visitor, stopped, and found again."""
    long = {"section": "stability", "stability.steps": 2000, "stability.halvings": 30}
    page = open_page("smoothness", query=long)
    page.get_by_role("button", name=EN["measuring.measure"], exact=True).click()
    bar = page.get_by_test_id("stProgress")
    expect(bar).to_have_text(re.compile(r"^\d+ of \d+"))
    wait_for_chart(page, "thresholds")

    page.reload()
    expect(bar).to_have_text(re.compile(r"^\d+ of \d+"))
    second = open_page("smoothness", lang="zh", query=long, settled=False)
    stop = second.get_by_role("button", name=ZH["run.stop"])
    stop.wait_for()
    stop.click()

    line = page.get_by_text(re.compile("^" + EN["measuring.stopped"].partition("{")[0]))
    line.wait_for()
    settle(page)
    again = page.get_by_role("button", name=EN["measuring.again"], exact=True)
    assert again.is_visible()
    wait_for_chart(page, "thresholds")
    page.reload()
    settle(page)
    assert line.is_visible() and again.is_visible(), "what was found is kept"
    assert exceptions(page) == [] and notices(page) == []
