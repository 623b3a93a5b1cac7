"""A walk over all controls: whatever came before, a page shows what its address says.

What was done last can be undone.

WALK is how many moves are made on each page; a long walk is one of thousands. SEED begins it.
"""

import json
import os
import random
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from bnviz.core.configs import RULES
from bnviz.texts.catalogue import LANGUAGES, catalogue
from bnviz.ui.control import in_address
from bnviz.ui.controls import CONTROLS
from bnviz.ui.navigation import PAGES
from bnviz.ui.presenter.lesson import FOLDER, Step, find, read
from tests.pages.conftest import OpenApp, undone
from tests.pages.test_pages import messages, widget, widgets

MOVES, SEED = int(os.environ.get("WALK", "4")), int(os.environ.get("SEED", "0"))
#: Moves until the page is compared with one that is opened anew.
LEG = 4
#: What starts work, goes to a lesson, or is what the walk is not about.
LEFT_OUT = {"lang", "present", "play", "launch", "measure_now", "stop", "runs"}
#: How a refusal begins.
REFUSED = tuple(
    catalogue(lang)[f"problem.{code}"].partition("{")[0]
    for code in ("too_large", "too_slow")
    for lang in LANGUAGES
)
#: Where a walk over a page begins.
OPENINGS: dict[str, list[dict[str, str]]] = {
    "home": [{}],
    "one_batch": [
        {"section": name}
        for name in ("formula", "statistics", "steps", "epsilon", "jitter", "implementations")
    ],
    "train_vs_eval": [
        {"section": name} for name in ("gap", "parts", "clock", "company", "split", "frozen")
    ],
    "pitfalls": [{}],
    "fitness": [{}],
    "smoothness": [{"section": "replay"}],
    "sweep": [{}],
    "runs": [{}, {"section": "uploads"}, {"runs": "side by side"}],
    "glossary": [{}],
}
LESSONS = {name: read(path) for name, path in find((FOLDER,)).items()}


def address(app: AppTest, page: str, but: str = "") -> dict[str, str]:
    """The link to what is on screen: every control that is shown, by its name, but one kind's."""
    shown = {each.key for each in widgets(app)}
    rows = [row for row in CONTROLS[page].values() if row.key in shown - LEFT_OUT]
    return {row.name: in_address(app.session_state[row.key]) for row in rows if row.kind != but}


def moved(app: AppTest, page: str, chance: random.Random) -> str:
    """Moves one control that is shown to some value that it offers; says what was done."""
    free = [each for each in widgets(app) if not each.disabled and each.key not in LEFT_OUT]
    # After a save the page runs again at once, for which AppTest forgets the language.
    free = [each for each in free if not str(each.key).startswith(("lesson-", "save-"))]
    if not free:  # a page of text
        app.run()
        return ""
    each = chance.choice(free)
    to = ""
    if each.type == "button":
        each.click()
    elif each.type == "toggle":
        each.set_value(not each.value)
    elif each.type == "selectbox":
        each.select_index(chance.randrange(len(each.options) - (each.key.endswith("source"))))
    elif each.type == "button_group":
        offered = [row.options for row in CONTROLS[page].values() if row.key == each.key]
        to = chance.choice([*offered, (each.value,)][0])
        each.set_value(to)
    elif each.type == "select_slider":
        kind = type(each.value)
        to = kind(float(chance.choice(each.options)))
        each.set_value(to)
    else:
        least, most = each.min, each.max
        to = chance.choice([least, most, least + chance.random() * (min(most, 1e6) - least)])
        each.set_value(type(each.value)(to))
    app.run()
    return f"{each.key} {to}"


def healthy(app: AppTest, walked: list[str]) -> None:
    """Nothing failed; what is more than may be asked for at once is refused by name."""
    failed = [each.message for each in app.exception]
    said = [each.value for each in app.error if not each.value.startswith(REFUSED)]
    assert [text for text in failed if not any(rule in text for rule in RULES)] == [], walked
    assert said == [] and app.title, walked


def numbers(app: AppTest) -> list[Any]:
    """Of all figures, without their words."""
    sent = {message["name"]: json.dumps(message["figure"]["data"]) for message in messages(app)}
    return sorted((name, text.count("bdata")) for name, text in sent.items())


def told(app: AppTest) -> list[Any]:
    """All figures, sentences and tables."""
    tables = [table.value.to_csv() for table in app.dataframe]
    return [messages(app), [each.value for each in (*app.markdown, *app.caption)], tables]


@pytest.mark.parametrize("page", OPENINGS)
def test_a_walk_ends_where_its_link_leads(open_app: OpenApp, page: str, runs: list[str]) -> None:
    chance = random.Random(f"{SEED} {page}")
    for _ in range(max(1, MOVES // LEG)):
        opened = dict(chance.choice(OPENINGS[page]))
        if "runs" in opened:
            opened["runs"] = ",".join(runs)
        lang, another = chance.sample(sorted(LANGUAGES), 2)
        app, walked = open_app(page, lang=lang, **opened), [str(opened)]
        for _ in range(min(LEG, MOVES)):
            changes, before = len(app.session_state[f"{page}.states"]), told(app)
            walked.append(moved(app, page, chance))
            healthy(app, walked)
            for name, value in address(app, page, but="choice").items():
                app.query_params[name] = value  # as Streamlit does in a browser
        link = address(app, page)
        link |= {name: opened[name] for name in opened if name in app.query_params}
        anew, other = open_app(page, lang=lang, **link), open_app(page, lang=another, **link)
        for each in (anew, other):
            healthy(each, [*walked, str(link)])
        assert told(anew) == told(app), (walked, link)
        assert numbers(other) == numbers(anew), (walked, link)
        if len(app.session_state[f"{page}.states"]) > changes:
            assert told(undone(app)) == before, (walked, "undone")


def test_the_openings_are_those_of_every_page() -> None:
    assert list(OPENINGS) == [page.name for page in PAGES]


def in_link(app: AppTest) -> dict[str, str]:
    """The address of what is on screen, as the browser shows it."""
    given = {name: app.query_params[name] for name in app.query_params}
    return {name: each if isinstance(each, str) else each[0] for name, each in given.items()}


def guess(app: AppTest, step: Step, chance: random.Random) -> None:
    """Choose something, and commit to it."""
    if step.options:
        app.radio[0].set_value(chance.randrange(len(step.options)))
    elif step.number is not None:
        app.slider[0].set_value(chance.choice([step.number.least, step.number.most]))
    next(button for button in app.button if str(button.key).startswith("FormSubmitter")).click()
    app.run()


def test_a_walk_through_lessons(open_app: OpenApp) -> None:
    """By their buttons: every step is on its page, which is that of its link once one has guessed.

    Who leaves is on the page, and it stays as it was.
    """
    chance = random.Random(SEED)
    for _ in range(max(1, MOVES // LEG)):
        name = chance.choice(list(LESSONS))
        app, walked, guessed, index = open_app("home"), [name], set[int](), 0
        widget(app, f"lesson-{name}").click().run()
        for _ in range(2 * LEG):
            step = LESSONS[name].step[index]
            assert in_link(app)["lesson"] == name, walked
            asked = any(str(button.key).startswith("FormSubmitter") for button in app.button)
            assert not app.exception and app.title and asked == (index not in guessed), walked
            moves = {"guess": index not in guessed, "previous": index > 0}
            moves["next"] = index + 1 < len(LESSONS[name].step)
            walked.append(chance.choice([move for move, possible in moves.items() if possible]))
            if walked[-1] == "guess":
                guess(app, step, chance)
                guessed.add(index)
            else:
                widget(app, f"lesson-{walked[-1]}").click().run()
                index += 1 if walked[-1] == "next" else -1
        widget(app, "lesson-leave").click().run()
        page = LESSONS[name].step[index].page
        healthy(app, walked)
        assert "lesson" not in app.query_params and widget(app, "lang"), walked
        link = in_link(app) | address(app, page)
        assert messages(open_app(page, **link)) == messages(app), (walked, link)
