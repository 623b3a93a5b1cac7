"""Smoothness without a browser: every section, of the document's nets and of a stored run."""

from typing import Any

import numpy as np
import pytest

from bnviz.core.configs import DataConfig
from bnviz.core.smoothness.along import AlongConfig
from bnviz.core.smoothness.document import DocumentConfig
from bnviz.core.smoothness.extremes import ExtremesConfig
from bnviz.core.smoothness.gap import GapConfig
from bnviz.core.smoothness.landscape import LandscapeConfig
from bnviz.core.smoothness.measure import SubjectConfig
from bnviz.core.smoothness.scales import ScalesConfig
from bnviz.core.smoothness.stability import StabilityConfig
from bnviz.jobs import runner
from bnviz.store import open_store
from bnviz.texts.catalogue import LANGUAGES, catalogue, sentence
from bnviz.texts.numbers import short
from bnviz.ui.smoothness.controls import in_smoothness
from tests.pages.conftest import OpenApp, follow, opened
from tests.pages.test_fitness import SMALL, TABLE, diverged, finished
from tests.pages.test_pages import charts, widget, widgets
from tests.waiting import ended

EN = catalogue("en")

#: The figures of every section.
FIGURES = {
    "document": {"replay", "drift"},
    "scales": {"scales", "kinks"},
    "extremes": {"ruler", "normalized", "traces"},
    "density": {"density"},
    "gap": {"split", "cells"},
    "along": {"loss", "change", "beta"},
    "landscape": {"contour-bn", "contour-plain", "lines"},
    "stability": {"thresholds", "sharpness-bn", "sharpness-plain"},
}
JOBS = (GapConfig(), AlongConfig(), StabilityConfig())


@pytest.fixture(scope="module")
def done() -> str:
    """A finished run of SMALL whose slow measures are done too."""
    run_id = finished(SMALL)
    subject = SubjectConfig(run=run_id, epoch=SMALL.optimizer.epochs)
    for config in JOBS:
        ended(runner.submit_measure(config.of(subject)))
    return run_id


def markdown(app: Any) -> str:
    return "\n".join(element.value for element in app.markdown)


@pytest.mark.parametrize("tab", FIGURES)
def test_every_section_of_a_run(open_app: OpenApp, done: str, tab: str) -> None:
    lang = "zh"
    app = open_app("smoothness", lang=lang, run=done, section=tab)
    assert not app.exception and not app.error and not app.toast
    text = catalogue(lang)
    assert opened(app, lang) == [text[f"smoothness.tabs.{tab}"]], "the open tab and no other"
    assert charts(app) == FIGURES[tab]
    assert "measure_now" not in {each.key for each in widgets(app)}, "nothing to wait for"
    said = [element.value for element in app.markdown]
    assert sentence(lang, f"smoothness.lead.{tab}") in said
    assert all("{" not in value for value in said)


@pytest.mark.parametrize("mode", ["eval", "train"])
def test_the_numbers_are_those_of_the_checkpoint(open_app: OpenApp, done: str, mode: str) -> None:
    epoch = runner.checkpoints(done)[0]
    query = {"run": done, "epoch": str(epoch), "bn_mode": mode, "section": "extremes"}
    app = open_app("smoothness", **query, session={"extremes.probes": 4, "measure_seed": 5})
    assert not app.exception and not app.toast
    subject = SubjectConfig(run=done, epoch=epoch)
    config = ExtremesConfig(subject=subject, bn_mode=mode, probes=4, seed=5)
    *_, last = config.measure(runner.resolve(subject), lambda: False)
    for net in (last.result.bn, last.result.plain):
        assert short(float(np.median(net.maximum))) in markdown(app)


@pytest.mark.parametrize(
    ("tab", "asked"),
    [
        ("document", set()),
        ("scales", {"bn_mode", "net_seed", "measure_seed"}),
        ("extremes", {"bn_mode", "measure_seed"}),
        ("gap", {"measure_seed"}),
        ("stability", set()),
    ],
)
def test_only_what_matters_is_asked(
    open_app: OpenApp, done: str, tab: str, asked: set[str]
) -> None:
    app = open_app("smoothness", run=done, section=tab)
    shared = {"bn_mode", "net_seed", "measure_seed"}
    assert {each.key for each in widgets(app)} & shared == asked


def test_which_seed_is_looked_at(open_app: OpenApp, done: str) -> None:
    app = open_app(
        "smoothness", run=done, section="scales", net_seed="1", session={"scales.probes": 4}
    )
    assert not app.exception and not app.toast
    subject = SubjectConfig(run=done, epoch=SMALL.optimizer.epochs)
    config = ScalesConfig(subject=subject, net=1, probes=4)
    *_, last = config.measure(runner.resolve(subject), lambda: False)
    assert short(last.result.bn_limit) in markdown(app)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    "asked", [{"run": "nosuchrun"}, {"run": "<b>[x](http://a.b)"}, {"epoch": "77", "run": "done"}]
)
def test_an_impossible_link_is_named(
    open_app: OpenApp, done: str, asked: dict[str, str], lang: str
) -> None:
    query = {key: done if value == "done" else value for key, value in asked.items()}
    app = open_app("smoothness", lang=lang, **query)
    assert not app.exception and not app.error
    (toast,) = app.toast
    assert f"`{next(iter(asked.values()))}`" in toast.value, "as code: never a link"
    assert charts(app) == FIGURES["document"], "one can go on"


def test_a_measure_is_no_run_to_measure(open_app: OpenApp, done: str) -> None:
    run = runner.find_measure(GapConfig().of(SubjectConfig(run=done)))
    assert run is not None
    app = open_app("smoothness", run=run.id)
    assert not app.exception and len(app.toast) == 1
    assert charts(app) == FIGURES["document"]


def test_a_run_without_checkpoint_says_so(open_app: OpenApp) -> None:
    store = open_store()
    run_id = store.create("train", SMALL.model_dump_json(), 3)
    store.start(run_id)
    store.append(run_id, 0, 0, b"", None)
    app = open_app("smoothness", run=run_id)
    store.delete(run_id)
    assert not app.exception and not app.error
    assert [info.value for info in app.info] == [EN["smoothness.controls.no_checkpoint"]]
    assert not app.sidebar.info, "a wall shows no sidebar"


@pytest.mark.parametrize("gone", ["plain", "both"])
@pytest.mark.parametrize("tab", ["scales", "extremes", "density", "landscape"])
def test_diverged_nets_break_nothing(open_app: OpenApp, tab: str, gone: str) -> None:
    app = open_app("smoothness", run=diverged(gone), net_seed="1", section=tab)
    assert not app.exception and not app.error
    assert charts(app) == (set() if gone == "both" else FIGURES[tab]), "no empty picture"
    caption = EN[f"smoothness.{tab}.caption"].rpartition("}")[2]
    assert any(c.value.endswith(caption) for c in app.caption) == (gone != "both"), (
        "nor its caption"
    )
    assert all("nan" not in element.value for element in app.markdown)


def test_nets_trained_on_a_users_table(open_app: OpenApp) -> None:
    """Of any size; a constant column, and names that look like markup."""
    open_store().save_table(TABLE)
    columns = TABLE.names[:2] + TABLE.names[3:]
    data = DataConfig(source="table", table=TABLE.digest, columns=columns, target=TABLE.names[2])
    run_id = finished(SMALL.model_copy(update={"data": data, "seeds": 1}))
    app = open_app("smoothness", run=run_id, section="extremes")
    assert not app.exception and not app.error and not app.toast
    assert charts(app) == FIGURES["extremes"]
    subject = runner.resolve(SubjectConfig(run=run_id))
    *_, last = ExtremesConfig().measure(subject, lambda: False)
    assert short(float(last.result.plain.maximum[0])) in markdown(app)
    assert "net_seed" not in {each.key for each in widgets(app)}, "one seed is no choice"


def test_a_table_that_is_gone_is_named(open_app: OpenApp) -> None:
    data = DataConfig(source="table", table="c" * 64, columns=("one",), target="two")
    store = open_store()
    run_id = store.create("train", SMALL.model_copy(update={"data": data}).model_dump_json(), 3)
    store.start(run_id)
    store.append(run_id, 0, 0, b"", b"")
    app = open_app("smoothness", run=run_id)
    store.delete(run_id)
    assert not app.exception
    assert [error.value for error in app.error] == [
        EN["problem.table_gone"].format(digest="c" * 12)
    ]


def test_absolute_steps_ask_for_their_reach(open_app: OpenApp, done: str) -> None:
    app = open_app("smoothness", run=done, section="along")
    assert "along.reach" not in {each.key for each in widgets(app)}
    app = open_app("smoothness", run=done, **{"section": "along", "along.grid": "absolute"})
    assert not app.exception
    assert "along.reach" in {each.key for each in widgets(app)}


# ---------------------------------------------------------------- what takes long

SLOW = LandscapeConfig(lines=100)


def test_launch_follow_stop_and_again(open_app: OpenApp, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_app("smoothness", section="landscape", session={"landscape.lines": 100})
    assert not app.exception and not charts(app)
    opening = EN["measuring.heavy"].partition("{")[0]
    assert any(caption.value.startswith(opening) for caption in app.caption), "what it costs"
    widget(app, "measure_now").click().run()
    assert not app.exception
    run = runner.find_measure(SLOW)
    assert run is not None, "what was launched is what is set"
    runner.stop(run.id)
    ended(run.id)
    app.run()
    assert not app.exception
    run = runner.find_measure(SLOW)
    assert run is not None
    if run.status == "stopped":  # else it was faster
        assert "measure_now" in {each.key for each in widgets(app)}, "it can be taken again"
        widget(app, "measure_now").click().run()
        again = runner.find_measure(SLOW)
        assert again is not None and again.id != run.id
        ended(again.id)
        app.run()
    assert not app.exception and not app.error
    assert charts(app) == FIGURES["landscape"]
    assert "measure_now" not in {each.key for each in widgets(app)}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_failed_measure_says_why(open_app: OpenApp, lang: str) -> None:
    store, config = open_store(), LandscapeConfig(seed=77)
    run_id = store.create("measure:landscape", config.model_dump_json(), 3)
    store.start(run_id)
    store.finish(run_id, "failed", "ValueError: <b>boom</b>", "the traceback")
    app = open_app("smoothness", lang=lang, section="landscape", session={"measure_seed": 77})
    assert not app.exception
    (error,) = app.error
    assert "boom" in error.value and "<b>" not in error.value and "traceback" not in error.value
    assert "measure_now" in {each.key for each in widgets(app)}


def test_a_measure_that_was_stopped_at_once_shows_no_results(open_app: OpenApp) -> None:
    store, config = open_store(), LandscapeConfig(seed=78)
    run_id = store.create("measure:landscape", config.model_dump_json(), 3)
    store.start(run_id)
    store.finish(run_id, "stopped")
    app = open_app("smoothness", section="landscape", session={"measure_seed": 78})
    assert not app.exception and not charts(app)
    assert EN["measuring.stopped_early"] in [caption.value for caption in app.caption]


def test_fitness_leads_here_with_its_run(open_app: OpenApp, done: str) -> None:
    app = open_app("fitness", run=done)
    links = {link.proto.label: link.proto.query_string for link in app.get("page_link")}
    assert links[EN["fitness.smooth_link"]] == f"run={done}"


def test_a_link_to_a_measure_of_the_documents_nets_leaves_a_run(
    open_app: OpenApp, done: str
) -> None:
    app = open_app("smoothness", run=done, section="document")
    follow(app, "smoothness", **dict(in_smoothness(DocumentConfig())))
    assert widget(app, "smooth_run").value == "document" and not app.toast


def test_an_older_run_can_still_be_linked(open_app: OpenApp, done: str) -> None:
    store = open_store()
    newer = [store.create("train", SMALL.model_dump_json(), 3) for _ in range(24)]
    app = open_app("smoothness", run=done, section="extremes")
    for run_id in newer:
        store.delete(run_id)
    assert not app.exception and not app.toast
    assert charts(app) == FIGURES["extremes"]
