"""Fitness training in a browser: launched, watched, left, found again, stopped, kept."""

import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from openpyxl import Workbook
from playwright.sync_api import Page, expect

from bnviz.core.configs import TrainConfig
from bnviz.core.training.presets import PRESETS
from bnviz.texts.catalogue import catalogue, sentence
from bnviz.ui.control import in_address
from tests.browser.conftest import OpenPage
from tests.browser.screen import (
    CUT_SHORT,
    WALL,
    address,
    chart_figure,
    choose,
    exceptions,
    notices,
    open_tab,
    settle,
    violations,
    wait_for_chart,
)
from tests.browser.test_one_batch import upload

Launch = Callable[[Page], str]
EN, ZH = catalogue("en"), catalogue("zh")

SMALL: dict[str, Any] = {
    "seeds": 2,
    "data.samples": 200,
    "data.clip_scores": "false",
    "data.standardize": "true",
    "network.width": 8,
    "optimizer.learning_rate": 0.05,
    "optimizer.epochs": 5,
    "probes.count": 2,
    "probes.checkpoints": 2,
}
#: Longer than any test waits, by many minutes: it ends because someone stops it.
LONG = SMALL | {"optimizer.epochs": 2000, "data.samples": 2000, "optimizer.batch_size": 2}


@pytest.fixture
def launch(open_page: OpenPage) -> Iterator[Launch]:
    """Launches what the controls say; gives the run's id, which is then in the address.

    Whatever a failing test leaves at work is stopped: two trainings run at a time.
    """
    launched: list[Page] = []

    def launch(page: Page) -> str:
        page.get_by_role("button", name=EN["train.launch"]).click()
        expect(page).to_have_url(re.compile(r"run=\w+"))
        match = re.search(r"run=(\w+)", address(page))
        assert match is not None
        launched.append(page)
        return match.group(1)

    yield launch
    for page in launched:
        stop = page.locator(".st-key-stop button")
        if stop.count():
            stop.click()


def running(page: Page) -> int:
    """How many epochs a training at work has done, once it says so."""
    bar = page.get_by_test_id("stProgress")
    expect(bar).to_have_text(re.compile(r"\d+ of \d+|\d+ / \d+|[1-9]\d* "))
    number = re.search(r"\d+", bar.inner_text())
    assert number is not None
    return int(number.group())


def goes_on(page: Page, before: int) -> bool:
    """Whether a training at work, once it says another number of epochs, has done more."""
    bar = page.get_by_test_id("stProgress")
    expect(bar).not_to_have_text(re.compile(rf"\D{before} of "))
    return running(page) > before


def ends(page: Page, status: str) -> str:
    """Waits for the line that says how the run ended."""
    opening = EN[f"run.{status}"].partition("{")[0]
    line = page.get_by_text(re.compile(re.escape(opening))).first
    line.wait_for()
    settle(page)
    text = line.inner_text()
    return text[text.index(opening) :]


def loss(page: Page, net: str) -> list[float]:
    data = chart_figure(page, "loss")["data"]
    values: list[float] = next(
        trace for trace in data if trace.get("name") == sentence("en", f"net.{net}")
    )["y"]
    return values


# ---------------------------------------------------------------- a run while it runs


def test_a_training_survives_everything_but_stop(open_page: OpenPage, launch: Launch) -> None:
    """And axe finds nothing, neither while it runs nor once it is stopped."""
    page = open_page("fitness", query=LONG, color_scheme="dark", **WALL)
    run = launch(page)
    wait_for_chart(page, "loss")
    before = running(page)
    assert violations(page) == []

    page.reload()
    wait_for_chart(page, "loss")
    assert running(page) >= before, "a reload goes on watching"

    page.get_by_role("link", name=EN["pages.home"]).first.click()
    expect(page.locator("h1")).to_have_text(EN["home.title"])
    second = open_page("fitness", lang="zh", query={"run": run}, settled=False)
    wait_for_chart(second, "loss")
    assert running(second) >= before, "a second tab watches the same"

    page.get_by_role("link", name=EN["pages.fitness"]).first.click()
    wait_for_chart(page, "loss")
    assert goes_on(page, before), "another page and back: it went on"
    assert f"run={run}" in address(page)

    second.get_by_role("button", name=ZH["run.stop"]).click()
    text = ends(page, "stopped")
    assert violations(page) == []
    done = int(re.findall(r"\d+", text)[0])
    assert 0 < done < 2000
    epochs = chart_figure(page, "loss")["data"][1]["x"]
    assert max(epochs) == done, "what was done is kept"
    assert np.isfinite(loss(page, "bn")).all()

    fresh = open_page("fitness", query={"run": run})
    assert loss(fresh, "bn") == loss(page, "bn")
    assert text in fresh.get_by_test_id("stMain").inner_text()
    assert notices(fresh) == []


@pytest.mark.proof
def test_two_visitors_train_at_once(open_page: OpenPage, launch: Launch) -> None:
    pages = [open_page("fitness", query=LONG | {"seeds": seeds}) for seeds in (1, 2)]
    runs = [launch(page) for page in pages]
    assert len(set(runs)) == 2
    done = [running(page) for page in pages]
    assert all(goes_on(page, before) for page, before in zip(pages, done, strict=True))
    for page in pages:
        page.get_by_role("button", name=EN["run.stop"]).click()
    for page, run in zip(pages, runs, strict=True):
        ends(page, "stopped")
        assert f"run={run}" in address(page)


# ---------------------------------------------------------------- a run that is over


def test_a_finished_run_speaks_for_itself(open_page: OpenPage, launch: Launch) -> None:
    """Verdict, tabs, own score, code, list of runs: one training serves all."""
    page = open_page("fitness", query=SMALL)
    run = launch(page)
    ends(page, "done")

    said = " ".join(page.get_by_test_id("stMain").get_by_test_id("stMarkdown").all_inner_texts())
    assert sentence("en", "comparison.too_few", fewest=6, differing=2) in said, "of two seeds"
    probed = chart_figure(page, "smoothness")["data"]
    assert any(trace.get("x") == [0, 5] for trace in probed), "two checkpoints"
    assert violations(page) == []

    for tab in ("predictions", "gradients", "dead", "running", "config", "your_score"):
        open_tab(page, f"fitness.tabs.{tab}")
        assert exceptions(page) == [], tab
    answers = page.get_by_test_id("stMetricValue")
    before = answers.all_inner_texts()
    thumb = page.locator(".st-key-you-vital_capacity").get_by_role("slider")
    thumb.press("End")
    settle(page)
    assert answers.all_inner_texts() != before, "another person, another score"

    page.get_by_role("button", name=EN["run.earlier"]).click()
    settle(page)
    listed = page.get_by_test_id("stPopoverBody").get_by_role("link")
    assert listed.first.get_attribute("href") is not None
    assert any(run in (link.get_attribute("href") or "") for link in listed.all())
    page.set_viewport_size({"width": 390, "height": 844})
    settle(page)
    assert page.evaluate(CUT_SHORT) == [], "how a run stands is read on a phone too"
    page.get_by_role("button", name=EN["run.new"]).click()
    settle(page)
    assert "run=" not in address(page)
    wait_for_chart(page, "targets")


@pytest.mark.proof
def test_an_arena_speaks_of_the_norm_that_was_chosen(open_page: OpenPage, launch: Launch) -> None:
    few = SMALL | {"optimizer.epochs": 2, "probes.checkpoints": 0, "seeds": 6}
    page = open_page("fitness", query=few | {"preset": "arena", "network.norm": "layer"})
    launch(page)
    ends(page, "done")
    wait_for_chart(page, "norms")
    told = page.get_by_test_id("stMain").inner_text()
    assert "layer norm" in told and "with BN" not in told
    assert exceptions(page) == [] and notices(page) == []


def workbook(rows: list[list[str]]) -> bytes:
    """The rows on the second sheet, away from its corner and with sums below."""
    book = Workbook()
    sheet = book.create_sheet("lab")
    for cells in (["Monday"], *([None, *row] for row in rows), [None, "1", "1", "1"]):
        sheet.append(cells)
    blob = io.BytesIO()
    book.save(blob)
    return blob.getvalue()


def test_a_run_on_a_file_of_ones_own(open_page: OpenPage, launch: Launch) -> None:
    """German text, of which one value means missing; then part of a workbook, which is learnt."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 2))
    numbers = np.column_stack([x, 3 * x[:, 0] - x[:, 1]])
    rows = [["one", "two", "goal"], *([f"{v:.4f}".replace(".", ",") for v in r] for r in numbers)]
    page = open_page("fitness", query=SMALL | {"data.source": "table"})
    main = page.get_by_test_id("stMain")

    def correct(field: str, value: str) -> None:
        asked = page.get_by_label(EN[f"dialect.{field}"], exact=True)
        if not asked.count():
            page.get_by_role("button", name=EN["upload.correct"]).click()
            settle(page)
        if asked.get_attribute("role") == "combobox":
            choose(asked, value)
        else:
            asked.fill(value)
            asked.press("Enter")
        settle(page)

    def says(key: str, **values: Any) -> None:
        expect(main).to_contain_text(sentence("en", key, **values))

    with_marker = [[*row[:2], "-200"] if place in (5, 9) else row for place, row in enumerate(rows)]
    upload(page, "mine.csv", "\n".join(map(";".join, with_marker)))
    says("separator.semicolon")
    says("decimal.comma")
    correct("missing", "-200")
    says("upload.ready", rows=58, columns=3)
    correct("separator", EN["separator.tab"])
    assert not page.locator(".st-key-targets").count(), "one column is nothing to learn from"

    upload(page, "mine.xlsx", workbook(rows))
    expect(main).to_contain_text(EN["finding.sheet"].partition("{")[0])
    correct("sheet", "lab")
    correct("range", "B2:D62")
    says("understood.sheet", sheet="lab")
    says("understood.range", range="B2:D62")
    says("upload.ready", rows=60, columns=3)
    wait_for_chart(page, "targets")
    assert chart_figure(page, "targets")["layout"]["xaxis"]["title"]["text"] == "goal"
    assert "48" in main.inner_text(), "four fifths to learn from"
    launch(page)
    ends(page, "done")
    open_tab(page, "fitness.tabs.predictions")
    axis = chart_figure(page, "predictions")["layout"]["xaxis"]["title"]["text"]
    assert axis == EN["fitness.axis.actual"].format(target="goal")
    open_tab(page, "fitness.tabs.your_score")
    assert page.get_by_label("one").count() and page.get_by_label("two").count()
    assert exceptions(page) == []


# ---------------------------------------------------------------- links and presets


@pytest.mark.parametrize(
    ("texts", "lang"),
    [(EN, "en"), pytest.param(ZH, "zh", marks=pytest.mark.proof)],
    ids=["en", "zh"],
)
def test_an_unknown_run_is_no_dead_end(
    open_page: OpenPage, texts: dict[str, str], lang: str
) -> None:
    page = open_page("fitness", lang=lang, query={"run": "nosuchrun", "seeds": 99})
    main = page.get_by_test_id("stMain")
    expect(main).to_contain_text(texts["run.unknown_train"].format(run="nosuchrun"))
    wait_for_chart(page, "targets")
    assert any("99" in notice for notice in notices(page))
    assert exceptions(page) == []


def planned(config: TrainConfig, epochs: int) -> str:
    """What the page says of a training on the thousand people before it is launched."""
    return sentence(
        "en",
        "fitness.plan",
        seeds=config.seeds,
        depth=config.network.depth,
        width=config.network.width,
        rows=800,
        held_out=200,
        epochs=epochs,
        kind=config.optimizer.kind,
        rate=in_address(config.optimizer.learning_rate),
        batch=config.optimizer.batch_size,
    )


def test_a_preset_fills_the_controls_and_a_link_changes_one(open_page: OpenPage) -> None:
    page = open_page("fitness", query={"preset": "deep", "optimizer.epochs": 20})
    deep = PRESETS["deep"]
    plan = page.get_by_test_id("stMain").inner_text()
    assert planned(deep, 20) in plan
    assert notices(page) == []

    page.get_by_label(EN["train.preset"]).click()
    page.get_by_role("option", name=EN["preset.tiny_batches"]).click()
    settle(page)
    tiny = PRESETS["tiny_batches"]
    plan = page.get_by_test_id("stMain").inner_text()
    assert planned(tiny, tiny.optimizer.epochs) in plan, "all of it, the link's epochs too"
    fresh = open_page(query=address(page))
    assert fresh.get_by_test_id("stMain").inner_text() == page.get_by_test_id("stMain").inner_text()
