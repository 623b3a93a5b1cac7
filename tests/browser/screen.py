"""What a test sees of a page in the browser: its charts, its notices, what it must not do.

Streamlit puts a widget's or chart's `key` into a class ``st-key-KEY`` of its
container. What the tools see of a page too is in `tools.page`, and handed on here.
"""

import base64
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Locator, Page, Request, TimeoutError

from bnviz.texts.catalogue import catalogue
from bnviz.ui.controls import CONTROLS
from tools.page import PATIENCE as PATIENCE
from tools.page import address as address
from tools.page import exceptions as exceptions
from tools.page import settle as settle
from tools.page import slider as slider

CHART = """element => JSON.parse(JSON.stringify(
    {data: element.data, layout: element.layout},
    (key, value) => ArrayBuffer.isView(value) ? Array.from(value) : value,
))"""

#: On a page's own address Streamlit looks for its server below that address first.
SEARCH = re.compile(r"^[^/]+//[^/]+/[^?]+/_stcore/(health|host-config)$")


def chart(page: Page, key: str) -> Locator:
    """The drawn Plotly element of the chart with that key."""
    return page.locator(f".st-key-{key} .js-plotly-plot")


def chart_figure(page: Page, key: str) -> dict[str, Any]:
    """`data` and `layout` of a drawn chart as JSON, arrays as lists."""
    figure: dict[str, Any] = _plain(chart(page, key).evaluate(CHART))
    return figure


def wait_for_chart(page: Page, key: str, timeout: float = PATIENCE) -> None:
    """Wait until that chart is drawn, whatever else the page is doing."""
    drawn = page.locator(f".st-key-{key} .js-plotly-plot:visible .main-svg").first
    drawn.wait_for(timeout=timeout * 1000)


def long_but(everyday: Collection[str], names: Iterable[str]) -> list[Any]:
    """These names as cases, of which a few are for every day."""
    proof = pytest.mark.proof
    return [name if name in everyday else pytest.param(name, marks=proof) for name in names]


def covered(element: Locator) -> bool:
    """Whether something else is seen where the element stands."""
    element.scroll_into_view_if_needed()
    over: bool = element.evaluate(
        """e => {
            const {left, top, width, height} = e.getBoundingClientRect();
            return !e.contains(document.elementFromPoint(left + width / 4, top + height / 2));
        }"""
    )
    return over


def choose(box: Locator, option: str) -> None:
    """Chooses from a menu, which closes where the page answers something else just then."""
    listed = box.page.get_by_role("option", name=option, exact=True)
    for _ in range(round(PATIENCE / 5)):
        box.fill("")
        box.fill(option)
        try:
            return listed.click(timeout=5000)
        except TimeoutError:
            continue
    raise AssertionError(option)


def open_tab(page: Page, label: str, lang: str = "en") -> None:
    """Open the tab with this label of the catalogue, be it one step deeper."""
    texts = catalogue(lang)
    tab = page.get_by_role("tab", name=texts[label], exact=True)
    if not tab.count():
        page.get_by_role("tab", name=texts["link.deeper"], exact=True).click()
        settle(page)
    tab.click()
    settle(page)


WALL = {"viewport": {"width": 1280, "height": 720}}


def below_the_fold(page: Page, name: str) -> Iterator[str]:
    """What one has to scroll for, of question, answer, main controls and picture."""
    height = page.viewport_size["height"] if page.viewport_size else 0
    main = page.get_by_test_id("stMain")
    first = main.locator(".bnviz-chart").first.bounding_box()
    assert first is not None
    beside = [box for c in main.locator(".bnviz-chart").all() if (box := c.bounding_box())]
    pictures = [box for box in beside if box["y"] < first["y"] + 5]
    keys = [row.key.replace(".", "-") for row in CONTROLS[name].values() if row.main]
    parts = {key: main.locator(f".st-key-{key}") for key in keys}
    parts |= {"question": page.locator("h1"), "answer": main.get_by_test_id("stMarkdown").first}
    boxes = {part: where.first.bounding_box() for part, where in parts.items() if where.count()}
    boxes |= {f"picture {i}": box for i, box in enumerate(pictures, 1)}
    assert {"question", "answer", "picture 1"} <= set(boxes)
    for part, box in boxes.items():
        if box is None or box["y"] < 0 or box["y"] + box["height"] > height:
            yield f"{part}: {box}"


#: What moved down by as much as a chart is high while the page came, from where and to where.
JUMPS = """() => {
    const observer = new PerformanceObserver(() => {});
    observer.observe({type: 'layout-shift', buffered: true});
    const main = document.querySelector('[data-testid="stMain"]');
    return observer.takeRecords().flatMap(({sources}) => sources).filter(
        ({node, previousRect: before, currentRect: after}) => main.contains(node)
            && before.height && (after.height ? after.top : innerHeight) - before.top > 150
    ).map(({node, previousRect: before, currentRect: after}) =>
        `${node?.textContent.slice(0, 40)}: ${before.top} to ${after.top}`);
}"""


#: How much of the window what is seen has moved by while the page came, as browsers score it.
SHIFT = """() => {
    const observer = new PerformanceObserver(() => {});
    observer.observe({type: 'layout-shift', buffered: true});
    return observer.takeRecords().reduce((sum, {value}) => sum + value, 0);
}"""


#: Words of charts that are cut, for they reach beyond their chart.
CUT = """() => [...document.querySelectorAll('.bnviz-chart')].flatMap(chart => {
    const {left, right, top, bottom} = chart.getBoundingClientRect();
    return [...chart.querySelectorAll('.main-svg text')].filter(words => {
        const box = words.getBoundingClientRect();
        return box.width && (box.left < left - 1 || box.right > right + 1
            || box.top < top - 2 || box.bottom > bottom + 2);
    }).map(words => words.textContent);
})"""


#: Pairs of words of one chart that stand upon each other: of axes, headings, names and keys.
OVERLAPPING = """() => [...document.querySelectorAll('.bnviz-chart')].flatMap(chart => {
    const kinds = '[class*=tick], .textpoint, .annotation-text-g, .legend .traces, .infolayer';
    const words = [...chart.querySelectorAll('.main-svg text')].filter(word => word.closest(kinds))
        .filter(word => word.textContent.trim())
        .map(word => [word.textContent, word.getBoundingClientRect()]);
    return words.flatMap(([text, box], i) => words.slice(0, i).filter(([, other]) =>
        Math.min(box.right, other.right) - Math.max(box.left, other.left) > 3
        && Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top) > 4
    ).map(([other]) => `${text} on ${other}`));
})"""


#: Headings of charts side by side that stand at different heights.
UNEVEN = """() => {
    const headings = [...document.querySelectorAll('.bnviz-chart')].flatMap(chart => {
        const bold = [...chart.querySelectorAll('.annotation-text-g text, .g-gtitle text')]
            .filter(words => words.querySelector('[style*=bold]'))
            .map(words => [words.getBoundingClientRect().bottom, words.textContent]);
        const {top} = chart.getBoundingClientRect();
        return bold.sort((one, other) => one[0] - other[0]).slice(0, 1).map(each => [top, ...each]);
    });
    return headings.flatMap(([top, bottom, text], i) => headings.slice(0, i).filter(
        ([beside, other]) => Math.abs(top - beside) < 1 && Math.abs(bottom - other) > 2
    ).map(other => `${text} beside ${other[2]}`));
}"""


#: What menus have chosen, tabs are called and formulas say, as far as it is cut or out of sight.
CUT_SHORT = """() => [
    ...[...document.querySelectorAll('.katex-display')]
        .filter(each => each.scrollWidth > each.clientWidth + 1).map(each => each.textContent),
    ...[...document.querySelectorAll('[data-testid="stSelectbox"] input')]
        .filter(field => field.scrollWidth > field.clientWidth + 1).map(field => field.value),
    ...[...document.querySelectorAll('[data-testid="stPageLink-NavLink"] :is(span, p)')]
        .filter(name => name.scrollWidth > name.clientWidth + 1 && name.clientWidth)
        .map(name => name.textContent),
    ...[...document.querySelectorAll('[role="tab"]')]
        .filter(tab => tab.getBoundingClientRect().right > innerWidth).map(tab => tab.textContent),
]"""


#: What stands in a place at least twice as high as it is itself.
HOLLOW = """() => [...document.querySelectorAll(
    '[data-testid="stColumn"] [data-testid="stLayoutWrapper"], [class*="st-key-aside-"]'
)].filter(place => {
    const heights = [...place.children].map(child => child.getBoundingClientRect().height);
    return place.clientHeight > 2 * heights.reduce((sum, height) => sum + height, 40);
}).map(place => place.innerText)"""

#: Titles and numbers of axes that a chart's key stands on.
UNDER_KEY = """() => [...document.querySelectorAll('.bnviz-chart')].flatMap(chart => {
    const key = chart.querySelector('.legend')?.getBoundingClientRect();
    return [...chart.querySelectorAll('.xtitle, .xtick text')].filter(words => {
        const box = words.getBoundingClientRect();
        return key && box.bottom > key.top + 4 && box.top < key.bottom - 4
            && box.right > key.left && box.left < key.right;
    }).map(words => words.textContent);
})"""


def notices(page: Page) -> list[str]:
    """What the page says about a link that it could not follow to the letter."""
    return page.get_by_test_id("stToast").all_inner_texts()


#: Streamlit's own doing, with no setting that would change it: KaTeX's stylesheet lets every
#: displayed formula scroll, and a scrolling region should be reachable by keyboard; the
#: colours of words in code are the same in every theme.
STREAMLITS_OWN = {
    ("scrollable-region-focusable", 'class="katex-display"'),
    ("color-contrast", 'class="token '),
}


def violations(page: Page) -> list[str]:
    """Serious and critical findings of axe-core, as rule and element."""
    told = []
    for finding in Axe().run(page).response["violations"]:
        for node in finding["nodes"]:
            known = any(
                finding["id"] == rule and mark in node["html"] for rule, mark in STREAMLITS_OWN
            )
            if finding["impact"] in ("serious", "critical") and not known:
                told.append(f"{finding['id']}: {node['html'][:150]}")
    return told


@dataclass
class Watch:
    """Collects what no page may do: errors on the console, requests to another host."""

    host: str
    complaints: list[str] = field(default_factory=list)

    def attach(self, page: Page) -> None:
        """Watch `page` from now on."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        place = message.location.get("url", "")
        if message.type == "error" and not SEARCH.search(place):
            self.complaints.append(f"console: {message.text} ({place})")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != self.host:
            self.complaints.append(f"request to another host: {request.url[:200]}")


def _plain(value: Any) -> Any:
    """Plotly's packed arrays (`dtype`, `bdata`, `shape`) unpacked, all through."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "bdata" in value:
        array = np.frombuffer(base64.b64decode(value["bdata"]), dtype=value["dtype"])
        shape = [int(n) for n in str(value.get("shape", array.size)).split(",")]
        return array.reshape(shape).tolist()
    return {key: _plain(item) for key, item in value.items()}
