"""Every lesson, walked in both languages: question, guess, and the page that answers."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from bnviz.texts.catalogue import LANGUAGES, sentence
from bnviz.ui.presenter.lesson import FOLDER, find, read
from bnviz.ui.presenter.measured import measure
from tests.pages.conftest import OpenApp, opened
from tests.pages.test_pages import charts, widget

LESSONS = {name: read(path) for name, path in find((FOLDER,)).items()}

LAST_STEP = {"lesson": "a_papers_claim", "step": "3"}

#: In either language by turns; `make proof` has the others.
SPOKEN = [
    pytest.param(name, lang, marks=[] if place % 2 == which else pytest.mark.proof)
    for place, name in enumerate(LESSONS)
    for which, lang in enumerate(LANGUAGES)
]


@pytest.mark.parametrize(("name", "lang"), SPOKEN)
def test_every_step_reveals_what_is_measured(open_app: OpenApp, name: str, lang: str) -> None:
    for index, step in enumerate(LESSONS[name].step):
        app = open_app(step.page, lang, lesson=name, step=str(index + 1))
        assert not app.exception
        assert not charts(app), "before the guess there is no picture"
        count = len(LESSONS[name].step)
        words = {"title": LESSONS[name].title.said(lang), "step": index + 1, "count": count}
        assert sentence(lang, "lesson.place", **words) in [each.value for each in app.caption]
        assert widget(app, "lesson-previous").disabled == (index == 0)
        assert way_on(app) == next_after(name, index, lang)
        guess = app.radio[0] if step.options else app.slider[0]
        if step.options:
            guess.set_value(len(step.options) - 1)
        app.button[-1].click().run()
        assert not app.exception
        assert charts(app), "the page is the answer"
        told = [*app.success, *app.info][0].value
        assert step.in_words(measure(step)) in told
        for key, value in step.state.items():
            shown = app.query_params if isinstance(value, str) else app.session_state
            assert shown[key] in (value, [value])
            if key == "section":
                names = {sentence(each, f"{step.page}.tabs.{value}") for each in LANGUAGES}
                assert names & {*opened(app, lang)}


def way_on(app: AppTest) -> str | None:
    """What stands on the button that leads on."""
    return next((b.label for b in app.button if b.key == "lesson-next"), None)


def next_after(name: str, index: int, lang: str) -> str | None:
    """The lesson's next step; after its last the next lesson, after the last lesson nothing."""
    if index + 1 < len(LESSONS[name].step):
        return sentence(lang, "lesson.next")
    order = [*LESSONS]
    later = order[order.index(name) + 1 :]
    return sentence(lang, "lesson.next_lesson") if later else None


def test_the_page_tells_the_share_that_the_lesson_asks_for(open_app: OpenApp) -> None:
    app = open_app("fitness", session={"guesses": {"a_papers_claim.2": 0.5}}, **LAST_STEP)
    (step, share) = (LESSONS["a_papers_claim"].step[2], [each.value for each in app.info][-1])
    assert step.in_words(measure(step)) in share and share not in step.reveal.en


def test_the_page_has_both_medians_whose_ratio_the_lesson_asks_for(open_app: OpenApp) -> None:
    query = {"lesson": "a_papers_claim", "step": "2"}
    app = open_app("smoothness", session={"guesses": {"a_papers_claim.1": 0}}, **query)
    (said,) = {each.value for each in app.markdown if "Done correctly" in each.value}
    with_bn, without = (float(each.replace(",", "")) for each in re.findall(r"\*\*(.+?)\*\*", said))
    ratio = measure(LESSONS["a_papers_claim"].step[1])
    assert without / with_bn == pytest.approx(ratio, rel=0.01)


def test_a_guess_has_the_decimals_of_its_step(open_app: OpenApp) -> None:
    for name, step, shown in (("a_papers_claim", 1, "%.0f"), ("your_batch", 1, "%.1f")):
        first = LESSONS[name].step[step - 1]
        app = open_app(first.page, lesson=name, step=str(step))
        assert app.slider[0].proto.format == shown
        assert f"{first.number.least:g}" in app.slider[0].label
        assert f"{first.number.most:g}" in app.slider[0].label


def test_before_choosing_nothing_is_told(open_app: OpenApp) -> None:
    app = open_app("smoothness", lesson="is_it_smoothing")
    app.button[-1].click().run()
    assert sentence("en", "lesson.choose_first") in [each.value for each in app.caption]
    assert not charts(app)


def test_a_step_stands_on_its_own_page(open_app: OpenApp) -> None:
    app = open_app("home", lesson="why_eval_differs")
    assert app.query_params["lesson"] == "why_eval_differs"
    assert any("momentum 0.1" in each.value for each in app.markdown)


def test_a_step_opens_the_tab_that_a_newcomer_sees(open_app: OpenApp) -> None:
    app = open_app("one_batch", section="epsilon", session={"guesses": {"bn_in_ten_minutes.3": 0}})
    app.query_params.clear()
    app.query_params.update({"lang": "en", "lesson": "bn_in_ten_minutes", "step": "4"})
    app.run()
    assert opened(app, "en") == [sentence("en", "one_batch.tabs.formula")]


def test_an_impossible_step_is_named(open_app: OpenApp) -> None:
    app = open_app("home", lesson="bn_in_ten_minutes", step="99")
    assert sentence("en", "lesson.no_step", wish="99", count=5) in [t.value for t in app.toast]


def test_an_unknown_lesson_is_named_and_the_page_is_there(open_app: OpenApp) -> None:
    app = open_app("home", lesson="*nothing*")
    assert "nothing" in app.warning[0].value and "your" in app.warning[0].value
    assert app.title
