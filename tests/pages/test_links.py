"""A link with any value of any parameter gives a page, a notice at most, and a good address."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from bnviz.texts.catalogue import catalogue
from bnviz.ui.control import Control, in_address
from bnviz.ui.controls import CONTROLS, ELSEWHERE
from bnviz.ui.navigation import PAGES
from tests.pages.conftest import OpenApp, undone

EN = catalogue("en")
#: What no control can be set to, or not in so many words; the last is two values at once.
ODD: list[str | list[str]] = [
    *("1e309", "-1e309", "nan", "inf", "1e30", "-1", "0.5", "", " ", "None", "TRUE", "x" * 10_000),
    *("9" * 10_000, "<script>", "![](http://example.org/x.png)", "`:red[a]`\n\n# b", "٣", "1_0"),
    ["1", "2"],
]
NAMED = {page.name: list(CONTROLS[page.name].values()) for page in PAGES}


def healthy(app: AppTest) -> None:
    assert [error.value for error in (*app.exception, *app.error)] == []
    assert app.title


def odd_value(row: Control) -> st.SearchStrategy[Any]:
    """Mostly what is odd, sometimes what the control offers first."""
    first = in_address(row.default) if row.default is not None else "1"
    return st.sampled_from([*ODD, first]) | st.text()


@pytest.mark.parametrize("examples", [4, pytest.param(40, marks=pytest.mark.proof)])
@pytest.mark.parametrize("page", [page.name for page in PAGES])
def test_any_value_of_any_parameter(open_app: OpenApp, page: str, examples: int) -> None:
    """Every control of the page at once, each set to something odd, and a few unknown names."""

    @settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    @given(data=st.data())
    def opens(data: st.DataObject) -> None:
        query = {row.name: data.draw(odd_value(row), row.name) for row in NAMED[page]}
        query.pop("lang")
        query |= {name: data.draw(st.sampled_from(ODD), name) for name in ELSEWHERE}
        query |= data.draw(
            st.dictionaries(st.text("abc&=%._[]", min_size=1), st.text(), max_size=3)
        )
        app = open_app(page, **query)
        healthy(app)
        healthy(app.run())
        assert [toast.value for toast in app.toast] == [], "the address was mended"

    opens()


@pytest.mark.parametrize(
    ("wish", "seed"), [("1e309", 42), ("9" * 400, 42), ("1e3", 1000), ("7.0", 7), ("7.5", 42)]
)
def test_a_whole_number(open_app: OpenApp, wish: str, seed: int) -> None:
    """1e309 is more than a float holds, and was more than Streamlit could read."""
    app = open_app("one_batch", seed=wish)
    healthy(app)
    assert app.number_input(key="seed").value == seed
    assert len(app.toast) == (seed == 42)
    assert app.query_params.get("seed") == (None if seed == 42 else str(seed))


@pytest.mark.parametrize("wish", ["0.00003", "3e-05", "3e-5"])
def test_a_number_may_be_written_in_any_way(open_app: OpenApp, wish: str) -> None:
    app = open_app("one_batch", eps=wish)
    assert app.select_slider(key="eps").value == 3e-5 and not app.toast
    app.run()
    assert app.select_slider(key="eps").value == 3e-5, "and stays"
    assert app.query_params["eps"] == "3e-5"


def test_a_refused_wish_is_named_and_what_is_shown_instead(open_app: OpenApp) -> None:
    app = open_app("one_batch", b="three", source="moon", flavour="sweet", colour="`#red`\n\n# x")
    said = [toast.value for toast in app.toast]
    assert any("`three`" in text and "256" in text for text in said)
    assert any("`moon`" in text and EN["source.normal"] in text for text in said)
    assert any("`flavour`, `colour`" in text for text in said)
    assert not app.query_params


def test_the_address_stays_mended_when_a_control_moves(open_app: OpenApp) -> None:
    app = open_app("one_batch", d="1e309", seed="-inf", noeps="maybe")
    app.slider(key="d").set_value(3).run()
    healthy(app)
    assert app.slider(key="d").value == 3 and not app.toast


def test_limits_that_move_are_no_link(open_app: OpenApp) -> None:
    """A shorter stream has fewer batches to look at: the step follows, nobody is told of a link."""
    app = open_app("train_vs_eval", steps="200", gap_step="150")
    app.select_slider(key="steps").set_value(50).run()
    healthy(app)
    assert app.slider(key="gap_step").value == 50 and not app.toast


@pytest.mark.parametrize(("page", "key"), [("fitness", "preset"), ("sweep", "sweep_preset")])
def test_a_menu_keeps_its_choice_when_a_label_of_another_language_arrives(
    open_app: OpenApp, page: str, key: str
) -> None:
    """A browser that has not yet drawn the new language sends the label that it still shows."""
    row = CONTROLS[page][key]
    chosen = row.options[1]
    label = catalogue("zh")[row.option.format(chosen)]
    app = open_app(page, session={key: label, "address": {key: chosen}})
    healthy(app)
    assert app.session_state[key] == chosen
    assert app.query_params[row.name] in (chosen, [chosen])


def test_a_number_that_is_not_offered_comes_back_when_another_is_undone(open_app: OpenApp) -> None:
    app = open_app("one_batch", eps="0.0013")
    app.query_params["eps"] = "0.0017"
    app.run()
    assert undone(app).select_slider(key="eps").value == 0.0013


def test_values_that_are_taken_away_stay_away(open_app: OpenApp) -> None:
    """The address then names none, which is what it does before any is chosen."""
    app = open_app("sweep", across_values="4,8")
    app.multiselect(key="across_values").set_value([]).run()
    app.multiselect(key="down_values").unselect("0.1").run()
    assert app.multiselect(key="across_values").value == []
