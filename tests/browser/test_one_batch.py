"""One batch in a browser: the numbers on screen are core's, and a link says all of them."""

import re
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from bnviz.core.batchnorm.equations import apply
from bnviz.core.configs import BatchConfig, NormConfig
from bnviz.core.data.batches import draw
from bnviz.texts.catalogue import catalogue, sentence
from bnviz.texts.numbers import percent, short
from bnviz.ui.one_batch.compute import effect_of
from tests.browser.conftest import OpenPage
from tests.browser.screen import (
    address,
    chart_figure,
    exceptions,
    notices,
    open_tab,
    settle,
    slider,
    wait_for_chart,
)

EN, ZH = catalogue("en"), catalogue("zh")
TABS = ("formula", "statistics", "steps", "matrix", "epsilon", "jitter", "implementations")


def shown(page: Page, side: str) -> np.ndarray:
    """Mean and standard deviation of every feature, as the chart's hover gives them."""
    data = chart_figure(page, side)["data"]
    return np.array(next(trace for trace in data if trace.get("name") == "mean")["customdata"])


def computed(batch: BatchConfig, norm: NormConfig) -> dict[str, np.ndarray]:
    x = draw(batch).values
    sides = {"before": x, "after": apply(x, norm).y.astype(np.float64)}
    return {s: np.column_stack([v.mean(axis=0), v.std(axis=0)]) for s, v in sides.items()}


def assert_shows(page: Page, batch: BatchConfig, norm: NormConfig) -> None:
    for side, expected in computed(batch, norm).items():
        assert np.allclose(shown(page, side), expected, rtol=1e-5, atol=1e-7), side


def verdict(page: Page) -> str:
    return page.get_by_test_id("stMain").get_by_test_id("stMarkdown").first.inner_text()


# ---------------------------------------------------------------- numbers and links


def test_numbers_are_cores_and_a_link_carries_them(open_page: OpenPage) -> None:
    """Several controls by link, one by key; then the page's own link in a fresh window."""
    page = open_page(
        "one_batch",
        query={
            "source": "scales",
            "b": 48,
            "d": 5,
            "seed": 7,
            "eps": "0.01",
            "gamma": 2.5,
            "beta": -1,
            "on": 2,
            "precision": "float64",
        },
    )
    batch = BatchConfig(source="scales", batch_size=48, features=5, seed=7)
    norm = NormConfig(eps=0.01, gamma=2.5, beta=-1.0, affine_feature=1, precision="float64")
    assert_shows(page, batch, norm)

    slider(page, EN["controls.epsilon"]).press("ArrowRight")
    settle(page)
    norm = norm.model_copy(update={"eps": 0.02})
    assert_shows(page, batch, norm)
    assert "eps=0.02" in address(page)
    effect = effect_of(batch, norm)
    worst = effect.deviation[effect.swallowed].min()
    assert short(float(worst)) in verdict(page)
    assert percent(1 - float(worst) ** 2) in verdict(page)
    assert "weight" in verdict(page), "the feature that gamma and beta act on"

    fresh = open_page(query=address(page))
    assert_shows(fresh, batch, norm)
    assert verdict(fresh) == verdict(page)
    assert notices(fresh) == []


@pytest.mark.parametrize(
    ("texts", "lang"),
    [(EN, "en"), pytest.param(ZH, "zh", marks=pytest.mark.proof)],
    ids=["en", "zh"],
)
def test_impossible_links_say_what_they_became(
    open_page: OpenPage, texts: dict[str, str], lang: str
) -> None:
    page = open_page(
        "one_batch",
        lang=lang,
        query={
            "b": 0,
            "d": 9999,
            "eps": "abc",
            "source": "nope",
            "seed": -1,
            "gamma": "1e9",
            "on": "x",
            "precision": "<b>",
        },
    )
    said = " ".join(notices(page))
    for label, wish, given in (
        ("controls.batch_size", "0", "256"),
        ("controls.features", "9999", "8"),
        ("controls.epsilon", "abc", "1e-5"),
        ("source.label", "nope", texts["source.normal"]),
        ("controls.seed", "-1", "42"),
        ("controls.gamma", "1e9", "1"),
        ("controls.affine_feature", "x", texts["controls.all_features"]),
        ("controls.precision", "<b>", "float32"),
    ):
        expected = texts["link.changed"].format(label=texts[label], wish=f" {wish} ", given=given)
        assert re.sub(r"\s+", "", expected) in re.sub(r"\s+", "", said), label
    assert_shows(page, BatchConfig(), NormConfig())
    assert exceptions(page) == []


# ---------------------------------------------------------------- moving


def test_next_and_play(open_page: OpenPage) -> None:
    page = open_page("one_batch", query={"b": 16, "d": 2})
    page.get_by_role("button", name=EN["controls.next"]).click()
    settle(page)
    assert "seed=43" in address(page)
    assert_shows(page, BatchConfig(batch_size=16, features=2, seed=43), NormConfig())

    play = page.get_by_text(EN["controls.play"], exact=True)
    play.click()
    expect(page).to_have_url(re.compile("seed=(4[5-9]|[5-9]\\d|\\d{3})"))
    play.click()
    settle(page)
    stopped = address(page)
    seed = int(re.search(r"seed=(\d+)", stopped).group(1))  # type: ignore[union-attr]
    assert_shows(page, BatchConfig(batch_size=16, features=2, seed=seed), NormConfig())
    page.wait_for_timeout(1200)
    assert address(page) == stopped, "Play has stopped"


def test_a_cell_shows_its_own_numbers(open_page: OpenPage) -> None:
    page = open_page("one_batch", query={"b": 5, "d": 3, "seed": 1})
    open_tab(page, "one_batch.tabs.steps")
    x = draw(BatchConfig(batch_size=5, features=3, seed=1)).values
    y = apply(x, NormConfig()).y
    line = EN["one_batch.steps.cell"]

    def said(row: int, feature: int) -> str:
        return line.format(
            row=row + 1,
            feature=f"x{feature + 1}",
            x=short(float(x[row, feature])),
            y=short(float(y[row, feature])),
        )

    assert page.get_by_text(said(0, 0)).is_visible()
    grid = page.locator(".st-key-cells canvas").first
    grid.scroll_into_view_if_needed()
    box = grid.bounding_box()
    assert box is not None
    # A row is 35 pixels high; the first holds the names, the first column the numbers of rows.
    page.mouse.click(box["x"] + 0.85 * box["width"], box["y"] + 35 * 3.5)
    settle(page)
    assert page.get_by_text(said(2, 2)).is_visible()
    formulas = " ".join(page.locator(".katex-mathml").all_inner_texts())
    assert short(float(x[2, 2]), 4) in formulas and short(float(y[2, 2]), 4) in formulas


@pytest.mark.proof
def test_every_tab_opens(open_page: OpenPage) -> None:
    page = open_page("one_batch", query={"source": "constant", "noeps": "true", "d": 4})
    charts = {"matrix": "matrix-after", "epsilon": "gain", "jitter": "jitter"}
    for tab in TABS:
        open_tab(page, f"one_batch.tabs.{tab}")
        assert exceptions(page) == [], tab
        if tab in charts:
            wait_for_chart(page, charts[tab])


@pytest.mark.proof
def test_statistics_can_be_taken_away(open_page: OpenPage) -> None:
    page = open_page("one_batch", lang="zh", query={"source": "wine", "b": 20, "d": 2})
    open_tab(page, "one_batch.tabs.statistics", "zh")
    with page.expect_download() as download:
        page.get_by_role("button", name=ZH["figure.download"]).click()
    head, *rows = download.value.path().read_text(encoding="utf-8").splitlines()
    assert head.startswith(ZH["stat.feature"] + ",")
    x = draw(BatchConfig(source="wine", batch_size=20, features=2)).values
    assert rows[0].startswith("alcohol,")
    assert [float(row.split(",")[1]) for row in rows] == pytest.approx(x.mean(axis=0).tolist())


def test_the_largest_batch_works(open_page: OpenPage) -> None:
    page = open_page("one_batch", query={"b": 65_536, "d": 256})
    wait_for_chart(page, "after")
    assert exceptions(page) == []
    middle = chart_figure(page, "after")["data"][2]
    assert len(middle["y"]) == 256 and max(map(abs, middle["y"])) < 0.1


# ---------------------------------------------------------------- a file of one's own


def upload(page: Page, name: str, content: str | bytes) -> None:
    blob = content if isinstance(content, bytes) else content.encode()
    uploader = page.get_by_test_id("stFileUploader")
    with page.expect_response(lambda answer: answer.request.method == "PUT"):
        page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
            {"name": name, "mimeType": "text/csv", "buffer": blob}
        )
    # Only what has come as a whole is told to the page, which then runs again.
    expect(uploader.get_by_role("progressbar")).to_have_count(0)
    expect(uploader).to_contain_text(name)
    settle(page)


def table(rows: int, *cells: str) -> str:
    """Names, then `rows` numeric rows of a, b and k; `cells` are the first of a third column."""
    lines = [f"{i},{i * i},7,{cells[i] if i < len(cells) else i / 2}" for i in range(rows)]
    return "\n".join(["a,a,k,<b>c</b>", *lines, ""])


@pytest.mark.parametrize(
    ("texts", "lang"),
    [pytest.param(EN, "en", marks=pytest.mark.proof, id="en"), pytest.param(ZH, "zh", id="zh")],
)
def test_bad_files_are_refused_or_mended_kindly(
    open_page: OpenPage, texts: dict[str, str], lang: str
) -> None:
    page = open_page("one_batch", lang=lang, query={"source": "table"})
    main = page.get_by_test_id("stMain")

    def says(key: str, **values: Any) -> None:
        expect(main).to_contain_text(sentence(lang, key, **values))
        assert exceptions(page) == []

    upload(page, "binary.csv", b"\x00\x01" * 200)
    says("unreadable.binary")
    upload(page, "words.csv", "who,what\nann,x\nbob,y\n")
    says("unreadable.no_numbers", columns=("who", "what"), column="who", row=2, text="ann")
    assert not page.locator(".st-key-before").count()

    upload(page, "mixed.csv", table(12, "1", "", "inf", "oops"))
    says("finding.duplicate_name", position=2, column="a", renamed="a (2)")
    says("finding.constant", column="k", number="7")
    says("finding.infinite", column="<b>c</b>", count=1, row=4)
    says("finding.mixed", column="<b>c</b>", count=1, row=5, text="oops")
    says("upload.drop", rows=9)
    says("upload.ready", rows=9, columns=4)
    wait_for_chart(page, "after")
    page.get_by_text(texts["upload.zero"]).click()
    settle(page)
    says("upload.ready", rows=12, columns=4)
    k = shown(page, "before")[2]
    assert k.tolist() == [7, 0]

    upload(page, "one.csv", "a,b\n1,2\n")
    says("finding.one_row", row=2)
    assert verdict(page)
    wide = (
        ",".join(f"c{i}" for i in range(300)) + "\n" + (",".join(map(str, range(300))) + "\n") * 3
    )
    upload(page, "wide.csv", wide)
    says("finding.too_many_columns", count=300, limit=256)
    wait_for_chart(page, "after")


def test_hostile_names_stay_text_and_a_link_finds_the_table_again(open_page: OpenPage) -> None:
    """open_page fails if an image were fetched from another host."""
    names = ["![x](http://example.org/p.png)", "<img src=x onerror=alert(1)>", "http://example.org"]
    rng = np.random.default_rng(0)
    rows = [",".join(f"{v:.4f}" for v in row) for row in rng.normal(size=(30, 3))]
    page = open_page("one_batch", query={"source": "table", "d": 3})
    page.on("dialog", lambda dialog: pytest.fail("a name ran as a script"))
    upload(page, "hostile.csv", "\n".join([",".join(f'"{n}"' for n in names), *rows, ""]))
    wait_for_chart(page, "after")
    slider(page, EN["controls.gamma"]).press("ArrowRight")
    settle(page)
    for tab in TABS:
        open_tab(page, f"one_batch.tabs.{tab}")
        assert exceptions(page) == [], tab
    main = page.get_by_test_id("stMain")
    assert main.locator("a[href*='example.org']").count() == 0
    assert main.locator("img[src*='example.org'], img[src=x]").count() == 0

    fresh = open_page(query=address(page))
    assert np.array_equal(shown(fresh, "before"), shown(page, "before"))
    assert notices(fresh) == []
