"""Runs: the table, what is done with selected runs, and runs side by side."""

from typing import Literal

import pytest
from streamlit.testing.v1 import AppTest

from bnviz.core.configs import DataConfig, TrainConfig
from bnviz.core.smoothness.density import DensityConfig
from bnviz.core.smoothness.measure import SubjectConfig
from bnviz.core.sweep.presets import PRESETS as SWEEPS
from bnviz.core.training.presets import PRESETS
from bnviz.export.bundle import bundle
from bnviz.jobs import measures, sweep
from bnviz.store import open_store
from bnviz.store.history import Search
from bnviz.texts.catalogue import LANGUAGES, sentence
from bnviz.ui.smoothness import subject
from tests.pages.conftest import QUICK, OpenApp
from tests.pages.test_pages import charts, widget


def select(app: AppTest, *names: str) -> AppTest:
    """Selects rows by name, as a click in the table does."""
    (table,) = app.dataframe
    rows = [list(table.value["run"]).index(name) for name in names]
    app.session_state[table.key] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    return app.run()


def test_selected_runs_are_pinned_deleted_and_brought_back(
    open_app: OpenApp, runs: list[str]
) -> None:
    app = open_app("runs")
    table = app.dataframe[0].value.set_index("run")
    assert {*table.index} >= {*runs}, "the broken ones are rows too"
    assert table.loc[runs[0], "status"] == sentence("en", "run.is_done")
    assert table.loc[runs[3], "status"] == sentence("en", "run.is_damaged"), "before it is opened"
    select(app, runs[0])
    widget(app, "pin").click().run()
    assert [run.id for run in open_store().search(Search(state="pinned")).runs] == [runs[0]]
    select(app, runs[1], runs[2])
    widget(app, "delete").click().run()
    assert not {*app.dataframe[0].value["run"]} & {*runs[1:3]}
    widget(app, "undo").click().run()
    assert {*app.dataframe[0].value["run"]} >= {*runs} and not app.exception
    select(app, runs[0])
    widget(app, "unpin").click().run()
    assert open_store().search(Search(state="pinned")).runs == []


def test_what_is_said_of_a_run_is_asked_of_one_alone(open_app: OpenApp, runs: list[str]) -> None:
    app = open_app("runs")
    for chosen in ([], runs[:2]):
        assert not select(app, *chosen).text_area
        assert widget(app, "open").disabled == (not chosen)
    (note,) = select(app, runs[0]).text_area
    assert not widget(app, "open").disabled
    note.set_value("for Monday")
    widget(app, f"save-{runs[0]}").click().run()
    assert [run.id for run in open_store().search(Search(text="Monday")).runs] == [runs[0]]
    open_store().describe(runs[0], "", [], "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_run_is_looked_for_by_the_name_of_its_preset(open_app: OpenApp, language: str) -> None:
    preset = next(name for name in PRESETS if name != "document")
    run_id = open_store().create("train", PRESETS[preset].model_dump_json(), 1)
    words = sentence(language, f"preset.{preset}").upper()
    assert [*open_app("runs", find=words).dataframe[0].value["run"]] == [run_id]
    none = open_app("runs", language, find=words * 2)
    assert not none.dataframe and none.info[0].value == sentence(language, "runs.none_found")
    assert (
        sentence(language, "runs.summary_found", count=0, size="0\N{NO-BREAK SPACE}B")
        in none.caption[-1].value
    )
    open_store().delete(run_id)


def test_one_run_to_compare_shows_its_settings(open_app: OpenApp, runs: list[str]) -> None:
    app = open_app("runs", runs=runs[0])
    assert TrainConfig.model_validate_json(app.code[0].value) == QUICK
    assert not open_app("runs", runs=",".join(runs[:2])).code


def test_a_training_that_cannot_be_handed_on_says_why(open_app: OpenApp, runs: list[str]) -> None:
    """A file is made after the page, by a click: the page that it runs says what went wrong."""
    store, digest = open_store(), "a" * 64
    data = DataConfig(source="table", table=digest, columns=("a",), target="b")
    run_id = store.create("train", QUICK.model_copy(update={"data": data}).model_dump_json(), 1)
    store.append(run_id, 0, 1, store.blobs(runs[0])[0][1])
    store.finish(run_id, "done")
    session = {f"export-{each}": True for each in (runs[0], run_id)}
    app = open_app("runs", runs=runs[0], session=session)
    assert app.get("download_button") and not app.error
    app = open_app("runs", lang="zh", runs=run_id, session=session)
    said = sentence("zh", "problem.table_gone", digest=digest[:12])
    assert [each.value for each in app.error] == [said] and not app.get("download_button")
    store.delete(run_id)


def test_of_runs_that_are_called_alike_the_chosen_one_is_shown(
    open_app: OpenApp, runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of one minute with settings of their own: Streamlit is sent a label."""
    monkeypatch.setattr(subject, "named", lambda run: "alike")
    app = open_app("smoothness", run=runs[1]).run()
    assert widget(app, "smooth_run").value == runs[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_runs_side_by_side(open_app: OpenApp, runs: list[str], language: str) -> None:
    app = open_app("runs", lang=language, runs=",".join([*runs, "nosuch"]))
    assert not app.exception and charts(app) == {"runs"}
    told = "\n".join(each.value for each in app.markdown)
    assert sentence(language, "train.optimizer.learning_rate") in told and "0.05" in told
    assert sentence(language, "problem.foreign_config", run=runs[2]) in told
    assert sentence(language, "problem.damaged", run=runs[3]) in told
    assert [each.value for each in app.warning] == [
        sentence(language, "runs.unknown", run="nosuch")
    ]


@pytest.mark.parametrize("status", ["queued", "running", "stopped"])
def test_a_sweep_and_a_measurement_say_how_they_stand(
    open_app: OpenApp, runs: list[str], status: Literal["queued", "running", "stopped"]
) -> None:
    store = open_store()
    measure = measures.create(store, DensityConfig(subject=SubjectConfig(run=runs[0], epoch=1)))
    for run_id in (measure, sweep.create(store, SWEEPS["depth_rate"])):
        if status != "queued":
            store.start(run_id)
        if status == "stopped":
            store.finish(run_id, status)
        app = open_app("runs", runs=run_id)
        assert not app.exception and not app.error
        told = sentence("en", f"run.is_{status}")
        assert any(told in each.value.lower() for each in app.markdown)
        store.delete(run_id)


def test_a_run_that_is_imported_is_in_the_table_at_once(open_app: OpenApp, runs: list[str]) -> None:
    run = open_store().run(runs[0])
    assert run is not None
    file = bundle(run)
    open_store().delete(run.id)
    app = open_app("runs")
    assert run.id not in list(app.dataframe[0].value["run"])
    app.file_uploader[0].upload("training.bnviz", file).run()
    widget(app, "take-in").click().run()
    assert run.id in app.success[0].value and not app.error
    assert run.id in list(app.dataframe[0].value["run"])
