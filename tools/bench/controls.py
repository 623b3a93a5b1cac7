"""Every slider of Train versus eval and of Pitfalls: how long until the page has answered."""

import statistics
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Locator, Page, TimeoutError

from bnviz.core.pitfalls.configs import CONFIGS
from tools.bench import bare
from tools.bench.harness import Measured, from_pairs
from tools.bench.screen import WORDS, chromium_browser
from tools.bench.stopwatch import seconds
from tools.page import settle
from tools.server import serve

#: The most that an answer may take, in median seconds.
LIMIT = 0.150
PRESSES = 6
SECTIONS = ("gap", "clock", "company", "split")

Pairs = list[tuple[float, float]]


def controls() -> list[Measured]:
    """The slowest slider of each section and each pitfall, in multiples of the bare text page.

    The target is as many of those as make 150 ms. Every key asks for something new, so no
    cache answers. What no slider moves (folding) is left out.
    """
    places = {f"Train vs eval, {name}": f"train_vs_eval?section={name}" for name in SECTIONS}
    places |= {f"Pitfall {name}": f"pitfalls?pitfall={name}" for name in CONFIGS}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        script = bare.write(folder, "text", bare.TEXT)
        bare_page = stack.enter_context(serve(script, options=bare.COLLECTION_OFF))
        app = stack.enter_context(serve())
        browser = stack.enter_context(chromium_browser())
        reference = _open(browser, bare_page)
        presses = [
            (name, _slowest(browser, f"{app}/{place}", reference)) for name, place in places.items()
        ]
    return [
        from_pairs(f"{name}: slowest slider / bare text page", pairs, _target(pairs))
        for name, pairs in presses
        if pairs
    ]


def _open(browser: Browser, address: str) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(address)
    settle(page, timeout=60)
    return page


def _slowest(browser: Browser, address: str, reference: Page) -> Pairs:
    """(ours, bare page's) seconds of each press on the slider that is slowest in the median."""
    page = _open(browser, address)
    presses = []
    for index in range(page.get_by_role("slider", disabled=False).count()):
        presses.append(_pressed(page, index, reference))
        page.goto(address)  # the next one starts from the same values
        settle(page, timeout=60)
    page.context.close()
    return max((pairs for pairs in presses if len(pairs) > 1), key=_median, default=[])


def _pressed(page: Page, index: int, reference: Page) -> Pairs:
    """From its left end one step at a time."""
    thumb = page.get_by_role("slider", disabled=False).nth(index)
    page.bring_to_front()
    thumb.press("Home")
    settle(page, timeout=60)
    pairs = []
    for _ in range(PRESSES):
        if thumb.input_value() == thumb.get_attribute("max"):
            break
        theirs = _press(reference, reference.get_by_role("slider"), text=WORDS)
        try:
            pairs.append((_press(page, thumb, state=True), theirs))
        except TimeoutError:  # what changes nothing on this screen has no answer to wait for
            break
    return pairs


def _press(page: Page, thumb: Locator, *, text: str = "", state: bool = False) -> float:
    page.bring_to_front()
    thumb.focus()
    key = "ArrowRight"
    return seconds(page, lambda: page.keyboard.press(key), text=text, state=state, timeout=10)


def _median(pairs: Pairs) -> float:
    return statistics.median(mine for mine, _ in pairs)


def _target(pairs: Pairs) -> float:
    return LIMIT / statistics.median(reference for _, reference in pairs)
