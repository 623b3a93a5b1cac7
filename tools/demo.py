"""Drives docs/demo.md in Chromium at 1280 x 720 and counts its clicks: ``python -m tools.demo``.

Ends with an error where a step needs the page scrolled, or what it shows is not in view.
"""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, sync_playwright

from bnviz.texts.catalogue import catalogue
from tools import browser as chromium
from tools.page import exceptions, settle
from tools.server import serve

EN = catalogue("en")
WIDTH, HEIGHT = 1280, 720
IN_VIEW = """e => {
    const {top, bottom, height} = e.getBoundingClientRect();
    return height > 0 && top >= 0 && bottom <= innerHeight;
}"""


@dataclass
class Demo:
    """The page that the script is shown on, and how often it was clicked or a key pressed."""

    page: Page
    clicks: int = 0

    def click(self, what: Locator, shows: Locator) -> None:
        """One click, after which something must be in view, the page unscrolled."""
        self.within_view(what)
        what.click()
        self._after(shows)

    def press(self, what: Locator, key: str, shows: Locator) -> None:
        """One key on a control that is in view."""
        self.within_view(what)
        what.press(key)
        self._after(shows)

    def to(self, page: str, shows: Locator) -> None:
        """To a page by the navigation."""
        link = self.page.get_by_test_id("stTopNav").get_by_role("link", name=EN[f"pages.{page}"])
        self.click(link.first, shows)

    def _after(self, shows: Locator) -> None:
        self.clicks += 1
        settle(self.page)
        self.within_view(shows)
        print(f"{self.clicks:2}  {self.page.locator('h1').inner_text()}", flush=True)
        if wrong := exceptions(self.page):
            raise SystemExit(wrong[0])

    def within_view(self, what: Locator) -> None:
        """SystemExit unless it can be seen as the page stands."""
        what.wait_for()
        if not what.evaluate(IN_VIEW):
            raise SystemExit(f"after click {self.clicks}: not in view without scrolling: {what}")


def drive(demo: Demo) -> None:
    """The steps of docs/demo.md in their order."""
    page = demo.page
    first_chart = page.get_by_test_id("stMain").locator(".bnviz-chart").first

    def chart(key: str) -> Locator:
        return page.locator(f".st-key-{key} .bnviz-chart")

    def handle(key: str) -> Locator:
        return page.locator(f".st-key-{key}").get_by_role("slider")

    said = page.get_by_text("After 120 steps").first
    page.wait_for_function(
        "() => document.querySelector('.st-key-flow-bn .bnviz-chart')?.bnviz?.live"
    )
    demo.click(page.locator(".st-key-train .bnviz-player"), said)
    demo.click(page.get_by_text("0.0003", exact=True), said)
    demo.to("one_batch", chart("after"))
    demo.press(handle("eps"), "End", chart("after"))
    demo.to("train_vs_eval", chart("running-mean"))
    demo.press(handle("momentum"), "End", chart("running-mean"))
    tab = page.get_by_role("tab", name=EN["train_vs_eval.tabs.company"])
    demo.click(tab, chart("fan"))
    forgotten = page.locator(".st-key-open-eval_forgotten button")
    demo.to("pitfalls", forgotten)
    demo.click(forgotten, chart("pitfall-figure"))
    launch = page.locator(".st-key-launch button")
    demo.to("fitness", launch)
    demo.click(launch, first_chart)
    demo.to("smoothness", first_chart)


def main() -> None:
    """Drive it once, on a server and a history of its own."""
    with serve() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.get(), args=chromium.arguments()
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_default_timeout(120_000)
        page.goto(f"{address}/?lang=en")
        settle(page)
        demo = Demo(page)
        drive(demo)
        browser.close()
    print(f"{demo.clicks} clicks and keys, nothing scrolled.")


if __name__ == "__main__":
    main()
