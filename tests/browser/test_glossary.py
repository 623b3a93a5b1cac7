"""What a word means, where it stands."""

import pytest
from playwright.sync_api import Page, expect

from bnviz.texts.catalogue import LANGUAGES, sentence
from tests.browser.conftest import OpenPage
from tests.browser.screen import open_tab, violations

#: The first marked word of a term: [its text, x, y] in the window, once it is marked.
PLACE = """term => {
    const place = window.bnvizTerms?.places.get(term);
    place?.startContainer.parentElement.scrollIntoView({ block: "center", behavior: "instant" });
    const box = place?.getClientRects()[0];
    return box && [place.toString(), box.left + box.width / 2, box.top + box.height / 2];
}"""


def place(page: Page, term: str) -> tuple[str, float, float]:
    word, x, y = page.wait_for_function(PLACE, arg=term).json_value()
    return word, x, y


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_pointer_on_a_word_opens_what_it_means(open_page: OpenPage, lang: str) -> None:
    page = open_page("one_batch", lang)
    meaning = page.locator(".bnviz-term")
    word, x, y = place(page, "feature")
    assert word.lower() in sentence(lang, "glossary.feature.words").split("|")
    expect(meaning).to_be_hidden()
    page.mouse.move(x, y)
    expect(meaning).to_be_visible()
    assert meaning.locator("strong").inner_text() == sentence(lang, "glossary.feature.name")
    assert meaning.locator("span").inner_text() == sentence(lang, "glossary.feature.text")
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(meaning).to_be_hidden()


def test_words_that_came_later_and_a_finger(open_page: OpenPage) -> None:
    page = open_page("one_batch", has_touch=True, viewport={"width": 390, "height": 844})
    meaning = page.locator(".bnviz-term")
    assert not page.evaluate("window.bnvizTerms.places.has('epsilon')")
    open_tab(page, "one_batch.tabs.epsilon")
    place(page, "epsilon")
    _, x, y = place(page, "feature")
    page.touchscreen.tap(x, y)
    expect(meaning).to_be_visible()
    box = meaning.bounding_box()
    assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390
    page.touchscreen.tap(5, 5)
    expect(meaning).to_be_hidden()


def test_on_a_wall_its_letters_are_as_large_as_all(open_page: OpenPage) -> None:
    page = open_page("one_batch", query={"present": "true"})
    page.mouse.move(*place(page, "feature")[1:])
    expect(page.locator(".bnviz-term")).to_be_visible()
    sizes = page.locator(".bnviz-term *").evaluate_all(
        "all => all.map(each => parseFloat(getComputedStyle(each).fontSize))"
    )
    assert len(sizes) == 2 and min(sizes) >= 18
