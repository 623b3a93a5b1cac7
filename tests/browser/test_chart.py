"""Our chart: it follows the hand, and what it shows under the hand is what core says on release."""

import re
import struct
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from bnviz.texts.catalogue import catalogue
from tests.browser.conftest import OpenPage
from tests.browser.screen import WALL, address, chart, chart_figure, settle

LIVE = """element => {
    const {data, layout} = element.bnviz.figure, {xaxis, yaxis} = element._fullLayout;
    const top = element.getBoundingClientRect().top;
    const names = Object.fromEntries([...element.querySelectorAll(".annotation text")].map(
        name => [name.textContent, name.getBoundingClientRect().top - top]));
    const seen = {xaxis: xaxis.range, yaxis: yaxis.range, names};
    return JSON.parse(JSON.stringify({data, layout, seen}, (key, value) =>
        ArrayBuffer.isView(value) ? Array.from(value) : value));
}"""

RUNNING = ["running-mean", "running-variance"]
PARTS = {"section": "parts", "spread": 2}
PITFALL = ["pitfall-figure"]
#: page, its address, slider, charts that follow
DRAGS = {
    "walk": ("home", {}, "progress", ["walk-train", "walk-eval"]),
    "gamma": ("one_batch", {"precision": "float64"}, "gamma", ["after"]),
    "gamma of one feature": ("one_batch", {"on": 3, "gamma": 1.25}, "gamma", ["after"]),
    "beta": ("one_batch", {"gamma": -2, "source": "constant"}, "beta", ["after"]),
    "epsilon": ("one_batch", {"section": "epsilon"}, "eps", ["after", "gain"]),
    "batch size": ("one_batch", {"gamma": 2}, "b", ["before", "after"]),
    "batch size on own axes": (
        "one_batch",
        {"source": "constant", "b": 4, "axis": "own"},
        "b",
        ["before", "after"],
    ),
    "momentum": ("train_vs_eval", {"shift": 2}, "momentum", RUNNING),
    "Keras's momentum": ("train_vs_eval", {"source": "constant"}, "keras_momentum", RUNNING),
    "shift": ("train_vs_eval", {"source": "heavy_tails"}, "shift", RUNNING),
    "spread": ("train_vs_eval", {"feature": "all", "source": "wine"}, "spread", RUNNING),
    "batch number": ("train_vs_eval", PARTS, "gap_step", ["gap"]),
    "momentum and parts": ("train_vs_eval", PARTS | {"quantity": "mean"}, "momentum", ["gap"]),
    "shift and parts": ("train_vs_eval", PARTS | {"reference": "true"}, "shift", ["gap"]),
    "a place": ("pitfalls", {"pitfall": "scale_invariance"}, "scale_invariance-scale", PITFALL),
    "a dead feature": ("pitfalls", {"pitfall": "dead_features"}, "dead_features-eps", PITFALL),
    "rows": ("pitfalls", {"pitfall": "last_batch"}, "last_batch-rows", PITFALL),
    "bands": ("one_batch", {"d": 20, "source": "scales"}, "b", ["before", "after"]),
}
#: One of each kind; `make proof` has them all.
EVERYDAY = {
    "walk",
    "gamma of one feature",
    "epsilon",
    "batch size",
    "momentum",
    "spread",
    "a place",
}


def track(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-{key} [data-rac][style*='touch-action']").first


def drag(page: Page, key: str, share: float, steps: int = 12) -> None:
    """Press the slider's thumb and draw it to `share` of its track; the button stays down."""
    track(page, key).scroll_into_view_if_needed()
    box = track(page, key).bounding_box()
    thumb = page.locator(f".st-key-{key} [data-rac][style*='left']").first.bounding_box()
    assert box is not None and thumb is not None
    page.mouse.move(thumb["x"] + thumb["width"] / 2, thumb["y"] + thumb["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2, steps=steps)


def answered(page: Page, keys: list[str], sent: dict[str, str]) -> None:
    """Wait until each chart shows what the page has sent after `sent`, and nothing else moves."""
    page.wait_for_function(
        """([keys, sent]) => keys.every(key => {
            const chart = document.querySelector(`.st-key-${key} .bnviz-chart`)?.bnviz;
            const drawn = chart ? JSON.parse(chart.text).live.sliders : {};
            return chart && chart.text !== sent[key]
                && Object.keys(drawn).every(slider => drawn[slider] === chart.values[slider]);
        })""",
        arg=[keys, sent],
    )
    settle(page)


def numbers(value: Any) -> np.ndarray:
    """A list as floats, flat; what is none is NaN."""
    flat = np.ravel(np.array(value, dtype=object))
    return np.array([np.nan if v is None or isinstance(v, str) else float(v) for v in flat])


#: A chart's values and what Python has sent of them: the same before a hand has moved anything.
VALUES = """element => {
    const {values, live: {sliders}} = element.bnviz;
    return [Object.fromEntries(Object.keys(sliders).map(key => [key, values[key]])), sliders];
}"""


def places(figure: dict[str, Any]) -> list[float]:
    """Where the figure's upright marks stand."""
    return [shape["x0"] for shape in figure["layout"].get("shapes", [])]


def assert_same_picture(
    under_hand: dict[str, Any], after: dict[str, Any], at_rest: dict[str, Any]
) -> None:
    """Every coordinate to 1e-6 of its axis; labels, titles and the axes seen, to the letter.

    Names of lines stand where they end, to a pixel.

    `at_rest` is what LIVE gives after the release.
    """
    assert len(under_hand["data"]) == len(after["data"])
    for mine, cores in zip(under_hand["data"], after["data"], strict=True):
        for name in ("x", "y"):
            if cores.get(name) is None or isinstance(next(iter(cores[name]), None), str):
                continue
            one, other = numbers(mine[name]), numbers(cores[name])
            assert np.array_equal(np.isnan(one), np.isnan(other)), (cores.get("name"), name)
            size = np.nanmax(np.abs(other), initial=1e-300)
            assert np.allclose(one, other, rtol=0, atol=1e-6 * size, equal_nan=True), name
    assert places(under_hand) == pytest.approx(places(after))
    assert under_hand["seen"]["names"] == pytest.approx(at_rest["seen"]["names"], abs=1)
    for axis in ("xaxis", "yaxis"):
        assert under_hand["seen"][axis] == at_rest["seen"][axis], axis
        for part in ("ticktext", "title"):
            assert under_hand["layout"][axis].get(part) == after["layout"][axis].get(part), part


@pytest.mark.parametrize(
    "name",
    [n if n in EVERYDAY else pytest.param(n, marks=pytest.mark.proof) for n in DRAGS],
)
def test_the_picture_follows_and_is_cores(name: str, open_page: OpenPage) -> None:
    place, query, key, keys = DRAGS[name]
    page = open_page(place, query=query)
    before = {key: chart_figure(page, key) for key in keys}
    nodes = {key: chart(page, key).element_handle() for key in keys}
    sent = {key: chart(page, key).evaluate("e => e.bnviz.text") for key in keys}
    for each in keys:
        mine, cores = chart(page, each).evaluate(VALUES)
        assert mine == cores, "also where a slider shows a link's own number rounded"
    if key == "b":  # rows are fetched when the hand comes, and once more where that failed
        page.evaluate(
            """() => {
                const real = fetch;
                window.fetch = async () => {
                    window.fetch = real;
                    return new Response("", {status: 503});
                };
            }"""
        )
        with page.expect_response("**/rows?*"):
            for _ in range(2):
                track(page, key).hover()
                page.mouse.move(0, 0)
    drag(page, key, 0.7 if key == "spread" else 0.45)  # where no slider begins
    page.wait_for_function(
        "keys => keys.every(k => document.querySelector(`.st-key-${k} .bnviz-chart`).frames > 0)",
        arg=keys,
    )
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    under_hand = {key: chart(page, key).evaluate(LIVE) for key in keys}
    page.mouse.up()
    answered(page, keys, sent)
    moved = []
    for chart_key in keys:
        after = chart_figure(page, chart_key)
        was = before[chart_key]
        moved += [after["data"] != was["data"], places(after) != places(was)]
        at_rest = chart(page, chart_key).evaluate(LIVE)
        assert_same_picture(under_hand[chart_key], after, at_rest)
        same = page.evaluate(
            "([node, key]) => node === document.querySelector(`.st-key-${key} .js-plotly-plot`)",
            [nodes[chart_key], chart_key],
        )
        assert same, "one element for the life of the page"
    assert any(moved)


def test_without_the_hook_the_page_answers_on_release(open_page: OpenPage) -> None:
    """recipes.js never arrives: the slider still works, as any of Streamlit's."""
    page = open_page("one_batch", settled=False)
    page.route(
        "**/recipes.js",
        lambda route: route.fulfill(
            body="export const recipes = {};", content_type="text/javascript"
        ),
    )
    page.reload()
    settle(page)
    before = chart_figure(page, "after")
    drag(page, "gamma", 0.9)
    assert chart(page, "after").evaluate("e => e.frames") is None
    page.mouse.up()
    settle(page)
    assert chart_figure(page, "after")["data"] != before["data"]


def test_the_zoom_stays(open_page: OpenPage) -> None:
    page = open_page("one_batch", query={"section": "epsilon"})
    plot = chart(page, "gain").locator(".nsewdrag").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.7 * box["height"], steps=5)
    page.mouse.up()
    zoomed = chart_figure(page, "gain")["layout"]["xaxis"]["range"]
    drag(page, "eps", 0.9)
    page.mouse.up()
    settle(page)
    figure = chart_figure(page, "gain")
    assert figure["data"][1]["y"][0] < 10, "epsilon did move"
    assert figure["layout"]["xaxis"]["range"] == zoomed


def test_what_is_hidden_stays(open_page: OpenPage) -> None:
    page = open_page("home")
    walk = chart(page, "walk-train")
    walk.locator(".legendtoggle").first.click()
    first = "document.querySelector('.st-key-walk-train .bnviz-chart')._fullData[0]"
    page.wait_for_function(f"() => {first}.visible !== true")
    drag(page, "progress", 0.9)
    page.mouse.up()
    settle(page)
    hidden = walk.evaluate("e => e._fullData.map(trace => trace.visible)")
    assert hidden == ["legendonly", True, True, True, True]


def place_of_handle(page: Page) -> np.ndarray:
    point = chart(page, "walk-train").evaluate("e => e.bnviz.values.wine")
    return np.array([point["x"], point["y"]])


@pytest.mark.parametrize("by", ["mouse", "keys", pytest.param("touch", marks=pytest.mark.proof)])
def test_a_wine_is_taken_away(by: str, open_page: OpenPage) -> None:
    """By mouse, finger or arrow keys: in train mode all others move, in eval mode none."""
    touch = {"has_touch": True} if by == "touch" else {}
    page = open_page("home", query={"progress": 2}, **touch)
    keys = ["walk-train", "walk-eval"]
    before = {key: chart_figure(page, key)["data"][2] for key in keys}
    sent = {key: chart(page, key).evaluate("e => e.bnviz.text") for key in keys}
    start = place_of_handle(page)
    handle = page.locator(".bnviz-handle").first
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    if by == "keys":
        handle.focus()
        for _ in range(3):
            page.keyboard.press("Shift+ArrowLeft")
    elif by == "mouse":
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x - 120, y + 60, steps=8)
    else:
        session = page.context.new_cdp_session(page)
        for kind, dx in (("touchStart", 0), ("touchMove", -60), ("touchMove", -120)):
            points = [{"x": x + dx, "y": y}]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    page.wait_for_function(
        "([e, x]) => e.bnviz.values.wine.x < x - 1",
        arg=[chart(page, "walk-train").element_handle(), start[0]],
    )
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    under_hand = {key: chart(page, key).evaluate(LIVE) for key in keys}
    if by == "mouse":
        page.mouse.up()
    elif by == "touch":
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    answered(page, keys, sent)
    index = chart(page, "walk-train").evaluate("e => e.bnviz.values.wine.index")
    for key in keys:
        after = chart_figure(page, key)
        assert_same_picture(under_hand[key], after, chart(page, key).evaluate(LIVE))
        others = np.arange(len(before[key]["x"])) != index
        shift = np.abs(numbers(after["data"][2]["x"]) - numbers(before[key]["x"]))[others]
        assert (shift > 1e-6).all() if key == "walk-train" else (shift == 0).all()
    assert "wine=" in address(page)


#: The hand moves twice before the next frame, at last to 8 and 7.
MOVES = """async e => {
    const {xaxis, yaxis} = e._fullLayout, {left, top} = e.getBoundingClientRect();
    const ring = e.querySelector(".bnviz-handle"), clientY = top + yaxis._offset + yaxis.d2p(7);
    for (const x of [2, 8]) {
        const clientX = left + xaxis._offset + xaxis.d2p(x);
        ring.dispatchEvent(new PointerEvent("pointermove", {pointerId: 1, clientX, clientY}));
    }
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    return [e.bnviz.values.wine.x, e.bnviz.values.wine.y];
}"""


def test_a_hand_that_holds_a_wine_keeps_it(open_page: OpenPage) -> None:
    """An older answer of the page and another pointer do not take it away; Escape puts it back."""
    page = open_page("home", query={"progress": 2, "wine": "5,3,3", "present": "true"})
    plot = chart(page, "walk-train")
    handle = page.locator(".bnviz-handle").first
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y - 30)
    page.wait_for_function("e => e.bnviz.values.wine.x > 3.1", arg=plot.element_handle())
    held = place_of_handle(page)
    plot.evaluate(
        """async e => {
            const {text, tell} = e.bnviz;
            e.bnviz.text = null;
            await e.bnviz.show(text, tell);
            const ring = e.querySelector(".bnviz-handle");
            for (const kind of ["pointerdown", "pointermove"])
                ring.dispatchEvent(new PointerEvent(kind, {pointerId: 77, clientX: 9, clientY: 9}));
            const {left: clientX, top: clientY} = ring.getBoundingClientRect();
            const finger = {pointerId: 78, pointerType: "touch", clientX, clientY};
            e.dispatchEvent(new PointerEvent("pointerdown", finger));
            await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
        }"""
    )
    assert place_of_handle(page).tolist() == held.tolist()
    assert plot.evaluate(MOVES) == pytest.approx([8, 7], abs=0.05), "the last of a frame"
    page.keyboard.press("Escape")
    page.wait_for_function("() => !location.search.includes('wine')")
    page.mouse.move(x, y)
    page.mouse.up()
    settle(page)
    assert "wine" not in address(page) and "present=true" in address(page)
    page.keyboard.press("Escape")
    page.wait_for_function("() => !location.search.includes('present')")
    settle(page)
    page.locator(".bnviz-handle").first.press("ArrowDown")
    page.wait_for_url("**wine=**")
    settle(page)
    page.locator(".bnviz-header [data-act=undo]").click()
    page.wait_for_function("() => !location.search.includes('wine')")
    settle(page)
    unmoved = place_of_handle(page)
    page.locator(".bnviz-handle").first.press("ArrowDown")
    page.keyboard.press("Escape")  # before the page has heard of it
    settle(page)
    assert place_of_handle(page).tolist() == unmoved.tolist()
    plot.evaluate("e => e.bnviz.plotly.relayout(e, {'xaxis.range': [-4, -3]})")
    expect(handle, "a point beyond the axes has no ring on other things").to_be_hidden()


def test_two_nets_train_while_one_looks(open_page: OpenPage) -> None:
    """The button walks the training to its end, and what it drew is what core trained."""
    page = open_page()
    page.wait_for_function(
        "() => document.querySelector('.st-key-flow-bn .bnviz-chart').bnviz?.live"
    )
    settle(page)
    page.locator(".st-key-train .bnviz-player").click()
    keys = ["flow-bn", "flow-plain", "flow-errors"]
    page.wait_for_function("() => document.querySelector('.st-key-trained input').value === '120'")
    drawn = {key: page.locator(f".st-key-{key} .bnviz-chart").evaluate(LIVE) for key in keys}
    page.wait_for_url("**trained=120**")
    settle(page)
    for key in keys:
        sent = page.locator(f".st-key-{key} .bnviz-chart").evaluate(LIVE)
        assert sent["seen"]["names"] == pytest.approx(drawn[key]["seen"]["names"], abs=1)
        assert sent["layout"]["xaxis"] == drawn[key]["layout"]["xaxis"]
        for ours, cores in zip(drawn[key]["data"], sent["data"], strict=True):
            for axis in ("x", "y"):
                assert np.allclose(ours[axis], cores[axis], rtol=1e-12, equal_nan=True)
        assert page.locator(f".st-key-{key} .bnviz-chart").evaluate("e => e.frames") > 0


@pytest.mark.parametrize(
    ("window", "moves"), [({"width": 390, "height": 844}, True), (WALL["viewport"], False)]
)
def test_what_plays_is_seen(open_page: OpenPage, window: dict[str, int], moves: bool) -> None:
    """On a phone two of the three charts that move were below the window that Play is in."""
    page = open_page(viewport=window)
    page.wait_for_function(
        "() => document.querySelector('.st-key-flow-bn .bnviz-chart')?.bnviz?.live"
    )
    settle(page)
    button = page.locator(".st-key-train .bnviz-player")
    place = "e => e.getBoundingClientRect().top"
    before = button.evaluate(place)
    button.click()
    page.wait_for_url("**trained=120**")
    settle(page)
    assert (button.evaluate(place) < before) == moves
    for part in (
        "train .bnviz-player",
        *(f"flow-{c} .nsewdrag" for c in ("bn", "plain", "errors")),
    ):
        box = page.locator(f".st-key-{part}").bounding_box()
        assert box and 0 <= box["y"] <= window["height"] - box["height"], part


TOOLS = ("png", "svg", "link", "fullscreen")
AGAIN = """async ({bnviz: chart}) => {
    const {text, tell} = chart;
    chart.text = null;
    await chart.show(text, tell);
}"""
SEEN = """element => ({
    size: [element.offsetWidth, element.offsetHeight],
    letters: element._fullLayout.xaxis.title.font.size,
    alone: document.fullscreenElement === element,
})"""


def test_tools_are_one_stop_and_zoom_by_keys(open_page: OpenPage) -> None:
    """Tab comes to a chart's tools once, arrows walk them in a ring, Enter zooms without a drag."""
    page = open_page("one_batch")
    plot = chart(page, "after")
    tools, words = plot.locator(".modebar-btn"), catalogue("en")
    first, last = tools.first, tools.last
    assert plot.locator(".modebar-btn:not([tabindex='-1'])").count() == 1
    shown = plot.evaluate("e => e._fullLayout.xaxis.range")

    first.focus()
    page.keyboard.press("ArrowLeft")
    expect(last).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(first).to_be_focused()
    zoom = plot.get_by_role("button", name=words["chart.plotly.zoom_in"])
    for _ in tools.all():
        if zoom.evaluate("e => e === document.activeElement"):
            break
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_function(
        """([plot, [low, high]]) => {
            const [from, to] = plot._fullLayout.xaxis.range;
            return to - from < high - low;
        }""",
        arg=[plot.element_handle(), shown],
    )
    expect(zoom).to_be_focused()
    page.keyboard.press("Tab")
    assert not plot.evaluate("e => e.contains(document.activeElement)"), "one stop"


def test_tools_save_share_and_enlarge_what_is_shown(open_page: OpenPage) -> None:
    """In the reader's language: a PNG at twice the size, an SVG, the link, the whole screen."""
    page = open_page("one_batch", lang="zh", permissions=["clipboard-read", "clipboard-write"])
    plot, words = chart(page, "after"), catalogue("zh")
    tools = plot.locator(".modebar-btn")
    named = tools.evaluate_all("all => all.map(each => each.dataset.title)")
    english = [each for each in named if re.search("[a-z]{3}", re.sub("PNG|SVG", "", each))]
    assert english == []
    png, svg, link, whole = (plot.locator(f'[data-title="{words[f"chart.{t}"]}"]') for t in TOOLS)
    assert plot.get_attribute("role") == "figure"
    alt = plot.get_attribute("aria-label") or ""
    assert alt.startswith(words["one_batch.after"])
    title, before = re.split("[.。]", alt)[0], plot.evaluate(SEEN)

    plot.hover()
    with page.expect_download() as saving:
        png.click()
    assert saving.value.suggested_filename == "bnviz-after.png"
    head = saving.value.path().read_bytes()[:24]
    width, height = before["size"]
    size = 2 * width, 2 * (height + 46)  # under the title, which takes two lines here
    assert struct.unpack(">II", head[16:]) == pytest.approx(size, abs=1), "of whole pixels"
    with page.expect_download() as saving:
        svg.click()
    assert saving.value.suggested_filename == "bnviz-after.svg"
    drawn = saving.value.path().read_text("utf-8")
    assert drawn.startswith("<svg")
    assert re.sub(r"\s", "", title) in re.sub(r"<[^>]*>|\s", "", drawn)

    link.click()
    assert page.evaluate("navigator.clipboard.readText()") == address(page)
    page.evaluate(
        """async () => {
            window.clipboard = navigator.clipboard;
            await clipboard.writeText("");
            Object.defineProperty(navigator, "clipboard", {value: undefined});
        }"""
    )
    link.click()  # as where the server is reached without encryption
    assert page.evaluate("clipboard.readText()") == address(page)
    expect(page.locator(".bnviz-header [role=status]")).to_have_text(words["header.copied"])

    whole.click()
    page.wait_for_function("() => document.fullscreenElement !== null")
    page.wait_for_function(
        "size => document.fullscreenElement._fullLayout.xaxis.title.font.size > 1.5 * size",
        arg=before["letters"],
    )
    assert plot.evaluate("e => e._fullLayout.title.text").startswith(title)
    whole_size = page.evaluate("[innerWidth, innerHeight]")
    plot.evaluate(AGAIN)  # as a training does, which tells of its next epoch
    assert plot.evaluate("e => [e._fullLayout.width, e._fullLayout.height]") == whole_size
    letters = plot.locator(".gtitle").bounding_box()
    assert letters is not None and 0 < letters["x"] < whole_size[0] - letters["width"]
    page.evaluate("document.exitFullscreen()")
    page.wait_for_function(
        "size => document.querySelector('.st-key-after .bnviz-chart')"
        "._fullLayout.xaxis.title.font.size === size",
        arg=before["letters"],
    )
    assert plot.evaluate(SEEN) == before

    page.set_viewport_size({"width": 200, "height": 844})
    settle(page)
    narrow = chart(page, "gain")
    assert narrow.evaluate("e => e.layout.title?.text"), "wider than the plot"
    narrow.hover()
    with page.expect_download() as saving:
        narrow.locator(f'[data-title="{words["chart.svg"]}"]').click()
    saved = re.sub(r"<[^>]*>|\s", "", saving.value.path().read_text("utf-8"))
    for part in ("title", "alt"):
        assert re.sub(r"\s", "", words[f"one_batch.gain.{part}"]) in saved


def test_no_tools_on_touch_and_on_paper(open_page: OpenPage) -> None:
    page = open_page(has_touch=True, is_mobile=True)
    plot = chart(page, "walk-train")
    assert plot.locator(".modebar-btn").count() == 0
    page.emulate_media(media="print")
    assert plot.evaluate("e => getComputedStyle(e).breakInside") == "avoid"
    assert not page.locator(".modebar-container:visible").count()
