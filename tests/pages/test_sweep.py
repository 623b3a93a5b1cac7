"""Sweep: axes of one's own by the controls, by a link and by a file, and what is none said so."""

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from bnviz.core.sweep.config import FIELDS, Axis, SweepConfig
from bnviz.core.sweep.presets import PRESETS
from bnviz.jobs import runner, sweep
from bnviz.store import open_store
from bnviz.texts.catalogue import LANGUAGES, sentence
from bnviz.ui.controls import FITNESS
from tests.pages.conftest import OpenApp, undone
from tests.pages.test_pages import messages, widget
from tests.pages.test_walk import in_link
from tests.waiting import ended

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
    app = open_app("sweep", "zh", **OWN)
    assert not app.exception and not app.error
    across, down = shown(app).axes
    assert (across.field, across.values) == ("optimizer.kind", ("sgd", "adam"))
    assert (down.field, down.values) == ("network.depth", (1, 2, 4, 7))
    drawn = next(each for each in messages(app) if each["name"] == "map-bn")["figure"]["data"][0]
    assert drawn["x"] == [sentence("zh", "option.sgd"), sentence("zh", "option.adam")]

    free = [field for field in FIELDS if field not in (OWN["across"], OWN["down"])]
    widget(app, "third").select_index(1 + free.index("network.eps")).run()
    values(app, "third_values").set_value(["0.001", "1e-9"]).run()
    assert shown(app).axes[2].values == (1e-9, 0.001)
    link = {name: "".join(value) for name, value in app.query_params.items() if name != "lang"}
    own = shown(app)
    assert shown(open_app("sweep", **link)) == own
    widget(app, "down").select_index(0).run()
    assert shown(app) != own
    assert shown(undone(app)) == own
    widget(app, "sweep_preset").select_index(list(PRESETS).index("eps_scale")).run()
    assert [axis.field for axis in shown(app).axes] == ["data.input_scale", "network.eps"]
    assert shown(undone(app)) == own


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


def test_a_sweep_that_is_opened_sets_the_controls_to_its_settings(open_app: OpenApp) -> None:
    """One from a file: values in no order, a momentum that is none, a width of its own."""
    base = PRESETS["eps_scale"].base
    own = SweepConfig(
        base=base.model_copy(
            update={"seeds": 3, "network": base.network.model_copy(update={"width": 24})}
        ),
        axes=(
            Axis(field="network.torch_momentum", values=(0.3, None, 0.01)),
            Axis(field="network.activation", values=("tanh", "relu")),
            Axis(field="network.bn_position", values=("after",)),
        ),
        metric="accuracy",
    )
    run_id = sweep.create(open_store(), own)
    open_store().finish(run_id, "stopped")
    app = open_app("sweep", run=run_id)
    assert not app.exception and not app.error and not app.info
    assert shown(app) == own and widget(app, "launch").label == sentence("en", "sweep.resume")
    link = {name: "".join(value) for name, value in app.query_params.items()}
    assert shown(open_app("sweep", **link)) == own

    widget(app, "sweep_seeds").set_value(8).run()
    widget(app, "third").select_index(0).run()
    (told,) = [each.value for each in app.info]
    assert " 8 (shown: 3)" in told and "Third axis none (shown: " in told
    assert widget(app, "launch").label == sentence("en", "sweep.launch")
    widget(app, "new").click().run()
    assert shown(app) == PRESETS["rate_batch"] and not app.info
    open_store().delete(run_id)


def test_a_visitor_chooses_among_the_places_that_the_operator_names(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "place" not in [each.key for each in open_app("sweep").selectbox]
    monkeypatch.setenv("BNVIZ_SCHEDULER", "nowhere tcp://192.0.2.1:8786")
    app = open_app("sweep", sweep_seeds="1", sweep_epochs="2")
    place = widget(app, "place")
    assert place.options == ["nowhere", "tcp://192.0.2.1:8786", sentence("en", "sweep.place_here")]
    widget(app, "launch").click().run()
    there = in_link(app)["run"]
    assert str(ended(there).error).startswith("No Dask scheduler answers at nowhere.")
    app.run()
    assert any("answers at nowhere" in each.value for each in app.error)

    widget(app, "new").click().run()
    widget(app, "place").select_index(2).run()
    widget(app, "launch").click().run()
    here = in_link(app)["run"]
    runner.stop(here)
    assert ended(here).status == "stopped"  # where it would have failed there
    for run_id in (there, here):
        open_store().delete(run_id)
