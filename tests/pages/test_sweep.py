"""Sweep: axes of one's own by the controls, by a link and by a file, and what is none said so."""

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from bnviz.core.sweep.config import FIELDS, SweepConfig
from bnviz.core.sweep.presets import PRESETS
from bnviz.texts.catalogue import LANGUAGES, sentence
from bnviz.ui.controls import FITNESS
from tests.pages.conftest import OpenApp
from tests.pages.test_pages import messages, widget

OWN = {
    "across": "optimizer.kind",
    "across_values": "sgd,adam",
    "down": "network.depth",
    "down_values": "1..7:3,2",
}


def shown(app: AppTest) -> SweepConfig:
    """The sweep of the controls, as the page writes it."""
    return SweepConfig.model_validate_json(app.code[0].value)


def values(app: AppTest, name: str) -> Any:
    return next(each for each in app.multiselect if each.key == name)


def test_any_two_settings_make_a_sweep_that_a_link_opens_again(open_app: OpenApp) -> None:
    app = open_app("sweep", **OWN)
    assert not app.exception and not app.error
    across, down = shown(app).axes
    assert (across.field, across.values) == ("optimizer.kind", ("sgd", "adam"))
    assert (down.field, down.values) == ("network.depth", (1, 2, 4, 7))
    drawn = next(each for each in messages(app) if each["name"] == "map-bn")["figure"]["data"][0]
    assert drawn["x"] == [sentence("en", "option.sgd"), sentence("en", "option.adam")]

    free = [field for field in FIELDS if field not in (OWN["across"], OWN["down"])]
    widget(app, "third").select_index(1 + free.index("network.eps")).run()
    values(app, "third_values").set_value(["0.001", "1e-9"]).run()
    assert shown(app).axes[2].values == (1e-9, 0.001)
    link = {name: "".join(value) for name, value in app.query_params.items() if name != "lang"}
    assert shown(open_app("sweep", **link)) == shown(app)
    widget(app, "sweep_preset").select_index(list(PRESETS).index("eps_scale")).run()
    assert [axis.field for axis in shown(app).axes] == ["data.input_scale", "network.eps"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_no_sweep_is_said_with_name_value_and_limits(open_app: OpenApp, lang: str) -> None:
    typed = {"down_values": ["1", "9", "x"]}
    app = open_app("sweep", lang, session=typed, across="optimizer.kind", down="network.depth")
    depth = sentence(lang, "train.network.depth")
    assert [each.value for each in app.error] == [
        sentence(lang, "sweep.refused.whole", setting=depth, entry=entry, least="1", most="8")
        for entry in ("9", "x")
    ]
    for file, told in (
        ('{"axes": [}', sentence(lang, "sweep.own_no_json", line=1, column=11)),
        ('{"base": {"seeds": 99}}', sentence(lang, "sweep.refused.missing", setting="axes")),
        (
            json.dumps({"axes": [{"field": "seeds", "values": [1]}]}),
            sentence(lang, "sweep.refused.sweep_no_setting", name="seeds", known=", ".join(FIELDS)),
        ),
    ):
        app = open_app("sweep", lang, session={"own": file})
        assert told in [each.value.replace("\\", "") for each in app.error]


@pytest.mark.parametrize("field", FIELDS)
def test_every_setting_has_a_control_and_values_to_begin_with(field: str) -> None:
    from bnviz.ui.sweep.axes import _some

    start = _some(FITNESS[field])
    assert len(set(start)) == len(start) > 1
    other = "network.depth" if field != "network.depth" else "network.eps"
    SweepConfig.model_validate(
        {"axes": [{"field": field, "values": start}, {"field": other, "values": [1]}]}
    )
