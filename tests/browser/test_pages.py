"""Every page in a browser: in both languages and themes, for everybody, on a phone too."""

from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from bnviz.texts.catalogue import catalogue
from bnviz.ui.home import BETA, GAMMA
from bnviz.ui.navigation import PAGES
from tests.browser.conftest import OpenPage
from tests.browser.screen import (
    Watch,
    chart_figure,
    covered,
    exceptions,
    notices,
    open_tab,
    settle,
    slider,
    violations,
)
from tools.server import serve

NAMES = [entry.name for entry in PAGES]


def title(page: Page) -> str:
    return page.locator("h1").inner_text()


def heading(name: str, lang: str) -> str:
    """What the page of that name asks."""
    return catalogue(lang)[f"{name}.title"]


def query(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def means(page: Page) -> list[float]:
    """Where One batch's figure puts the mean of every feature before BN."""
    data = chart_figure(page, "before")["data"]
    found: list[float] = next(trace for trace in data if trace.get("name") == "mean")["x"]
    return found


# ---------------------------------------------------------------- each page


@pytest.mark.parametrize(
    ("lang", "scheme"), [pytest.param("en", "light", marks=pytest.mark.proof), ("zh", "dark")]
)
@pytest.mark.parametrize("name", NAMES)
def test_page(open_page: OpenPage, name: str, lang: str, scheme: str) -> None:
    """Both languages and both themes, each once; open_page sees to console and network."""
    page = open_page(name, lang=lang, color_scheme=scheme)
    assert title(page) == heading(name, lang)
    assert exceptions(page) == [] and notices(page) == []
    background = page.get_by_test_id("stApp").evaluate("e => getComputedStyle(e).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(16, 22, 29)"}[scheme]
    for chart in page.locator(".bnviz-chart").all():
        ink = chart.evaluate("e => e.layout.font.color")
        assert ink == {"light": "#0f1923", "dark": "#e8edf2"}[scheme], "charts wear the theme"
    assert violations(page) == []


@pytest.mark.parametrize(
    ("width", "height"), [(390, 844), pytest.param(640, 360, marks=pytest.mark.proof)]
)
@pytest.mark.parametrize("name", NAMES)
def test_phone_and_zoom(open_page: OpenPage, name: str, width: int, height: int) -> None:
    page = open_page(name, viewport={"width": width, "height": height})
    assert not covered(page.locator("h1"))
    widths = page.evaluate(
        "['html', '[data-testid=stMain]'].map(s => document.querySelector(s).scrollWidth)"
    )
    assert max(widths) <= width, "no scrolling sideways"
    for chart in page.locator(".js-plotly-plot").all():
        box, plot = chart.bounding_box(), chart.locator(".nsewdrag").first.bounding_box()
        assert box is not None and box["x"] + box["width"] <= width
        assert plot is not None and plot["width"] > 150, "room for what is drawn"


def test_the_first_request_may_be_a_deep_link(browser: Browser) -> None:
    """A server that nobody has visited yet knows its pages."""
    with serve() as address, browser.new_context() as context:
        watch = Watch(urlsplit(address).netloc)
        page = context.new_page()
        watch.attach(page)
        page.goto(f"{address}/one_batch?lang=zh&d=3")
        settle(page)
        assert title(page) == catalogue("zh")["one_batch.title"]
        assert page.get_by_text("not found", exact=False).count() == 0
        assert len(chart_figure(page, "before")["layout"]["yaxis"]["tickvals"]) == 3
        assert watch.complaints == []


# ---------------------------------------------------------------- from page to page


def test_language_keeps_everything_and_travels(open_page: OpenPage) -> None:
    zh = catalogue("zh")
    settings = {"b": "64", "d": "3", "eps": "0.1", "source": "uniform", "gamma": "2", "axis": "own"}
    page = open_page("one_batch", query=settings)
    open_tab(page, "one_batch.tabs.matrix")
    settings["section"] = "matrix"
    before = means(page)

    page.get_by_text("中文", exact=True).click()
    settle(page)
    assert title(page) == zh["one_batch.title"]
    assert query(page) == settings | {"lang": "zh"}
    assert means(page) == before
    opened = page.get_by_role("tab", selected=True)
    assert opened.inner_text() == zh["one_batch.tabs.matrix"], "the same tab"
    assert notices(page) == []

    page.get_by_role("link", name=zh["pages.fitness"]).first.click()
    settle(page)
    assert title(page) == zh["fitness.title"]
    assert query(page)["lang"] == "zh"
    assert page.get_by_label(zh["train.first_seed"]).input_value() == "0", "not the batch's"

    page.get_by_role("link", name=zh["pages.one_batch"]).first.click()
    settle(page)
    assert query(page) == settings | {"lang": "zh"}, "the page is as it was left"
    assert means(page) == before


def test_back_and_forth(open_page: OpenPage) -> None:
    en = catalogue("en")
    page = open_page()
    page.get_by_role("link", name=en["pages.one_batch"]).first.click()
    settle(page)
    page.get_by_text(en["controls.axis_own"], exact=True).click()
    settle(page)
    page.get_by_role("link", name=en["pages.fitness"]).first.click()
    settle(page)
    page.go_back()
    settle(page)
    assert title(page) == en["one_batch.title"]
    axis = chart_figure(page, "before")["layout"]["xaxis"]["title"]["text"]
    assert axis == en["one_batch.axis.own"], "the choice is still made"
    page.go_forward()
    settle(page)
    assert title(page) == en["fitness.title"]
    assert exceptions(page) == []


def test_cards_lead_to_pages(open_page: OpenPage) -> None:
    page = open_page(lang="zh")
    name = catalogue("zh")["pages.one_batch"]
    page.get_by_test_id("stMain").get_by_role("link", name=name).click()
    settle(page)
    assert title(page) == catalogue("zh")["one_batch.title"]
    assert query(page) == {"lang": "zh"}


def test_home_walks(open_page: OpenPage) -> None:
    en = catalogue("en")
    page = open_page()
    start = chart_figure(page, "walk-train")["data"]
    assert start[0]["x"] == start[2]["x"], "nothing has happened yet"
    slider(page, en["home.progress"]).press("End")
    settle(page)
    now = np.array(chart_figure(page, "walk-train")["data"][2]["x"])
    assert now.mean() == pytest.approx(BETA[0], abs=1e-9)
    assert now.std() == pytest.approx(GAMMA[0], abs=1e-4)
    assert page.get_by_text(en["home.stage_beta"].split("**")[1]).is_visible()
    assert query(page) == {"progress": "4"}


def test_the_open_tab_is_each_pages_own(open_page: OpenPage) -> None:
    en = catalogue("en")
    page = open_page("one_batch", query={"section": "matrix"})
    for name, section in (("train_vs_eval", "frozen"), ("smoothness", "extremes")):
        page.get_by_role("link", name=en[f"pages.{name}"]).first.click()
        settle(page)
        assert query(page)["section"] == "gap", "not the other page's"
        open_tab(page, f"{name}.tabs.{section}")
        assert query(page)["section"] == section
    page.get_by_role("link", name=en["pages.one_batch"]).first.click()
    settle(page)
    assert query(page)["section"] == "matrix"
    opened = page.get_by_role("tab", selected=True)
    assert opened.inner_text() == en["one_batch.tabs.matrix"]
    assert notices(page) == []
