"""At 1280 x 720 each page shows its question, answer, main controls and picture at once."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from bnviz.ui.controls import controls
from tests.browser.conftest import OpenPage

WALL = {"viewport": {"width": 1280, "height": 720}}
#: Page: where it opens.
PAGES = {
    "one_batch": {},
    "train_vs_eval": {},
    "pitfalls": {"pitfall": "eval_forgotten"},
    "fitness": {},
    "smoothness": {},
}


def below(page: Page, name: str) -> Iterator[str]:
    """What one has to scroll for, of what must be seen at once."""
    main = page.get_by_test_id("stMain")
    first = main.locator(".bnviz-chart").first.bounding_box()
    assert first is not None
    beside = [box for c in main.locator(".bnviz-chart").all() if (box := c.bounding_box())]
    pictures = [box for box in beside if box["y"] < first["y"] + 5]
    keys = [row.key.replace(".", "-") for row in controls(name).values() if row.main]
    parts = {key: main.locator(f".st-key-{key}") for key in keys}
    parts |= {"question": page.locator("h1"), "answer": main.get_by_test_id("stMarkdown").first}
    boxes = {part: where.first.bounding_box() for part, where in parts.items() if where.count()}
    boxes |= {f"picture {i}": box for i, box in enumerate(pictures, 1)}
    assert {"question", "answer", "picture 1"} <= set(boxes)
    for part, box in boxes.items():
        if box is None or box["y"] < 0 or box["y"] + box["height"] > 720:
            yield f"{part}: {box}"


@pytest.mark.parametrize("name", PAGES)
def test_nothing_that_matters_is_below_the_fold(open_page: OpenPage, name: str) -> None:
    page = open_page(name, query=PAGES[name], **WALL)
    assert list(below(page, name)) == []
