"""Fitness training without a browser: launch, watch, stop, reopen; every tab; a user's table."""

from dataclasses import fields, replace
from typing import Any, get_args

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.data.preparation import dataset_for
from bnviz.core.data.tables import Table
from bnviz.core.fields import Config
from bnviz.core.nets.norms.names import NORM_SETTINGS
from bnviz.core.training.evaluation import evaluate, predict
from bnviz.core.training.presets import PRESETS
from bnviz.core.training.snapshots import NetSnapshot, to_bytes
from bnviz.core.training.train import train
from bnviz.jobs import runner
from bnviz.store import open_store, records
from bnviz.texts.catalogue import LANGUAGES, catalogue, sentence
from bnviz.texts.numbers import percent, short
from bnviz.ui.fitness.code import training
from bnviz.ui.fitness.controls import in_fitness
from bnviz.ui.runs import current
from tests.pages.conftest import OpenApp, follow, opened
from tests.pages.test_pages import charts, field, messages, widget, widgets
from tests.waiting import ended, wait_for

EN = catalogue("en")
TABS = [key.rpartition(".")[2] for key in EN if key.startswith("fitness.tabs.")]
SMALL = TrainConfig(
    data=DataConfig(samples=100, clip_scores=False, standardize=True),
    network=NetworkConfig(depth=2, width=8),
    optimizer=OptimizerConfig(epochs=3, batch_size=50),
    probes=ProbeConfig(count=2, checkpoints=2),
    seeds=2,
)


def finished(config: TrainConfig) -> str:
    return ended(runner.submit(config)).id


@pytest.fixture(scope="module")
def done() -> str:
    """A finished run of SMALL."""
    return finished(SMALL)


def settings(config: TrainConfig) -> dict[str, Any]:
    """What the page's controls must be set to for `config`."""
    flat: dict[str, Any] = {}
    for name, value in config:
        for part, setting in value if isinstance(value, Config) else [("", value)]:
            flat[f"{name}.{part}".rstrip(".")] = setting
    for key in ("data.table", "data.columns", "data.target"):
        del flat[key]
    flat["first_seed"] = flat.pop("seed")
    return flat


# ---------------------------------------------------------------- before


def test_presets_fill_every_control(open_app: OpenApp) -> None:
    app = open_app("fitness")
    for index, preset in enumerate(PRESETS.values()):
        widget(app, "preset").select_index(index).run()
        assert not app.exception
        expected = settings(preset)
        shown = {w.key: w.value for w in widgets(app) if w.key in expected}
        assert shown == {key: expected[key] for key in shown}
        others = {f"network.{name}" for names in NORM_SETTINGS.values() for name in names}
        others -= {f"network.{name}" for name in NORM_SETTINGS[preset.network.norm]}
        unseen = set(expected) - set(shown)
        assert unseen <= {"optimizer.heavy_ball", *others}, "a field without a control"


def test_what_is_launched_is_what_is_set(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    launched: list[TrainConfig] = []
    monkeypatch.setattr(runner, "submit", lambda config, _: launched.append(config) or "norun")
    app = open_app("fitness")
    widget(app, "preset").select_index(list(PRESETS).index("high_rate")).run()
    widget(app, "launch").click().run()
    widget(app, "network.depth").set_value(3).run()
    widget(app, "cumulative").set_value(True).run()
    widget(app, "launch").click().run()
    chosen = PRESETS["high_rate"]
    network = chosen.network.model_copy(update={"depth": 3, "torch_momentum": None})
    assert launched == [chosen, chosen.model_copy(update={"network": network})]


def test_every_option_of_every_field_can_be_chosen(open_app: OpenApp) -> None:
    app = open_app("fitness")
    for path in (
        "network.norm",
        "network.activation",
        "network.bn_position",
        "optimizer.kind",
        "probes.bn_mode",
    ):
        assert len(widget(app, path).options) == len(get_args(field(path)))


@pytest.mark.parametrize("clip", [True, False])
def test_clipping_is_pointed_out(open_app: OpenApp, clip: bool) -> None:
    app = open_app("fitness", preset="document", session={"data.clip_scores": clip})
    y = dataset_for(DataConfig(clip_scores=clip)).y
    assert bool(app.info) == clip == bool((y == 100).mean() > 0.5)
    if clip:
        assert f"{100 * (y == 100).mean():.1f}\N{NO-BREAK SPACE}%" in app.info[0].value
    opening = "The 1,000\N{NO-BREAK SPACE}targets"
    caption = next(c.value for c in app.caption if c.value.startswith(opening))
    assert short(float(y.mean(dtype=float)), 4) in caption


def test_it_opens_with_something_to_learn_and_old_links_with_what_they_meant(
    open_app: OpenApp,
) -> None:
    """A link that names settings but no start is from when all started from the document."""
    opening, document = next(iter(PRESETS.values())), PRESETS["document"]
    for query, base in (({}, opening), ({"optimizer.epochs": "20"}, document)):
        app = open_app("fitness", **query)
        expected = settings(base) | {key: int(value) for key, value in query.items()}
        assert not app.toast
        for shown in widgets(app):
            if shown.key in expected:
                assert shown.value == expected[shown.key], shown.key


def test_a_link_to_settings_means_them_whatever_was_chosen_before(open_app: OpenApp) -> None:
    app = open_app("fitness", preset="deep", **{"network.norm": "ghost", "optimizer.kind": "adam"})
    follow(app, "fitness", **dict(in_fitness(SMALL)))
    expected = settings(SMALL)
    shown = {w.key: w.value for w in widgets(app) if w.key in expected}
    assert shown == {key: expected[key] for key in shown} and not app.toast


# ---------------------------------------------------------------- a finished run


def heading_of(app: AppTest) -> str:
    """Which run it is, and its settings."""
    captions = [each.value for each in app.caption]
    first = next(i for i, each in enumerate(captions) if each.startswith("**Run of"))
    return "\n".join(captions[first : first + 2])


def test_opening_a_run_loads_its_settings_and_what_departs_from_it_is_said(
    open_app: OpenApp, done: str
) -> None:
    app = open_app("fitness", run=done)
    expected = settings(SMALL)
    shown = {w.key: w.value for w in widgets(app) if w.key in expected}
    assert shown == {key: expected[key] for key in shown} and len(shown) > 15
    assert widget(app, "preset").value == "shown" and not app.info
    heading = heading_of(app)
    for part in (
        "2\N{NO-BREAK SPACE}nets with BN",
        "2 of 8",
        "80\N{NO-BREAK SPACE}rows",
        "\N{NO-BREAK SPACE}s.",
    ):
        assert part in heading, part

    widget(app, "network.depth").set_value(3).run()
    (said,) = app.info
    assert f"{EN['train.network.depth']} 3 (shown: 2)" in said.value
    assert said.value.count("(shown:") == 1
    assert heading_of(app) == heading, "of what is shown"
    widget(app, "preset").select_index(list(PRESETS).index("document")).run()
    (said,) = app.info
    assert "(shown: 2)" in said.value and "Press Launch" in said.value
    widget(app, "preset").select_index(len(PRESETS)).run()
    assert not app.info, "back to those of the run"


@pytest.mark.parametrize("tab", TABS)
def test_tabs(open_app: OpenApp, done: str, tab: str) -> None:
    app = open_app("fitness", lang="zh", section=tab, run=done)
    assert not app.exception and not app.error
    name = catalogue("zh")[f"fitness.tabs.{tab}"]
    assert opened(app, "zh") == [name], "the open tab and no other"
    assert {"loss", "smoothness"} <= charts(app)


@pytest.mark.parametrize("gone", ["plain", "both"])
@pytest.mark.parametrize("tab", TABS)
def test_divergence_is_said_and_breaks_nothing(open_app: OpenApp, tab: str, gone: str) -> None:
    run_id = diverged(gone)
    app = open_app("fitness", section=tab, run=run_id)
    assert not app.exception and not app.error
    assert len(app.warning) == (2 if gone == "both" else 1)


_diverged: dict[str, str] = {}


def diverged(gone: str) -> str:
    """A stored run in which seeds of one net (all of both, for "both") left the finite numbers."""
    if gone in _diverged:
        return _diverged[gone]
    store = open_store()
    run_id = store.create("train", SMALL.model_dump_json(), 3)
    assert store.start(run_id)
    seeds = [0, 1] if gone == "both" else [1]

    def lost(net: NetSnapshot) -> NetSnapshot:
        changed = {}
        for name in (each.name for each in fields(NetSnapshot)):
            values = getattr(net, name).copy()
            if values.size:
                place = (slice(None), seeds) if values.ndim > 1 else (seeds,)
                values[place] = 1.0 if name == "diverged" else np.nan
            changed[name] = values
        return replace(net, **changed)

    def lost_weights(values: np.ndarray) -> np.ndarray:
        values = values.copy()
        values[seeds] = np.nan
        return values

    for index, snapshot in enumerate(train(SMALL, dataset_for(SMALL.data), lambda: False)):
        if index > 2:
            sides = [side for side in ("bn", "plain") if gone in (side, "both")]
            snapshot = replace(snapshot, **{side: lost(getattr(snapshot, side)) for side in sides})
            state = {
                name: lost_weights(value) if name.split("/")[0] in sides else value
                for name, value in snapshot.state.items()
            }
            snapshot = replace(snapshot, state=state)
        blob = to_bytes(snapshot) if snapshot.state else None
        store.append(run_id, index, snapshot.epoch, to_bytes(replace(snapshot, state={})), blob)
    store.finish(run_id, "done")
    _diverged[gone] = run_id
    return run_id


def test_predictions_are_those_of_the_trained_nets(open_app: OpenApp, done: str) -> None:
    app = open_app("fitness", section="predictions", run=done)
    dataset = dataset_for(SMALL.data)
    *_, last = train(SMALL, dataset, lambda: False)
    evaluation = evaluate(SMALL, dataset, last.state)
    table = app.table[0].value
    error = table[EN["fitness.mae"].format(unit=EN["unit.points"])]
    for net, side in (("bn", evaluation.bn), ("plain", evaluation.plain)):
        name = sentence("en", f"net.{net}")
        assert table["R²"][name].startswith(short(float(np.median(side.r2))))
        median = float(np.median(side.mean_absolute_error))
        assert error[name].startswith(short(median))
    assert error[EN["fitness.baseline"]] == short(evaluation.baseline_mean_absolute_error)


def test_your_own_score_is_the_nets_answer(open_app: OpenApp, done: str) -> None:
    app = open_app("fitness", section="your_score", run=done)
    dataset = dataset_for(SMALL.data)
    *_, last = train(SMALL, dataset, lambda: False)
    before = [metric.value for metric in app.metric]
    widget(app, "you-weight").set_value(35.0).run()
    assert not app.exception
    row = [widget(app, f"you-{name}").value for name in dataset.names]
    assert row[1] == 35.0
    bn, plain = predict(SMALL, dataset, last.state, np.array([row]))
    shown = [metric.value for metric in app.metric]
    rule = 35 * row[0] + 15 * np.log(row[1]) + 0.008 * row[2]
    answers = [*(float(np.median(side)) for side in (bn, plain)), rule]
    assert shown == [short(answer) for answer in answers]
    assert shown != before
    captions = [each.value for each in app.caption]
    for answer in answers:
        below = percent(float((dataset.y < answer).mean()))
        assert any(f"Above {below} of 100" in text for text in captions), answer
    (sent,) = (each for each in messages(app) if each["name"] == "among")
    lines = [trace["x"][0] for trace in sent["figure"]["data"][1:]]
    near = [x for x in answers if abs(x - dataset.y.mean()) < np.ptp(dataset.y)]
    assert rule in near and lines == pytest.approx(near)


def test_the_code_shown_repeats_the_run(open_app: OpenApp, done: str) -> None:
    app = open_app("fitness", section="config", run=done)
    snippet, config, _ = (code.value for code in app.code)
    assert TrainConfig.model_validate_json(config) == SMALL
    assert snippet.strip() == training(SMALL).strip(), "tests/ui/test_code.py runs such code"


def test_measures_are_not_listed_among_the_trainings(open_app: OpenApp, done: str) -> None:
    store = open_store()
    measures = [store.create("measure:gap", "{}", 1) for _ in range(12)]
    for run_id in measures:
        store.finish(run_id, "done")
    app = open_app("fitness", session={"runs": True})
    assert not app.exception
    linked = [link.proto.query_string for link in app.get("page_link")]
    (newest,) = store.runs(limit=1, kind="train")
    assert any(newest.id in query for query in linked), "nor do they push one out"
    assert not any(run_id in query for query in linked for run_id in measures)
    app = open_app("fitness", run=measures[0])
    assert not app.exception and len(app.warning) == 1, "no training has this id"
    for run_id in measures:
        store.delete(run_id)


def test_an_earlier_run_is_listed_and_can_be_left(open_app: OpenApp, done: str) -> None:
    app = open_app("fitness", session={"runs": True}, run=done)
    assert any(done in link.proto.query_string for link in app.get("page_link"))
    widget(app, "new").click().run()
    assert not app.exception
    assert charts(app) == {"targets"}, "the preview of a new training"


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("run_id", ["nosuchrun", "<b>![x](http://example.org/a.png)", "a" * 500])
def test_an_unknown_run_gets_a_kind_sentence(open_app: OpenApp, lang: str, run_id: str) -> None:
    app = open_app("fitness", lang=lang, run=run_id)
    assert not app.exception and not app.error
    (warning,) = app.warning
    assert warning.value.startswith(catalogue(lang)["run.unknown_train"].partition("{")[0])
    assert len(warning.value) < 400 and "](http" not in warning.value
    assert "targets" in charts(app), "one can go on"


def test_a_failed_run_says_why(open_app: OpenApp) -> None:
    store = open_store()
    run_id = store.create("train", SMALL.model_dump_json(), 3)
    store.start(run_id)
    store.finish(run_id, "failed", "ValueError: <b>boom</b>", "the traceback")
    app = open_app("fitness", run=run_id)
    assert not app.exception
    (error,) = app.error
    assert "boom" in error.value and "<b>" not in error.value
    assert "traceback" not in error.value


# ---------------------------------------------------------------- a run at work


def test_launch_watch_stop(open_app: OpenApp) -> None:
    app = open_app("fitness", session={"seeds": 1, "data.samples": 100, "optimizer.epochs": 2000})
    widget(app, "probes.checkpoints").set_value(2).run()
    widget(app, "launch").click().run()
    assert not app.exception
    run_id = app.session_state["train"]
    wait_for(lambda: runner.snapshots(run_id))
    app.run()
    assert "loss" in charts(app) and not app.exception
    widget(app, "stop").click().run()
    ended(run_id)
    app.run()
    assert not app.exception
    run = open_store().run(run_id)
    assert run is not None and run.status == "stopped"
    stopped = sentence("en", "run.stopped", done=run.done, total=run.total)
    assert any(stopped in caption.value for caption in app.caption)
    assert "loss" in charts(app), "what was done stays"


# ---------------------------------------------------------------- a user's table

TABLE = Table(
    "e" * 64,
    ("<b>size</b>", "`age` $x$", "price: [a](b)", "always 7"),
    np.column_stack([np.random.default_rng(0).normal(size=(40, 3)), np.full(40, 7.0)]),
)


@pytest.fixture(scope="module")
def on_a_table() -> str:
    """A finished run on TABLE: the third column from the others."""
    open_store().save_table(TABLE)
    columns = TABLE.names[:2] + TABLE.names[3:]
    data = DataConfig(source="table", table=TABLE.digest, columns=columns, target=TABLE.names[2])
    return finished(SMALL.model_copy(update={"data": data}))


@pytest.mark.parametrize("tab", TABS)
def test_a_users_table(open_app: OpenApp, on_a_table: str, tab: str) -> None:
    app = open_app("fitness", section=tab, run=on_a_table)
    assert not app.exception and not app.error
    labels = [w.label for w in widgets(app) if str(w.key).startswith("you-")]
    assert len(labels) == (2 if tab == "your_score" else 0), "a constant column has no slider"
    assert all("<b>" not in label and "$x$" not in label for label in labels)


def test_a_table_too_small_is_refused_kindly(open_app: OpenApp) -> None:
    small = Table("d" * 64, ("only",), np.ones((5, 1)))
    open_store().save_table(small)
    app = open_app("fitness", session={"data.source": "table"}, table=small.digest)
    assert not app.exception
    assert [error.value for error in app.error] == [
        sentence("en", "upload.small", rows=5, columns=1)
    ]


def test_a_run_too_many_is_refused_and_the_page_stays(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BNVIZ_JOBS_WAITING", "0")
    app = open_app("fitness")
    widget(app, "launch").click().run()
    assert [each.value for each in app.error] == [
        sentence("en", "problem.jobs_waiting", waiting="0")
    ]
    assert not app.exception and not app.button(key="launch").disabled


def test_too_much_work_is_refused_before_it_starts(open_app: OpenApp) -> None:
    app = open_app("fitness")
    assert not app.button(key="launch").disabled
    assert any("s on one core" in each.value for each in app.caption)
    query = {"network.depth": "8", "network.width": "512", "data.samples": "100000"}
    app = open_app("fitness", **query, **{"optimizer.batch_size": "65536"})
    assert app.button(key="launch").disabled
    (problem,) = app.error
    assert problem.value.endswith("Choose smaller batches.") and "GB" in problem.value


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_arena_shows_every_norm_and_speaks_of_the_first(open_app: OpenApp, lang: str) -> None:
    network = SMALL.network.model_copy(update={"norm": "layer", "groups": 2})
    run_id = finished(SMALL.model_copy(update={"network": network, "arena": True}))
    app = open_app("fitness", lang=lang, run=run_id)
    assert not app.exception and not app.error
    said = " ".join(element.value for element in app.markdown)
    assert "DyT" in said and sentence(lang, "norm.layer") in said
    pairs = [str(name) for name in app.table[0].value.index]
    assert len(pairs) == 9 and sentence(lang, "norm.layer") in " ".join(pairs)
    assert catalogue(lang)["fitness.tabs.running"] not in {tab.label for tab in app.tabs}


def test_a_run_that_is_silent_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its worker may only have slept; one that has ended is looked at no more."""
    store = open_store()
    run_id = store.create("train", SMALL.model_dump_json(), 3)
    store.start(run_id)
    monkeypatch.setattr(records, "STALE_SECONDS", -1.0)
    run = store.run(run_id)
    assert run is not None and run.silent and current._pace(run) == current.SILENT
    store.finish(run_id, "interrupted")
    run = store.run(run_id)
    assert run is not None and run.status == "interrupted" and current._pace(run) is None
    store.delete(run_id)
