"""A walk over all controls: whatever came before, a page shows what its address says.

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
from bnviz.ui.controls import controls
from tests.pages.conftest import OpenApp
from tests.pages.test_pages import messages, widgets

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
SECTIONS = {
    "home": [""],
    "one_batch": ["formula", "statistics", "steps", "epsilon", "jitter", "implementations"],
    "train_vs_eval": ["gap", "clock", "company", "split", "frozen"],
    "pitfalls": [""],
    "fitness": [""],
    "smoothness": ["replay"],
}


def address(app: AppTest, page: str) -> dict[str, str]:
    """The link to what is on screen: every control that is shown, by its name."""
    shown = {each.key for each in widgets(app)}
    rows = [row for row in controls(page).values() if row.key in shown - LEFT_OUT]
    return {row.name: in_address(app.session_state[row.key]) for row in rows}


def moved(app: AppTest, page: str, chance: random.Random) -> str:
    """Moves one control that is shown to some value that it offers; says what was done."""
    free = [each for each in widgets(app) if not each.disabled and each.key not in LEFT_OUT]
    each = chance.choice([each for each in free if not str(each.key).startswith("lesson-")])
    to = ""
    if each.type == "button":
        each.click()
    elif each.type == "toggle":
        each.set_value(not each.value)
    elif each.type == "selectbox":
        each.select_index(chance.randrange(len(each.options) - (each.key.endswith("source"))))
    elif each.type == "button_group":
        offered = [row.options for row in controls(page).values() if row.key == each.key]
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


@pytest.mark.parametrize("page", SECTIONS)
def test_a_walk_ends_where_its_link_leads(open_app: OpenApp, page: str) -> None:
    chance = random.Random(f"{SEED} {page}")
    for _ in range(max(1, MOVES // LEG)):
        section = chance.choice(SECTIONS[page])
        opened = {"section": section} if section else {}
        app, walked = open_app(page, **opened), [section]
        for _ in range(min(LEG, MOVES)):
            walked.append(moved(app, page, chance))
            healthy(app, walked)
            for name, value in address(app, page).items():  # as Streamlit does in a browser
                app.query_params[name] = value
        link = address(app, page) | opened
        anew, other = open_app(page, **link), open_app(page, lang="zh", **link)
        for each in (anew, other):
            healthy(each, [*walked, str(link)])
        assert messages(anew) == messages(app), (walked, link)
        assert [each.value for each in anew.markdown] == [each.value for each in app.markdown]
        assert numbers(other) == numbers(anew), (walked, link)
