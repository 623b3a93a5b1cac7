"""What stands beside every title: language, theme, undo, reset; and the page on a phone."""

from playwright.sync_api import Browser, Page, expect

from bnviz.texts.catalogue import catalogue
from bnviz.ui.navigation import PAGES
from tests.browser.conftest import OpenPage
from tests.browser.screen import address, covered, notices, settle, slider, violations

DARK = "rgb(16, 22, 29)"


def tool(page: Page, name: str) -> None:
    page.locator(f".bnviz-header [data-act={name}]").click()


def background(page: Page) -> str:
    color: str = page.get_by_test_id("stApp").evaluate("e => getComputedStyle(e).backgroundColor")
    return color


def test_language_and_theme_are_the_browsers_then_as_chosen(app_url: str, browser: Browser) -> None:
    with browser.new_context(locale="zh-CN", color_scheme="light") as context:
        page = context.new_page()
        page.goto(f"{app_url}/glossary?nonsense=1")
        settle(page)
        assert page.locator("h1").inner_text() == catalogue("zh")["glossary.title"]
        assert page.locator("html").get_attribute("lang") == "zh-CN"
        assert "nonsense" in notices(page)[0], "a name that no control has is told"
        page.get_by_text("EN", exact=True).click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        with page.expect_navigation():
            page.locator(".bnviz-header select").select_option("Dark")
        settle(page)
        assert background(page) == DARK
        page.goto(app_url)  # another page on another day
        settle(page)
        assert page.locator("h1").inner_text() == catalogue("en")["home.title"]
        assert background(page) == DARK and violations(page) == []


def test_changes_are_undone_one_by_one_and_reset_all_at_once(open_page: OpenPage) -> None:
    en = catalogue("en")
    page = open_page("one_batch", query={"d": 5})
    undo = page.locator(".bnviz-header [data-act=undo]")
    expect(undo).to_be_disabled()
    slider(page, en["controls.gamma"]).press("End")
    page.wait_for_url("**gamma=5**")
    settle(page)  # changes that one run answers are one step
    page.get_by_text("float64", exact=True).click()
    page.wait_for_url("**precision=float64**")
    settle(page)
    undo.click()
    page.wait_for_function("() => !location.search.includes('precision')")
    assert "gamma=5" in address(page) and "d=5" in address(page)
    settle(page)
    undo.click()
    page.wait_for_function("() => !location.search.includes('gamma')")
    settle(page)
    expect(undo).to_be_disabled()
    with page.expect_navigation():
        tool(page, "reset")
    settle(page)
    assert slider(page, en["controls.features"]).get_attribute("aria-valuetext") == "8"


PHONE, ZOOMED = (390, 844), (640, 360)  # the second is 200 % zoom


#: Names of pages that are cut, and what all of the page is wider than: the window.
TOO_WIDE = """() => [...document.querySelectorAll(
    '[data-testid=stSidebarNavLink] span, [data-testid=stAppViewContainer]'
)].filter(each => each.scrollWidth > each.clientWidth)
    .map(each => `${each.innerText.slice(0, 30)}: ${each.scrollWidth}`)"""


def test_pages_and_controls_are_there_without_a_drawer(open_page: OpenPage) -> None:
    page = open_page("fitness", viewport={"width": PHONE[0], "height": PHONE[1]})
    assert_all_is_reached(page)
    for width in (PHONE[0], 360, 320):  # of which the last is 400 % zoom
        page.set_viewport_size({"width": width, "height": PHONE[1]})
        settle(page)
        assert page.evaluate(TOO_WIDE) == [], f"the names of pages, one in bold, on {width} px"
    page.set_viewport_size({"width": ZOOMED[0], "height": ZOOMED[1]})
    page.goto(page.url.replace("fitness", "sweep"))
    settle(page)
    assert_all_is_reached(page)


def assert_all_is_reached(page: Page) -> None:
    en = catalogue("en")
    for entry in PAGES:
        link = page.get_by_role("link", name=en[f"pages.{entry.name}"], exact=True).first
        expect(link).to_be_in_viewport()
    launch = page.locator(".st-key-launch button")
    launch.scroll_into_view_if_needed()
    expect(launch).to_be_in_viewport()
    others = page.get_by_test_id("stSidebarUserContent")
    others.scroll_into_view_if_needed()
    expect(others).to_be_in_viewport()
    assert not covered(page.locator("h1")), "nothing covers the title"
