"""Train versus eval without a browser: every section, every source, and verdicts that can turn."""

import re
from typing import get_args

import pytest
from streamlit.testing.v1 import AppTest

from bnviz.core.batchnorm.momentum import complement
from bnviz.core.configs import Source
from bnviz.core.training.precise_bn import small_config
from bnviz.jobs import runner
from bnviz.jobs.kinds import TRAININGS
from bnviz.store import open_store
from bnviz.texts.catalogue import sentence
from bnviz.ui.train_vs_eval.nets import _has_state
from bnviz.ui.train_vs_eval.tabs import OVER_BATCHES
from tests.pages.conftest import OpenApp
from tests.pages.test_pages import charts, set_to, widget
from tests.waiting import ended

SECTIONS = {
    "gap": {"running-mean", "running-variance"},
    "parts": {"gap"},
    "clock": {"decay", "weights"},
    "company": {"fan", "outputs"},
    "recalibrate": {"losses", "drifts"},
    "frozen": set(),
    "split": {"statistics", "differences"},
}


def said(app: AppTest) -> str:
    return " ".join(element.value for element in app.markdown)


@pytest.mark.parametrize("section", SECTIONS)
def test_sections(section: str, open_app: OpenApp) -> None:
    app = open_app("train_vs_eval", lang="zh", section=section)
    assert not app.exception and not app.error and not app.toast
    assert charts(app) >= SECTIONS[section]
    others = set().union(*SECTIONS.values()) - SECTIONS[section]
    assert not charts(app) & others, "only the open section is computed"


def test_it_opens_inside_the_gap_and_links_are_as_they_were(open_app: OpenApp) -> None:
    app = open_app("train_vs_eval")
    assert "eval mode disagrees with train mode" in said(app)
    assert app.slider(key="shift").value == 2.0 and app.query_params["section"] == "gap"
    assert app.slider(key="shift").set_value(0.0).run().slider(key="shift").value == 0.0
    for query in ({"b": "24"}, {"section": "clock"}):
        app = open_app("train_vs_eval", **query)
        assert app.slider(key="shift").value == 0.0 and not app.toast


@pytest.mark.parametrize("section", ["gap", "parts", "company", "split"])
@pytest.mark.parametrize("source", [s for s in get_args(Source) if s != "table"])
def test_every_source(source: str, section: str, open_app: OpenApp) -> None:
    app = open_app("train_vs_eval", source=source, section=section, feature="all")
    assert not app.exception and not app.error
    assert SECTIONS[section] <= charts(app)


def test_an_unknown_section_is_named(open_app: OpenApp) -> None:
    app = open_app("train_vs_eval", section="nowhere")
    assert "nowhere" in app.toast[0].value
    assert "running-mean" in charts(app)


def test_the_two_momenta_are_linked(open_app: OpenApp) -> None:
    app = open_app("train_vs_eval", section="clock")
    set_to(app, "momentum", 0.01)
    assert widget(app, "keras_momentum").value == complement(0.01)
    set_to(app, "keras_momentum", 0.5)
    assert widget(app, "momentum").value == 0.5
    metrics = {metric.label: metric.value for metric in app.metric}
    assert metrics["PyTorch momentum"] == "0.5" and metrics["Half-life (batches)"] == "1"
    widget(app, "stream_cumulative").set_value(True).run()
    assert app.metric[0].value == "None"
    assert not app.exception


def verdict(app: AppTest) -> str:
    return str(app.markdown[0].value)


def test_the_verdict_can_turn(open_app: OpenApp) -> None:
    app = open_app("train_vs_eval", b="64", steps="200", momentum="0.05")
    assert "agrees" in verdict(app)
    set_to(app, "momentum", 0.001)
    assert "disagrees" in verdict(app) and "start" in verdict(app)
    set_to(app, "momentum", 0.02)
    set_to(app, "shift_at", 190)
    set_to(app, "shift", 3.0)
    assert "disagrees" in verdict(app) and "moved at batch 190" in verdict(app)
    set_to(app, "shift", 0.0)
    set_to(app, "momentum", 1.0)
    set_to(app, "b", 2)
    assert "The main cause is chance" in verdict(app) and "2\N{NO-BREAK SPACE}rows" in verdict(app)
    widget(app, "source").select("heavy_tails").run()
    assert "no finite variance" in verdict(app)


def test_the_sum_on_screen_adds_up(open_app: OpenApp) -> None:
    app = open_app(
        "train_vs_eval", section="parts", b="4", shift_at="50", spread="2", gap_step="55"
    )
    (line,) = [m.value for m in app.markdown if "after batch 55" in m.value]
    total, warm_up, bessel, drift, noise = map(
        float, re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", line.split("gap of")[1])[:5]
    )
    assert warm_up + bessel + drift + noise == pytest.approx(total, abs=0.02 * abs(drift))


def test_one_row_is_explained_and_the_rest_stands(open_app: OpenApp) -> None:
    for section in SECTIONS:
        app = open_app("train_vs_eval", b="1", section=section)
        assert not app.exception and not app.error
        refused = "Expected more than 1 value per channel" in said(app)
        assert refused == (section in OVER_BATCHES)
        assert "running-mean" not in charts(app)


def test_company_of_one_two_and_many(open_app: OpenApp) -> None:
    app = open_app("train_vs_eval", section="company", company_b="2")
    assert "batch of two" in said(app)
    set_to(app, "company_b", 1)
    assert "Expected more than 1 value per channel" in said(app)
    assert charts(app) >= {"fan"} and "outputs" not in charts(app)
    set_to(app, "company_b", 256)
    widget(app, "source").select("wine").run()
    assert "at most 128" in " ".join(c.value for c in app.caption)


def test_frozen_switches_change_what_is_said(open_app: OpenApp) -> None:
    app = open_app("train_vs_eval", section="frozen")
    assert "running\\_mean" in said(app).split("leaves")[0]
    set_to(app, "training", False)
    assert "running statistics" in said(app)
    assert any("is frozen" in c.value for c in app.caption)
    set_to(app, "requires_grad", True)
    assert any("they learned" in c.value for c in app.caption)
    assert "def one_step" in app.code[0].value
    assert len(app.dataframe[0].value) == 36


def test_split_is_limited_by_the_rows(open_app: OpenApp) -> None:
    app = open_app("train_vs_eval", section="split", b="6", parts="16")
    assert "Split 3 ways" in said(app)
    set_to(app, "b", 3)
    assert "cannot be split" in " ".join(c.value for c in app.caption)
    set_to(app, "b", 32)
    set_to(app, "parts", 1)
    assert "One micro-batch" in said(app)


@pytest.fixture(scope="module")
def stored_run(home: object) -> str:
    config = small_config(16, 0.2)
    config = config.model_copy(
        update={"seeds": 2, "optimizer": config.optimizer.model_copy(update={"epochs": 1})}
    )
    return ended(runner.submit(config)).id


def test_a_stored_run_is_recalibrated(stored_run: str, open_app: OpenApp) -> None:
    app = open_app("train_vs_eval", section="recalibrate")
    assert widget(app, "net").value == stored_run, "the newest run comes first"
    assert SECTIONS["recalibrate"] <= charts(app)
    assert "2\N{NO-BREAK SPACE}seeds" in said(app)
    widget(app, "net").select("here").run()
    assert "8\N{NO-BREAK SPACE}seeds" in said(app)


def test_a_run_without_a_checkpoint_is_left_out_and_the_reason_told(
    stored_run: str, open_app: OpenApp
) -> None:
    store = open_store()
    newest = store.create(TRAININGS.name, store.runs(limit=1)[0].config, 1)
    store.start(newest)
    store.append(newest, 0, 0, b"a snapshot without its nets")
    store.finish(newest, "stopped")
    without = {run.id for run in store.runs(limit=12, kind=TRAININGS.name) if not _has_state(run)}
    app = open_app("train_vs_eval", section="recalibrate")
    store.delete(newest)
    assert newest in without and widget(app, "net").value == stored_run
    count = len(without)  # other tests' trainings may be among the newest
    told = sentence("en", "train_vs_eval.recalibrate.left_out", count=count)
    assert told in [each.value for each in app.caption]
    assert any("done" in each.value for each in app.caption), "which run it is, and how it stands"


def test_large_streams_say_how_many_batches(open_app: OpenApp) -> None:
    app = open_app("train_vs_eval", b="65536", d="8")
    assert any("11 of the 100" in c.value for c in app.caption)
