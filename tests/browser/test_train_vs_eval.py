"""Train versus eval in a browser: what is drawn equals core, and controls travel in a link."""

from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Page

from bnviz.core.batchnorm.batch_dependence import batch_dependence
from bnviz.core.batchnorm.micro_batches import differences, split_ways
from bnviz.core.batchnorm.stream import drawn, gap, walk
from bnviz.core.configs import BatchConfig, StreamConfig
from bnviz.core.data.batches import draw
from bnviz.core.data.moments import moments
from tests.browser.conftest import OpenPage
from tests.browser.screen import address, chart_figure, open_tab, settle, slider

QUERY = {
    "source": "skewed",
    "b": 8,
    "d": 3,
    "seed": 7,
    "momentum": 0.05,
    "eps": 0.001,
    "steps": 50,
    "shift_at": 30,
    "shift": 1.5,
    "spread": 2,
    "feature": "2",
}
CONFIG = StreamConfig(
    batch=BatchConfig(source="skewed", batch_size=8, features=3, seed=7),
    steps=50,
    torch_momentum=0.05,
    shift_at=30,
    shift=1.5,
    spread=2,
)


def query(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address(page)).query).items()}


def test_figures_equal_core(open_page: OpenPage) -> None:
    more = {"section": "gap", "quantity": "mean", "gap_step": 40}
    page = open_page("train_vs_eval", query=QUERY | more)
    truth = moments(CONFIG.batch)
    walked = walk(CONFIG, drawn(CONFIG.batch, 50), truth)
    for name in ("mean", "variance"):
        drawn_traces = chart_figure(page, f"running-{name}")["data"]
        track = getattr(walked, name)
        assert drawn_traces[-1]["y"] == pytest.approx(track.running[:, 1].tolist())
        assert drawn_traces[1]["y"] == pytest.approx(track.batch[:, 1].tolist())
    open_tab(page, "train_vs_eval.tabs.parts")
    parts = gap(walked, "mean", "train")
    *areas, total, _ = chart_figure(page, "gap")["data"]
    assert total["y"] == pytest.approx(parts.total[:, 1].tolist())
    for area, part in zip(areas, ("warm_up", "bessel", "drift", "noise"), strict=True):
        assert area["customdata"][:51] == pytest.approx(getattr(parts, part)[:, 1].tolist()), part
    assert page.get_by_text("x2 after batch 40").is_visible()
    kept = query(page)
    assert all(float(kept[k]) == v for k, v in QUERY.items() if not isinstance(v, str))
    assert kept["source"] == "skewed" and kept["quantity"] == "mean"


def test_company_and_split_equal_core(open_page: OpenPage) -> None:
    page = open_page("train_vs_eval", query=QUERY | {"section": "company", "z": -1.5})
    dependence = batch_dependence(CONFIG.batch, 1, -1.5, 0.001, moments(CONFIG.batch), None)
    assert chart_figure(page, "fan")["data"][2]["y"] == pytest.approx(
        dependence.quantiles[:, 2].tolist()
    )
    open_tab(page, "train_vs_eval.tabs.split")
    assert query(page)["section"] == "split"
    split = split_ways(draw(CONFIG.batch).values, 4, 0.001, 0.05, 7)
    shown = chart_figure(page, "differences")["data"][0]["customdata"]
    assert shown == pytest.approx(list(differences(split.accumulated, split.big).values()))


@pytest.mark.proof
def test_a_section_is_a_link_in_both_languages(open_page: OpenPage) -> None:
    page = open_page("train_vs_eval", query={"section": "frozen", "training": "false"})
    assert page.get_by_role("tab", name="What is frozen?").get_attribute("aria-selected") == "true"
    page.get_by_text("中文", exact=True).click()
    settle(page)
    assert page.get_by_role("tab", name="冻结了什么？").get_attribute("aria-selected") == "true"
    assert query(page)["section"] == "frozen" and query(page)["training"] == "false"
    again = open_page("train_vs_eval", lang="zh", query={"section": "frozen", "training": "false"})
    assert again.get_by_role("tab", name="冻结了什么？").get_attribute("aria-selected") == "true"


def test_momenta_move_each_other(open_page: OpenPage) -> None:
    page = open_page("train_vs_eval", query={"section": "clock"})
    slider(page, "Keras momentum").press("ArrowRight")
    settle(page)
    kept = 1 - float(query(page)["momentum"])
    assert kept == pytest.approx(0.95)
    decay = np.array(chart_figure(page, "decay")["data"][0]["y"])
    assert decay[1] == pytest.approx(kept)
    slider(page, "PyTorch momentum").press("ArrowLeft")
    settle(page)
    assert chart_figure(page, "decay")["data"][0]["y"][1] == pytest.approx(0.98)
