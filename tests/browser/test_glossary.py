"""What a word means, where it stands."""

import pytest
from playwright.sync_api import Locator, Page, expect

from bnviz.texts.catalogue import LANGUAGES, sentence
from tests.browser.conftest import OpenPage
from tests.browser.screen import address, open_tab, violations

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


#: The term that is open, whether its word is marked as the current one, and where both stand.
CURRENT = """() => {
    const {places, open, bubble} = window.bnvizTerms;
    const [word] = CSS.highlights.get("bnviz-term") ?? [];
    const box = each => (({left, right, top, bottom}) => [left, right, top, bottom])(
        (each.getClientRects ? each.getClientRects()[0] : each));
    return open && [open, word === places.get(open), box(places.get(open)), box(bubble)];
}"""

#: Two frames later: what a step has scrolled is where it stays.
PAINTED = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"""

#: The terms whose words are seen, in the order in which one reads.
READ = """() => [...window.bnvizTerms.places].filter(([, place]) => place.getClientRects().length)
    .map(([term]) => term)"""


def tab_to(page: Page, what: str) -> Locator:
    """What is reached by Tab alone."""
    page.wait_for_function("() => window.bnvizTerms?.places.size")
    for _ in range(60):
        page.keyboard.press("Tab")
        reached = page.locator(f"{what}:focus")
        if reached.count():
            return reached
    raise AssertionError(f"no Tab reaches {what}")


@pytest.mark.parametrize(
    ("lang", "window"),
    [("en", {"width": 1280, "height": 720}), ("zh", {"width": 320, "height": 480})],
)
def test_keys_alone_open_each_meaning_at_its_word(
    open_page: OpenPage, lang: str, window: dict[str, int]
) -> None:
    page = open_page("one_batch", lang, query={"section": "epsilon"}, viewport=window)
    stop, meaning = tab_to(page, "button.bnviz-terms"), page.locator(".bnviz-term")
    expect(stop).to_have_text(sentence(lang, "glossary.keys"))
    expect(stop).to_be_in_viewport()
    terms = page.evaluate(READ)
    assert len(terms) >= 3
    for term in (*terms, terms[0]):
        page.keyboard.press("ArrowDown")
        name, text = (sentence(lang, f"glossary.{term}.{part}") for part in ("name", "text"))
        expect(meaning.locator("strong")).to_have_text(name)
        expect(page.locator(".bnviz-heard")).to_have_text(f"{name}: {text}")
        page.evaluate(PAINTED)
        opened, marked, word, bubble = page.evaluate(CURRENT)
        assert opened == term and marked
        assert word[2] >= 0 and word[3] <= window["height"] and bubble[1] <= window["width"]
        assert word[3] <= bubble[2] or bubble[3] <= word[2], "the word is not under its meaning"
        expect(stop).to_be_in_viewport()
    page.keyboard.press("ArrowUp")
    expect(meaning.locator("strong")).to_have_text(sentence(lang, f"glossary.{terms[-1]}.name"))
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(meaning).to_be_hidden()
    expect(stop).to_be_focused()
    page.keyboard.press("Enter")
    expect(meaning).to_be_visible()
    page.keyboard.press("Tab")
    expect(meaning).to_be_hidden()


def test_in_a_lesson_on_a_wall_arrows_are_the_terms_while_their_stop_has_the_focus(
    open_page: OpenPage,
) -> None:
    query = {"lesson": "bn_in_ten_minutes", "present": "true"}
    page = open_page("home", query=query, viewport={"width": 1280, "height": 720})
    tab_to(page, "button.bnviz-terms")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".bnviz-term")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".bnviz-term")).to_be_hidden()
    assert "step=2" not in address(page) and "present=true" in address(page)
    tab_to(page, ".st-key-lesson button")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**step=2**")
    page.keyboard.press("Escape")
    page.wait_for_function("() => !document.documentElement.hasAttribute('data-bnviz-presenting')")
