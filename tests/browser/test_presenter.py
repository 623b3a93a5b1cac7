"""Presenter mode on a shared screen: sizes as rendered, the controls that stay, and the keys."""

from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import Page

from bnviz.ui.navigation import PAGES
from tests.browser.conftest import OpenPage
from tests.browser.screen import CUT, OVERLAPPING, address, long_but, settle

NAMES = [entry.name for entry in PAGES]
WALL = {"viewport": {"width": 1280, "height": 720}}

#: Every text smaller than 18 px, with its size; indices in formulas are set smaller everywhere.
SMALL = """() => [...document.querySelectorAll('body *')].filter(e =>
    [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())
    && e.getBoundingClientRect().width && getComputedStyle(e).visibility !== 'hidden'
    && !e.closest('style, script, .katex')
    && parseFloat(getComputedStyle(e).fontSize) < 17.9
).map(e => `${getComputedStyle(e).fontSize} ${e.textContent.trim().slice(0, 30)}`)"""

#: Of a table, which is painted: how high its letters are, and how much wider than its place it is.
PAINTED = """table => {
    const grid = table.querySelector('canvas'), box = grid.getBoundingClientRect();
    const font = getComputedStyle(grid).getPropertyValue('--gdg-base-font-style');
    const place = table.parentElement.getBoundingClientRect();
    return [parseFloat(font.split(' ').at(-1)) * grid.currentCSSZoom, box.width - place.width];
}"""


#: Beside each page as it opens one with many numbers along both axes.
NUMBERS = "pitfalls?pitfall=bias_before_bn"


@pytest.mark.parametrize("name", long_but((NUMBERS, "sweep"), (*NAMES, NUMBERS)))
def test_nothing_is_small_and_only_the_main_controls_stay(open_page: OpenPage, name: str) -> None:
    name, _, query = name.partition("?")
    page = open_page(name, query=dict(parse_qsl(query)) | {"present": 1}, **WALL)
    page.wait_for_function("() => document.documentElement.hasAttribute('data-bnviz-presenting')")
    settle(page)
    assert page.evaluate(SMALL) == []
    assert page.evaluate(OVERLAPPING) == [] and page.evaluate(CUT) == []
    for box in [chart.bounding_box() for chart in page.locator(".bnviz-chart").all()[:1]]:
        assert box is not None and box["y"] + box["height"] <= 720, (
            "the first picture is seen whole"
        )
    header = page.get_by_test_id("stHeader").bounding_box()
    assert header is not None and header["height"] <= 48
    assert not page.get_by_test_id("stSidebar").is_visible(), "what matters stands at the picture"
    strokes = page.evaluate(
        "() => [...document.querySelectorAll('.bnviz-chart')]"
        ".flatMap(e => e.data.map(trace => trace.line?.width).filter(Boolean))"
    )
    assert min(strokes, default=2) >= 1.5, "no stroke is thin"
    if page.locator(".bnviz-chart").count():
        page.locator(".bnviz-chart").first.hover()
        page.locator(".modebar-btn[data-title='Full screen']").first.click()
        page.wait_for_function("() => document.fullscreenElement")
        assert page.evaluate(SMALL) == [], "full screen"


def test_keys_begin_and_end_it(open_page: OpenPage) -> None:
    page = open_page("one_batch", query={"section": "statistics"}, **WALL)
    page.keyboard.press("p")
    page.wait_for_function("() => document.documentElement.hasAttribute('data-bnviz-presenting')")
    page.wait_for_url("**present=true**")
    settle(page)
    for chart in page.locator(".bnviz-chart").all():
        place, drawn = chart.evaluate("e => [e.offsetWidth, e._fullLayout.width]")
        assert drawn == pytest.approx(place, abs=2), "as wide as its place, which has grown"
    letters, beyond = page.get_by_test_id("stDataFrame").first.evaluate(PAINTED)
    assert letters >= 18 and beyond <= 0
    page.emulate_media(color_scheme="dark")  # at dusk
    light = "() => document.querySelector('.bnviz-chart').layout.font.color === '#e8edf2'"
    page.wait_for_function(light)
    page.evaluate(
        """() => document.body.dispatchEvent(
            new KeyboardEvent("keydown", {key: "Escape", isComposing: true, bubbles: true}))"""
    )
    switch = page.locator(".st-key-present input")
    assert switch.is_checked(), "the end of a Chinese word that is being typed is no end of this"
    page.keyboard.press("Escape")
    page.wait_for_function("() => !document.documentElement.hasAttribute('data-bnviz-presenting')")


def test_arrows_step_through_a_lesson_but_not_while_a_slider_has_the_focus(
    open_page: OpenPage,
) -> None:
    page = open_page("home", query={"lesson": "bn_in_ten_minutes"}, **WALL)
    page.get_by_role("slider").first.focus()
    page.keyboard.press("ArrowRight")
    settle(page)
    assert "step=2" not in address(page)
    page.get_by_text("Lesson: BN in ten minutes").click()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**step=2**")


def guess(page: Page) -> None:
    """Commits to a guess: to the number that stands there, or to the first option."""
    if (first := page.locator(".st-key-lesson [data-testid=stRadioOption]").first).count():
        first.click()
    page.locator(".st-key-lesson [data-testid=stFormSubmitButton] button").click()
    page.locator(".st-key-lesson [data-testid=stAlert]").wait_for()
    settle(page)


def test_back_is_one_step_and_a_reload_stays_on_the_wall(open_page: OpenPage) -> None:
    query = {"lesson": "bn_in_ten_minutes", "present": "true"}
    page = open_page("home", query=query, **WALL)
    for step in (2, 3, 4):
        guess(page)
        page.keyboard.press("ArrowRight")
        page.wait_for_url(f"**step={step}**")
        settle(page)
    page.go_back()
    page.wait_for_url("**step=3**")
    settle(page)
    assert "progress=2" in address(page), "with the state that the step asks for"
    page.reload()
    settle(page)
    assert page.evaluate("document.documentElement.hasAttribute('data-bnviz-presenting')")
    assert page.get_by_text("step\u00a03").is_visible()


def test_on_a_phone_a_lesson_shows_what_belongs_to_its_step(open_page: OpenPage) -> None:
    page = open_page("home", query={"lesson": "your_batch"}, viewport={"width": 390, "height": 844})
    guess(page)
    charts = page.locator(".bnviz-chart")
    assert charts.first.is_visible()
    last = charts.last.bounding_box()
    below = page.locator("[data-testid=stMain] [data-testid=stElementContainer]:visible").last
    end = below.bounding_box()
    assert last is not None and end is not None
    assert end["y"] + end["height"] < last["y"] + last["height"] + 300, "no tabs, no other controls"
    assert not page.get_by_test_id("stSidebarUserContent").is_visible()
