"""Screenshots of every page into build/shots: both themes, both languages, wide and narrow.

``python -m tools.shots [PAGE ...]`` writes PAGE-THEME-LANG-WIDTH.png, what the
window shows, and PAGE-THEME-LANG-WIDTH-full.png, the page to its end.
"""

import sys
from itertools import product

from playwright.sync_api import Browser, Page, sync_playwright

from bnviz.texts.catalogue import LANGUAGES
from bnviz.ui.navigation import PAGES
from tools import browser as chromium
from tools.page import exceptions, settle
from tools.server import ROOT, serve

FOLDER = ROOT / "build" / "shots"
WINDOWS = ((1440, 900), (390, 844))
THEMES = ("light", "dark")

CONTENT_HEIGHT = """() => {
    const main = document.querySelector('[data-testid="stMain"]');
    return Math.ceil(window.innerHeight - main.clientHeight + main.scrollHeight);
}"""


def shoot(browser: Browser, address: str, name: str) -> int:
    """All pictures of one page; returns how many of them show a traceback."""
    broken = 0
    for theme, language, (width, height) in product(THEMES, LANGUAGES, WINDOWS):
        context = browser.new_context(
            color_scheme="dark" if theme == "dark" else "light",
            viewport={"width": width, "height": height},
            device_scale_factor=1,
        )
        with context:
            page = context.new_page()
            page.goto(f"{address}/{name}?lang={language}")
            settle(page, quiet=0.6, timeout=60)
            stem = FOLDER / f"{name}-{theme}-{language}-{width}"
            page.screenshot(path=f"{stem}.png")
            _grow(page, width)
            page.screenshot(path=f"{stem}-full.png")
            print(f"{stem.relative_to(ROOT)}.png", flush=True)
            broken += bool(exceptions(page))
    return broken


def _grow(page: Page, width: int) -> None:
    """Streamlit scrolls inside the window: a window as high as the content shows all of it."""
    for _ in range(2):  # a taller window can lay the content out anew
        page.set_viewport_size({"width": width, "height": page.evaluate(CONTENT_HEIGHT)})
        settle(page, quiet=0.6, timeout=60)


def main(wanted: list[str]) -> None:
    """Shoot the wanted pages, or all of them; SystemExit names one that is not there."""
    names = [entry.name for entry in PAGES]
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise SystemExit(f"No page {unknown[0]}; there are {', '.join(names)}.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with serve() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.get(), args=chromium.arguments()
        )
        broken = sum(shoot(browser, address, name) for name in wanted or names)
        browser.close()
    if broken:
        raise SystemExit(f"{broken} of the pictures show a traceback.")


if __name__ == "__main__":
    main(sys.argv[1:])
