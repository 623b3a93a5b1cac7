"""Runs: the table, what is done with selected runs, and runs side by side."""

import pytest
from streamlit.testing.v1 import AppTest

from bnviz.core.configs import DataConfig
from bnviz.store import open_store
from bnviz.store.history import Search
from bnviz.texts.catalogue import LANGUAGES, sentence
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
