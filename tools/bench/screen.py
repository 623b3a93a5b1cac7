"""What a person waits for, measured inside Chromium."""

import statistics
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright

from bnviz.texts.catalogue import sentence
from tools import browser as chromium
from tools.bench import bare
from tools.bench.harness import Measured, Sample, from_pairs
from tools.bench.stopwatch import first_paint, seconds
from tools.page import settle, slider
from tools.server import APP, serve

AFTER_CHART = ".st-key-after .js-plotly-plot"
LOSS_CHART = ".st-key-loss .js-plotly-plot"
STOP = ".st-key-stop button"
DRAWN = ".js-plotly-plot .main-svg"
WORDS = '[data-testid="stMain"] [data-testid="stMarkdown"]'
KEYPRESSES = 40
FIRST_PAINTS = 4
LAUNCHES = 6


@contextmanager
def chromium_browser() -> Iterator[Browser]:
    """A Chromium of our own."""
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium.get(), args=chromium.arguments())


def keypress() -> list[Measured]:
    """One arrow key on a slider of One batch (256 x 8), to its chart after BN drawn anew."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        script = bare.write(folder, "text", bare.TEXT)
        fast = stack.enter_context(serve(script, options=bare.COLLECTION_OFF))
        stock = stack.enter_context(serve(script))
        app = stack.enter_context(serve())
        browser = stack.enter_context(chromium_browser())
        label = sentence("en", "controls.gamma")
        ours = _pressing(browser, f"{app}/one_batch?gamma=-4", label, chart=AFTER_CHART)
        references = [_pressing(browser, address, "Value", text=WORDS) for address in (fast, stock)]
        rounds = [(ours(), *(press() for press in references)) for _ in range(KEYPRESSES + 2)][2:]
    return [
        from_pairs("Keypress to repaint / bare text page", [(a, b) for a, b, _ in rounds], 1.0),
        from_pairs("Keypress to repaint / stock bare page", [(a, c) for a, _, c in rounds], 0.75),
    ]


def _pressing(
    browser: Browser, address: str, label: str, *, chart: str = "", text: str = ""
) -> Sample:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(address)
    settle(page, timeout=60)
    thumb = slider(page, label)

    def press() -> float:
        page.bring_to_front()
        thumb.focus()
        return seconds(page, lambda: page.keyboard.press("ArrowRight"), chart=chart, text=text)

    return press


#: What is dragged: page and address, slider, a chart that follows, frames a second wanted.
DRAGGED = {
    "Home": ("", "progress", "walk-train", 42),
    "One batch 256 x 8": ("one_batch", "gamma", "after", 30),
    "Train vs eval": ("train_vs_eval", "shift", "running-mean", 30),
}


def frames() -> list[Measured]:
    """Seconds a frame while a pointer drags as fast as the page takes it, over those wanted."""
    with ExitStack() as stack:
        app = stack.enter_context(serve())
        browser = stack.enter_context(chromium_browser())
        return [
            from_pairs(
                f"Frame while dragging, {name} / {wanted} frames a second",
                [(_dragged(browser, f"{app}/{path}", key, chart), 1 / wanted) for _ in range(5)],
                1.0,
            )
            for name, (path, key, chart, wanted) in DRAGGED.items()
        ]


def _dragged(browser: Browser, address: str, key: str, chart: str) -> float:
    with dragged_page(browser, address, key) as (page, _, end):
        plot = page.locator(f".st-key-{chart} .bnviz-chart")
        count = "e => [e.frames ?? 0, performance.now() / 1000]"
        drawn, begun = plot.evaluate(count)
        page.mouse.move(*end, steps=150)
        drawn_then, ended = plot.evaluate(count)
        return float((ended - begun) / max(drawn_then - drawn, 1))


Place = tuple[float, float]


@contextmanager
def dragged_page(browser: Browser, address: str, key: str) -> Iterator[tuple[Page, Place, Place]]:
    """A page with a slider pressed at its beginning, and both ends of its track."""
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = context.new_page()
        page.goto(address)
        settle(page, timeout=60)
        track = page.locator(f".st-key-{key} [data-rac][style*='touch-action']").first
        track.scroll_into_view_if_needed()
        box = track.bounding_box()
        assert box is not None
        y = box["y"] + box["height"] / 2
        page.mouse.move(box["x"], y)
        page.mouse.down()
        yield page, (box["x"], y), (box["x"] + box["width"], y)


#: Pages and what is waited for: a chart, where there is one that needs no torch.
PAINTED = {
    "": DRAWN,
    "one_batch": DRAWN,
    "train_vs_eval": DRAWN,
    "pitfalls": "[data-testid=stMain] .stButton button",
    "fitness": ".st-key-launch button",
    "smoothness": "[role=tab]",
}


#: How much longer a page may take than another until then: a bare one, a stock one like it.
LATER = {"": 1.05} | dict.fromkeys(list(PAINTED)[1:], 1.15)


def pages() -> list[Measured]:
    """From asking for a page to what is waited for on it, on a server just started.

    Measured against a bare page, and against what Streamlit takes for as many elements.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        browser = stack.enter_context(chromium_browser())
        chart = bare.write(folder, "chart", bare.CHART)
        elements = bare.write(folder, "elements", bare.ELEMENTS)
        rounds = [
            (
                _first_paint(browser, chart),
                _first_paint(browser, elements),
                *(_first_paint(browser, APP, p, PAINTED[p]) for p in PAINTED),
            )
            for _ in range(FIRST_PAINTS + 1)
        ][1:]
    return [
        from_pairs(
            f"First paint of {place or 'Home'} / {reference}",
            [(times[index], times[against]) for times in rounds],
            LATER[place],
        )
        for against, reference in enumerate(("bare page with one chart", "stock page of as much"))
        for index, place in enumerate(PAINTED, 2)
        if against == 0 or PAINTED[place] == DRAWN
    ]


def _first_paint(browser: Browser, script: Path, place: str = "", sign: str = DRAWN) -> float:
    with serve(script) as address, browser.new_context() as context:
        return first_paint(context.new_page(), f"{address}/{place}", sign)


def launch() -> list[Measured]:
    """From a click on Launch to the first point of a curve, against the page's own rerun."""
    with ExitStack() as stack:
        address = f"{stack.enter_context(serve())}/fitness"
        browser = stack.enter_context(chromium_browser())
        rounds = [_launch_and_rerun(browser, address) for _ in range(LAUNCHES + 1)][1:]
    return [from_pairs("Launch to first point / rerun of the page", rounds, 10.0)]


def _launch_and_rerun(browser: Browser, address: str) -> tuple[float, float]:
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = context.new_page()
        page.goto(address)
        settle(page, timeout=60)
        rerun = statistics.median(
            seconds(page, lambda: page.keyboard.press("r"), state=True) for _ in range(3)
        )
        button = page.locator(".st-key-launch button")
        launched = seconds(page, button.click, event="click", chart=LOSS_CHART)
        # The rest of the training is nobody's business here.
        page.evaluate(f"document.querySelector({STOP!r})?.click()")
        page.locator(STOP).wait_for(state="detached")
    return launched, rerun
