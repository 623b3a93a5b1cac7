"""Every page in a browser: in both languages and themes, for everybody, on a phone too."""

from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from bnviz.texts.catalogue import catalogue
from bnviz.ui.home.wines import BETA, GAMMA
from bnviz.ui.navigation import PAGES
from tests.browser.conftest import OpenPage
from tests.browser.screen import (
    CUT,
    CUT_SHORT,
    HOLLOW,
    JUMPS,
    OVERLAPPING,
    SHIFT,
    UNDER_KEY,
    UNEVEN,
    WALL,
    address,
    below_the_fold,
    chart_figure,
    covered,
    exceptions,
    long_but,
    notices,
    open_tab,
    settle,
    slider,
    violations,
)

NAMES = [entry.name for entry in PAGES]
PHONE, ZOOMED = {"width": 390, "height": 844}, {"width": 640, "height": 360}
#: Pages of one question and its picture; of the pitfalls see test_pitfalls.
SEEN_AT_ONCE = {"one_batch", "train_vs_eval", "fitness", "smoothness"}


def title(page: Page) -> str:
    return page.locator("h1").inner_text()


def heading(name: str, lang: str) -> str:
    """What the page of that name asks."""
    return catalogue(lang)[f"{name}.title"]


def query(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address(page)).query).items()}


def means(page: Page) -> list[float]:
    """Where One batch's figure puts the mean of every feature before BN."""
    data = chart_figure(page, "before")["data"]
    positions: list[float] = next(trace for trace in data if trace.get("name") == "mean")["x"]
    return positions


# ---------------------------------------------------------------- each page


ENGLISH, CHINESE = ("en", "light"), ("zh", "dark")
#: Each page once, by turns in either language and theme; `make proof` has the others.
OPENED = [
    pytest.param(name, *way, marks=[] if place % 2 == chosen else pytest.mark.proof)
    for place, name in enumerate(NAMES)
    for chosen, way in enumerate((ENGLISH, CHINESE))
]


@pytest.mark.parametrize(("name", "lang", "scheme"), OPENED)
def test_page(open_page: OpenPage, name: str, lang: str, scheme: str) -> None:
    """On a wall and on a phone; open_page sees to console and network."""
    page = open_page(name, lang=lang, color_scheme=scheme, **WALL)
    assert title(page) == heading(name, lang)
    assert exceptions(page) == [] and notices(page) == []
    assert page.evaluate(JUMPS) == []
    background = page.get_by_test_id("stApp").evaluate("e => getComputedStyle(e).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(16, 22, 29)"}[scheme]
    for chart in page.locator(".bnviz-chart").all():
        ink = chart.evaluate("e => e.layout.font.color")
        assert ink == {"light": "#0f1923", "dark": "#e8edf2"}[scheme], "charts wear the theme"
    assert violations(page) == []
    assert page.evaluate(OVERLAPPING) == [] and page.evaluate(CUT) == []
    assert page.evaluate(UNEVEN) == []
    if name in SEEN_AT_ONCE:
        assert list(below_the_fold(page, name)) == []

    for window in (PHONE, ZOOMED):
        page.set_viewport_size(window)
        settle(page)
        assert not covered(page.locator("h1"))
        assert_nothing_sideways(page, window["width"])
        assert page.evaluate(UNDER_KEY) == [] and page.evaluate(CUT_SHORT) == []
        assert page.evaluate(OVERLAPPING) == [] and page.evaluate(CUT) == []
        assert page.evaluate(HOLLOW) == []


@pytest.mark.parametrize(
    "window", [WALL["viewport"], PHONE, pytest.param(ZOOMED, marks=pytest.mark.proof)]
)
@pytest.mark.parametrize("name", long_but(("home",), NAMES))
def test_what_comes_late_has_its_room(
    open_page: OpenPage, name: str, window: dict[str, int]
) -> None:
    page = open_page(name, viewport=window)
    assert page.evaluate(SHIFT) < 0.25
    sidebar = page.get_by_test_id("stSidebarUserContent").get_by_test_id("stElementContainer")
    assert (page.locator("html[data-bnviz-aside]").count() > 0) == (sidebar.count() > 0)


@pytest.mark.parametrize(
    ("name", "section"),
    [
        ("one_batch", "matrix"),
        ("train_vs_eval", "company"),
        pytest.param("train_vs_eval", "split", marks=pytest.mark.proof),
    ],
)
def test_a_sections_charts_are_whole_on_a_phone(
    open_page: OpenPage, name: str, section: str
) -> None:
    """Their colour scales and keys too, and where labels are numbers."""
    page = open_page(name, query={"section": section}, viewport=PHONE)
    assert page.evaluate(OVERLAPPING) == [] and page.evaluate(CUT) == []


def assert_nothing_sideways(page: Page, width: int) -> None:
    widths = page.evaluate(
        "['html', '[data-testid=stMain]'].map(s => document.querySelector(s).scrollWidth)"
    )
    assert max(widths) <= width, "no scrolling sideways"
    for chart in page.locator(".js-plotly-plot").all():
        box, plot = chart.bounding_box(), chart.locator(".nsewdrag").first.bounding_box()
        assert box is not None and box["x"] + box["width"] <= width
        assert plot is not None and plot["width"] > 150, "room for what is drawn"


# ---------------------------------------------------------------- from page to page


def test_a_control_of_two_pages_has_its_default_on_the_second(open_page: OpenPage) -> None:
    page = open_page("one_batch")
    page.get_by_role("link", name=catalogue("en")["pages.train_vs_eval"], exact=True).first.click()
    page.get_by_role("heading", name=heading("train_vs_eval", "en")).wait_for()
    settle(page)
    assert "source" not in query(page)


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
    expect(page.locator("h1")).to_have_text(zh["fitness.title"])
    settle(page)
    assert query(page)["lang"] == "zh"
    assert page.get_by_label(zh["train.first_seed"]).input_value() == "0", "not the batch's"

    page.get_by_role("link", name=zh["pages.one_batch"]).first.click()
    expect(page.locator("h1")).to_have_text(zh["one_batch.title"])
    settle(page)
    assert query(page) == settings | {"lang": "zh"}, "the page is as it was left"
    assert means(page) == before


def test_by_a_card_back_and_forth(open_page: OpenPage) -> None:
    zh = catalogue("zh")
    page = open_page(lang="zh")
    page.get_by_test_id("stMain").get_by_role("link", name=zh["pages.one_batch"]).click()
    settle(page)
    assert title(page) == zh["one_batch.title"]
    assert query(page) == {"lang": "zh"}
    page.get_by_text(zh["controls.axis_own"], exact=True).click()
    settle(page)
    steps = page.evaluate("history.length")
    page.get_by_role("link", name=zh["pages.fitness"]).first.click()
    settle(page)
    assert page.evaluate("history.length") == steps + 1, "Back meets no address that nobody saw"
    page.go_back()
    settle(page)
    assert title(page) == zh["one_batch.title"]
    axis = chart_figure(page, "before")["layout"]["xaxis"]["title"]["text"]
    assert axis == zh["one_batch.axis.own"], "the choice is still made"
    page.go_back()
    settle(page)
    axis = chart_figure(page, "before")["layout"]["xaxis"]["title"]["text"]
    assert axis == zh["one_batch.axis.value"], "the choice is not yet made"
    for _ in range(2):
        page.go_forward()
        settle(page)
    assert title(page) == zh["fitness.title"]
    assert notices(page) == exceptions(page) == []


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
