"""Pitfalls in a real browser: the figure on screen is core's, controls and links work."""

import numpy as np
import pytest

from bnviz.core.pitfalls import pitfall
from bnviz.core.pitfalls.configs import CONFIGS, DeadFeatures, Folding, LastBatch
from bnviz.plots.pitfalls.shapes import SHAPES, Curves
from bnviz.texts.catalogue import sentence
from tests.browser.conftest import OpenPage
from tests.browser.screen import (
    WALL,
    address,
    below_the_fold,
    chart_figure,
    exceptions,
    long_but,
    settle,
    slider,
)

FIGURE = "pitfall-figure"


AT_ONCE = "eval_forgotten"
NAMES = (AT_ONCE, "bias_before_bn", "dropout_before_bn", "low_precision")


@pytest.mark.parametrize("name", long_but({AT_ONCE}, NAMES))
def test_the_figure_shows_what_core_measured(open_page: OpenPage, name: str) -> None:
    page = open_page("pitfalls", query={"pitfall": name}, **WALL)
    assert exceptions(page) == []
    if name == AT_ONCE:
        assert list(below_the_fold(page, "pitfalls")) == []
    numbers, shape = pitfall.run(name, CONFIGS[name]()).numbers, SHAPES[name]
    assert isinstance(shape, Curves)
    drawn = {trace["name"]: trace for trace in chart_figure(page, FIGURE)["data"]}
    for series in shape.series:
        trace = drawn[sentence("en", f"pitfalls.{name}.series.{series}")]
        assert np.allclose(trace["x"], numbers[shape.x])
        assert np.allclose(trace["customdata"], numbers[series], rtol=1e-6)


def test_on_a_phone_the_settings_stand_above_their_picture_and_a_table_is_whole(
    open_page: OpenPage,
) -> None:
    page = open_page(
        "pitfalls", query={"pitfall": "family"}, viewport={"width": 390, "height": 844}
    )
    places = [page.locator(f".st-key-{each}").bounding_box() for each in ("settings", FIGURE)]
    fix = page.get_by_role("heading", name=sentence("en", "pitfalls.fix")).bounding_box()
    table = page.locator("table").bounding_box()
    assert all(places) and fix is not None and table is not None
    assert places[0]["y"] + places[0]["height"] <= places[1]["y"] < fix["y"]
    assert table["x"] + table["width"] <= 390


def test_a_control_moves_the_figure_and_the_address(open_page: OpenPage) -> None:
    page = open_page("pitfalls", query={"pitfall": "dead_features"})
    label = sentence("en", "pitfalls.dead_features.control.eps")
    slider(page, label).press("End")
    settle(page)
    assert "dead_features.eps=0.1" in address(page) and "pitfall=dead_features" in address(page)
    drawn = {trace["name"]: trace for trace in chart_figure(page, FIGURE)["data"]}
    expected = pitfall.run("dead_features", DeadFeatures(eps=0.1))["after"]
    title = sentence("en", "pitfalls.dead_features.series.after")
    assert np.allclose(drawn[title]["y"], expected)


def test_a_link_opens_in_the_other_language(open_page: OpenPage) -> None:
    query = {"pitfall": "folding", "folding.shape": "nlc", "folding.order": "bn_linear"}
    page = open_page("pitfalls", "zh", query=query)
    result = pitfall.run("folding", Folding(shape="nlc", order="bn_linear"))
    drawn = {trace["name"]: trace for trace in chart_figure(page, FIGURE)["data"]}
    wrong = drawn[sentence("zh", "pitfalls.folding.series.axis_one")]
    assert np.allclose(wrong["x"], result["original_axis_one"])
    assert np.allclose(wrong["y"], result["folded_axis_one"])


def test_from_a_card_to_the_program_and_to_the_next_pitfall(open_page: OpenPage) -> None:
    page = open_page("pitfalls")
    page.locator(".st-key-open-last_batch button").press("Enter")
    settle(page)
    heading = page.evaluate("document.activeElement.textContent")
    assert heading == sentence("en", "pitfalls.last_batch.title"), "one goes on there"
    page.locator(f".st-key-{FIGURE}-more button").first.click()
    settle(page)
    codes = [code.inner_text() for code in page.get_by_test_id("stCode").all()]
    program = pitfall.program("last_batch", LastBatch())
    assert program.split() in [code.split() for code in codes]
    page.keyboard.press("Escape")
    after = list(CONFIGS)[list(CONFIGS).index("last_batch") + 1]
    page.locator(".st-key-following button").click()
    settle(page)
    assert f"pitfall={after}" in address(page)
    assert page.get_by_text(sentence("en", f"pitfalls.{after}.symptom")).is_visible()
