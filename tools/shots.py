"""Screenshots of every page into build/shots: themes, languages, windows, presenter mode, states.

``python -m tools.shots [PAGE ...]`` writes PAGE-STATE-THEME-LANG-VIEW.png, what the
window shows, and PAGE-STATE-THEME-LANG-VIEW-full.png, the page to its end.
"""

import re
import sys
from itertools import product

from playwright.sync_api import Browser, Page, sync_playwright

from bnviz.texts.catalogue import LANGUAGES
from bnviz.ui.navigation import PAGES
from tools import browser as chromium
from tools.page import exceptions, settle
from tools.server import ROOT, serve

FOLDER = ROOT / "build" / "shots"
#: Each view's window, and what it adds to the address.
VIEWS = {
    "1280": ((1280, 720), ""),
    "1440": ((1440, 900), ""),
    "390": ((390, 844), ""),
    "wall": ((1280, 720), "&present=true"),
}
#: The states of a page beside the one it opens in; {run} is a training that has ended.
STATES = {
    "home": {"lesson": "lesson=bn_in_ten_minutes", "trained": "trained=120"},
    "one_batch": {"deeper": "section=epsilon"},
    "train_vs_eval": {"company": "section=company", "split": "section=split"},
    "pitfalls": {"one": "pitfall=eval_forgotten"},
    "fitness": {"done": "run={run}", "no_run": "run=nosuchrun"},
    "smoothness": {"of_a_run": "run={run}", "document": "section=document"},
    "runs": {"one": "runs={run}", "none": "find=nothing+is+called+so"},
}
#: A short training.
TRAINING = "fitness?seeds=8&data.samples=200&network.width=8&optimizer.epochs=5&probes.count=2"
THEMES = ("light", "dark")

CONTENT_HEIGHT = """() => {
    const main = document.querySelector('[data-testid="stMain"]');
    return Math.ceil(window.innerHeight - main.clientHeight + main.scrollHeight);
}"""


def shoot(browser: Browser, address: str, name: str, run: str) -> int:
    """All pictures of one page; returns how many of them show a traceback."""
    broken = 0
    states = {"open": "", **STATES.get(name, {})}
    for theme, (view, (window, more)) in product(THEMES, VIEWS.items()):
        width, height = window
        context = browser.new_context(
            color_scheme="dark" if theme == "dark" else "light",
            viewport={"width": width, "height": height},
            device_scale_factor=1,
        )
        with context:
            page = context.new_page()
            for language, (state, query) in product(LANGUAGES, states.items()):
                page.set_viewport_size({"width": width, "height": height})
                path = "" if name == PAGES[0].name else name
                page.goto(f"{address}/{path}?lang={language}{more}&{query.format(run=run)}")
                settle(page, quiet=0.6, timeout=60)
                stem = FOLDER / f"{name}-{state}-{theme}-{language}-{view}"
                page.screenshot(path=f"{stem}.png")
                _grow(page, width)
                page.screenshot(path=f"{stem}-full.png")
                print(f"{stem.relative_to(ROOT)}.png", flush=True)
                broken += bool(exceptions(page))
    return broken


def _train(browser: Browser, address: str) -> str:
    """The id of a training that is launched here and has ended."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{address}/{TRAINING}")
        settle(page)
        page.locator(".st-key-launch button").click()
        page.wait_for_url("**run=**")
        page.get_by_test_id("stProgress").wait_for()
        page.get_by_test_id("stProgress").wait_for(state="detached", timeout=300_000)
        run: str = re.findall(r"run=(\w+)", page.url)[0]
        return run


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
        run = _train(browser, address)
        broken = sum(shoot(browser, address, name, run) for name in wanted or names)
        browser.close()
    if broken:
        raise SystemExit(f"{broken} of the pictures show a traceback.")


if __name__ == "__main__":
    main(sys.argv[1:])
