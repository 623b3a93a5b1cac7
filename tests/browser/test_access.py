"""For everybody: axe finds nothing in any state, all works by keyboard, what moves may stand."""

import io
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from bnviz.core.training.presets import PRESETS, STEPS
from bnviz.store.database import folder_url
from bnviz.store.runs import Store
from bnviz.texts.catalogue import catalogue
from bnviz.ui.navigation import PAGES
from bnviz.ui.presenter.lesson import FOLDER, find, read
from tests.browser.conftest import USUAL, WindowLike
from tests.browser.screen import (
    CUT,
    PATIENCE,
    WALL,
    address,
    below_the_fold,
    long_but,
    settle,
    violations,
)
from tests.browser.test_fitness import LONG
from tests.browser.test_one_batch import table, upload

Visit = Callable[..., Page]

EN = catalogue("en")
NAMES = [entry.name for entry in PAGES]
LESSONS = {name: read(path) for name, path in find((FOLDER,)).items()}
FIRST = "bn_in_ten_minutes"
#: Pages as they open, and where they hold what no other has: wide tables, code in a sentence.
PLACES: list[tuple[str, dict[str, str]]] = [
    *((name, {}) for name in NAMES),
    ("pitfalls", {"pitfall": "family"}),
    ("pitfalls", {"pitfall": "low_precision"}),
    ("train_vs_eval", {"section": "split"}),
    ("smoothness", {"section": "scales"}),
]
REACHABLE = """() => [
    ...document.querySelectorAll("button, a[href], input, select, [tabindex='0']")]
    .filter(e => e.checkVisibility({opacityProperty: true, visibilityProperty: true}) &&
        e.getBoundingClientRect().width > 1 && !e.disabled && e.tabIndex >= 0
        && !e.closest('[aria-hidden=true], [inert], [data-testid=stDataFrame]')
        && e.ariaChecked !== 'false' && !(e.type === 'radio' && !e.checked))
    .map(e => e.closest('[role=radiogroup], [role=toolbar]') ?? e)  // one stop, then arrows
    .map(e => { e.dataset.reach ??= Math.random(); return e.dataset.reach; })"""
CALLED = """() => { const e = document.activeElement;
    return `${e.tagName} ${e.ariaLabel ?? e.textContent.slice(0, 30)}`; }"""
FOCUSED = """() => { const e = document.activeElement;
    return e === document.body ? null : (e.closest('[data-reach]')?.dataset.reach ?? ''); }"""


@pytest.fixture
def failed(history: Path, app_url: str) -> Iterator[str]:
    """A run of the dashboard's history that failed."""
    with closing(Store(folder_url(history))) as store:
        run = store.create("train", PRESETS["deep"].model_dump_json(), 50)
        store.finish(run, "failed", "There are too few rows.")
        yield run
        store.delete(run)


@pytest.fixture
def visit(app_url: str, window_like: WindowLike) -> Iterator[Visit]:
    """Goes to an address in the one page of the test: visit("fitness", settled=False, seeds=2)."""
    pages: dict[str, Page] = {}

    def visit(name: str, settled: bool = True, scheme: str = "light", **query: Any) -> Page:
        if scheme not in pages:
            pages[scheme] = window_like(**USUAL | WALL | {"color_scheme": scheme}).new_page()
            pages[scheme].set_default_timeout(PATIENCE * 1000)
        page = pages[scheme]
        path = "" if name == NAMES[0] else name
        link = f"{app_url}/{path}?{urlencode({'lang': 'en', **query})}"
        page.goto(link, wait_until="commit")
        if settled:
            settle(page)
        return page

    yield visit
    for page in pages.values():
        page.close()


# ---------------------------------------------------------------- axe


def looked_at(page: Page, state: str) -> list[str]:
    return [f"{state}: {finding}" for finding in violations(page)]


def of_a_training(visit: Visit, scheme: str) -> Iterator[str]:
    """While a training runs, and once it is stopped."""
    page = visit("fitness", scheme=scheme, **LONG)
    page.get_by_role("button", name=EN["train.launch"]).click()
    page.get_by_test_id("stProgress").wait_for()
    page.locator(".st-key-loss .main-svg").first.wait_for()
    yield from looked_at(page, "running")
    page.locator(".st-key-stop button").click()
    page.get_by_test_id("stProgress").wait_for(state="detached")
    settle(page)
    yield from looked_at(page, "stopped")


def of_a_page(visit: Visit, failed: str, scheme: str) -> Iterator[str]:
    """While its charts are on their way; on a wall; a run that failed; none there at all."""
    page = visit("runs", scheme=scheme, find="nothing is called so")
    yield from looked_at(page, "empty")
    page.route("**/plotly.js*", lambda route: None)  # never answered
    page = visit("one_batch", settled=False, scheme=scheme)
    page.locator(".bnviz-chart").first.wait_for(state="attached")
    yield from looked_at(page, "loading")
    page.unroute("**/plotly.js*")
    yield from looked_at(visit("one_batch", scheme=scheme, present="true"), "presenter")
    yield from looked_at(visit("fitness", scheme=scheme, run=failed), "failed")


def of_popovers(visit: Visit, failed: str, scheme: str) -> Iterator[str]:
    """Whatever opens on a page, each in turn; how an upload is read."""
    places: list[tuple[str, dict[str, str]]]
    places = [("fitness", {"run": failed}), ("runs", {}), ("sweep", {}), ("one_batch", {})]
    for name, query in places:
        page = visit(name, scheme=scheme, **query)
        openers = page.locator("[data-testid=stPopover] button:enabled")
        for place in range(openers.count()):
            yield from opened(page, openers.nth(place), f"{name}, popover {place}")
    page = visit("one_batch", scheme=scheme, source="table")
    upload(page, "cells.csv", table(20))
    correct = page.get_by_role("button", name=EN["upload.correct"])
    yield from opened(page, correct, "how a file is read")


def opened(page: Page, opener: Locator, state: str) -> list[str]:
    opener.click()
    page.get_by_test_id("stPopoverBody").wait_for()
    page.mouse.move(640, 715)
    settle(page)  # colours change slowly under the pointer
    findings = looked_at(page, state)
    page.keyboard.press("Escape")
    page.get_by_test_id("stPopoverBody").wait_for(state="detached")
    return findings


@pytest.mark.proof
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing_in_what_opens(visit: Visit, failed: str, scheme: str) -> None:
    seen = list(of_popovers(visit, failed, scheme))
    assert not seen, "\n".join(seen)


@pytest.mark.parametrize("scheme", ["dark", pytest.param("light", marks=pytest.mark.proof)])
def test_axe_finds_nothing_in_any_state(visit: Visit, failed: str, scheme: str) -> None:
    seen = list(of_a_page(visit, failed, scheme))
    if scheme == "light":  # in the dark every day: test_fitness
        seen += of_a_training(visit, scheme)
    assert not seen, "\n".join(seen)


@pytest.mark.proof
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing_anywhere(visit: Visit, scheme: str) -> None:
    """Every page at rest and on a wall; every step of every lesson, before and after the guess."""
    page = visit("home", scheme=scheme)
    terms = page.get_by_role("button", name=EN["pages.glossary"]).first
    seen = opened(page, terms, "terms open")
    for name, query in PLACES:
        for present in ({}, {"present": "true"}):
            page = visit(name, scheme=scheme, **query, **present)
            seen += looked_at(page, f"{name} {present}")
    for name, lesson in LESSONS.items():
        for number, step in enumerate(lesson.step, start=1):
            page = visit(step.page, scheme=scheme, lesson=name, step=number)
            seen += looked_at(page, f"{name} {number}, asked")
            guess(page)
            seen += looked_at(page, f"{name} {number}, revealed")
    assert not seen, "\n".join(seen)


# ---------------------------------------------------------------- by keyboard alone


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until that has the focus, or something within it."""
    wanted.wait_for()
    for _ in range(200):
        page.keyboard.press("Tab")
        if wanted.evaluate("e => e.contains(document.activeElement)"):
            return
    pytest.fail(f"not reached by Tab: {wanted}")


def guess(page: Page) -> None:
    """Commit to whatever stands there: the slider's place, or the first option."""
    box = page.locator(".st-key-lesson")
    if box.get_by_role("radio").count():
        tab_to(page, box.get_by_role("radiogroup"))
        page.keyboard.press("Space")
    else:
        tab_to(page, box.get_by_role("slider"))
        page.keyboard.press("ArrowRight")
    tab_to(page, box.get_by_role("button", name=EN["lesson.commit"]))
    page.keyboard.press("Enter")
    answer = box.get_by_test_id("stAlert")
    answer.wait_for()
    settle(page)
    assert answer.evaluate("e => e.contains(document.activeElement)"), "the button is gone"


@pytest.mark.parametrize(
    ("name", "steps"),
    [(FIRST, 4), *(pytest.param(name, 99, marks=pytest.mark.proof) for name in LESSONS)],
)
def test_a_lesson_is_walked_by_keys(visit: Visit, name: str, steps: int) -> None:
    """On a wall, from the list on Home through so many steps, and out: no click, no scroll."""
    page = visit("home", present="true")
    tab_to(page, page.locator(f".st-key-lesson-{name} button"))
    page.keyboard.press("Enter")
    box = page.locator(".st-key-lesson")
    last = min(steps, len(LESSONS[name].step))
    for number in range(1, last + 1):
        settle(page)  # the last step's box goes only then
        expect(box).to_contain_text(f"step {number} of")
        guess(page)
        told, size = box.bounding_box(), page.viewport_size
        assert told is not None and size is not None
        assert told["y"] + told["height"] <= size["height"]
        assert list(below_the_fold(page, LESSONS[name].step[number - 1].page)) == []
        assert page.evaluate(CUT) == []
        if number < last:
            tab_to(page, box.locator(".st-key-lesson-next button"))
            page.keyboard.press("Enter")
    tab_to(page, box.locator(".st-key-lesson-leave button"))
    page.keyboard.press("Enter")
    box.wait_for(state="detached")
    assert "lesson=" not in address(page)


@pytest.mark.parametrize("name", long_but(("pitfalls",), NAMES))
def test_the_first_tab_skips_to_the_content(visit: Visit, name: str) -> None:
    """Past the pages and the sidebar, on a screen and on a phone, in either language."""
    for lang, width in (("en", 1280), ("zh", 390)):
        page = visit(name, lang=lang)
        page.set_viewport_size({"width": width, "height": 720})
        page.keyboard.press("Tab")
        link = page.get_by_role("link", name=catalogue(lang)["header.skip"], exact=True)
        expect(link).to_be_focused()
        box = link.bounding_box()
        assert box is not None and box["x"] >= 0 and box["y"] >= 0 and box["height"] > 20
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        main = page.get_by_test_id("stMain")
        assert main.evaluate(
            "e => e !== document.activeElement && e.contains(document.activeElement)"
        )


@pytest.mark.parametrize("name", long_but(("fitness",), NAMES))
def test_tab_reaches_everything(visit: Visit, name: str) -> None:
    """Each control and link gets the focus, and none keeps it."""
    page = visit(name)
    wanted, reached = set(page.evaluate(REACHABLE)), set[str]()
    for _ in range(3 * len(wanted) + 30):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is None and reached:
            break
        reached.add(focused)
    missed = wanted - reached
    names = page.evaluate(
        "all => all.map(r => document.querySelector(`[data-reach='${r}']`)?.outerHTML)",
        list(missed),
    )
    assert names == []


#: Where in the window what has the focus is seen, with what is around it, by itself or as a label.
AROUND = """() => {
    let place = document.activeElement;
    while (place.getBoundingClientRect().width < 24 && place !== document.body)
        place = place.parentElement;
    const {left, top, right, bottom} = place.getBoundingClientRect();
    const [x, y] = [Math.max(left - 12, 0), Math.max(top - 12, 0)];
    const [width, height] = [Math.min(right + 12, innerWidth), Math.min(bottom + 12, innerHeight)];
    return {x, y, width: width - x, height: height - y};
}"""

#: What of ours or Streamlit's covers all of what has the focus.
COVERING = """() => {
    const focused = document.activeElement, at = focused.getBoundingClientRect();
    const corners = [0.1, 0.5, 0.9].flatMap(x => [0.1, 0.9].map(y =>
        document.elementFromPoint(at.left + x * at.width, at.top + y * at.height)));
    const free = each => each && (each.contains(focused) || focused.contains(each)
        || each.closest('label')?.contains(focused) || each.closest('[data-testid*=Slider]'));
    return corners.some(free) ? null : corners.map(each => each?.outerHTML.slice(0, 80));
}"""


def luminance(picture: bytes) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """How light each pixel of a picture is, as WCAG reckons it."""
    shares = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    light: np.ndarray[Any, np.dtype[np.float64]] = linear @ [0.2126, 0.7152, 0.0722]
    return light


@pytest.mark.parametrize("name", long_but(("one_batch",), NAMES))
def test_one_sees_where_the_keys_are(visit: Visit, name: str) -> None:
    """What has the focus looks different, by a contrast of 3 to 1, and nothing covers it."""
    page = visit(name, scheme="dark" if name == "one_batch" else "light")
    unseen, covered = set[str](), list[Any]()
    for _ in range(len(page.evaluate(REACHABLE)) + 12):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement === document.body"):
            break
        covered += filter(None, [page.evaluate(COVERING)])
        called, around = page.evaluate(CALLED), page.evaluate(AROUND)
        focused = luminance(page.screenshot(clip=around, animations="disabled"))
        page.evaluate("() => document.activeElement.blur()")
        alone = luminance(page.screenshot(clip=around, animations="disabled"))
        high, low = np.maximum(focused, alone), np.minimum(focused, alone)
        if ((high + 0.05) / (low + 0.05) >= 3).sum() < 40:
            unseen.add(called)
    assert unseen == set() and covered == []


@pytest.mark.parametrize("name", long_but(("pitfalls",), NAMES))
def test_who_goes_back_is_not_under_the_header(visit: Visit, name: str) -> None:
    page = visit(name)
    within, covered = page.get_by_test_id("stMain"), list[Any]()
    within.get_by_role("button").last.focus()
    for _ in range(len(page.evaluate(REACHABLE))):
        page.keyboard.press("Shift+Tab")
        if not within.evaluate("e => e.contains(document.activeElement)"):
            break
        covered += filter(None, [page.evaluate(COVERING)])
    assert covered == []


# ---------------------------------------------------------------- without motion


def test_what_plays_is_there_at_once(app_url: str, browser: Browser) -> None:
    """Who asks the browser for less motion sees the end of the training and no transition."""
    with browser.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(app_url)
        settle(page)
        chart = page.locator(".st-key-flow-bn .bnviz-chart")
        before = chart.evaluate("e => e.frames ?? 0")
        page.locator(".st-key-train .bnviz-player").click()
        page.wait_for_url(f"**trained={STEPS}**")
        settle(page)
        assert chart.evaluate("e => e.frames ?? 0") - before <= 2, "not step by step"
        moving = page.evaluate(
            "() => [...document.querySelectorAll('*')].filter(e => parseFloat("
            "getComputedStyle(e).transitionDuration) > 0.01).length"
        )
        assert moving == 0
