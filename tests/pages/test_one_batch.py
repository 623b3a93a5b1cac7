"""One batch: what stands on the page is what core computes; every tab, every odd batch."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from bnviz.core.batchnorm import equations
from bnviz.core.batchnorm.implementations import compare
from bnviz.core.configs import BatchConfig, NormConfig
from bnviz.core.data.batches import draw
from bnviz.texts.catalogue import catalogue, sentence
from bnviz.texts.numbers import short
from tests.pages.conftest import OpenApp, opened
from tests.pages.test_pages import charts, widget

EN = catalogue("en")
TABS = [key.rpartition(".")[2] for key in EN if key.startswith("one_batch.tabs.")]


OneBatch = Callable[..., AppTest]


@pytest.fixture
def one_batch(open_app: OpenApp) -> OneBatch:
    """The page with a tab open and widgets set: one_batch("matrix", b=16, gamma=2.0)."""

    def one_batch(tab: str = "statistics", lang: str = "en", **values: Any) -> AppTest:
        app = open_app("one_batch", lang=lang, session=values, section=tab)
        assert not app.exception and not app.error
        return app

    return one_batch


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize(
    ("lang", "values"),
    [
        ("en", {"source": "constant", "noeps": True, "d": 1}),
        ("zh", {"b": 1, "noeps": True, "d": 20}),
    ],
    ids=str,
)
def test_tabs(one_batch: OneBatch, tab: str, lang: str, values: dict[str, Any]) -> None:
    app = one_batch(tab, lang, **values)
    assert opened(app, lang) == [catalogue(lang)[f"one_batch.tabs.{tab}"]], (
        "the open tab and no other"
    )


def test_statistics_are_numpys(one_batch: OneBatch) -> None:
    app = one_batch(source="scales", d=6, b=64, eps=0.1)
    x = draw(BatchConfig(source="scales", features=6, batch_size=64)).values
    y = equations.apply(x, NormConfig(eps=0.1)).y.astype(float)
    frame = app.dataframe[0].value
    assert frame.shape == (6, 14)
    for name, function in {
        "mean": lambda v: v.mean(axis=0),
        "biased_variance": lambda v: v.var(axis=0),
        "unbiased_variance": lambda v: v.var(axis=0, ddof=1),
        "standard_deviation": lambda v: v.std(axis=0),
        "min": lambda v: v.min(axis=0),
        "max": lambda v: v.max(axis=0),
    }.items():
        for side, values in (("before", x), ("after", y)):
            column = frame[f"{EN[f'stat.{name}']} ({EN[f'stat.{side}']})"]
            assert np.allclose(column, function(values), rtol=1e-5, atol=1e-7), f"{name} {side}"
    share = 0.1 / (x.astype(np.float32).var(axis=0, dtype=float) + 0.1)
    assert np.allclose(frame[EN["stat.swallowed"]], share)


def test_steps_show_the_first_cell_until_one_is_chosen(one_batch: OneBatch) -> None:
    app = one_batch("steps", b=3, d=2)
    x = draw(BatchConfig(batch_size=3, features=2)).values
    assert np.array_equal(app.dataframe[0].value, x)
    (formulas,) = (each.value.split("$$")[1::2] for each in app.markdown if "$$" in each.value)
    assert len(formulas) == 4
    assert short(x[0, 0], 4) in formulas[2]
    assert short(float(equations.apply(x, NormConfig()).y[0, 0]), 4) in formulas[3]


def test_implementations_are_compared(one_batch: OneBatch) -> None:
    app = one_batch("implementations", b=64, d=3, precision="float64")
    x = draw(BatchConfig(batch_size=64, features=3)).values
    table = app.table[0].value
    expected = compare(x, NormConfig(precision="float64"))
    shown = table[EN["one_batch.implementations.difference"]].tolist()
    assert shown[3] == short(expected[3].max_abs_difference or 0), "the document's lacks epsilon"
    assert list(table.index) == [EN[f"one_batch.implementations.{each.name}"] for each in expected]


def test_one_row_says_what_torch_says(one_batch: OneBatch) -> None:
    app = one_batch("implementations", b=1)
    assert any("more than 1 value per channel" in caption.value for caption in app.caption)
    notes = app.table[0].value[EN["one_batch.implementations.note"]].tolist()
    assert "more than 1 value per channel" in notes[0].replace("\\", "")


def test_next_batch_counts_the_seed(one_batch: OneBatch) -> None:
    app = one_batch(d=2)
    widget(app, "next").click().run()
    assert widget(app, "seed").value == 43
    frame = app.dataframe[0].value
    mean = draw(BatchConfig(features=2, seed=43)).values.mean(axis=0)
    assert np.allclose(frame[f"{EN['stat.mean']} ({EN['stat.before']})"], mean)


def test_the_last_seed_is_followed_by_the_first(one_batch: OneBatch) -> None:
    app = one_batch(seed=2**32 - 1)
    widget(app, "next").click().run()
    assert not app.exception and widget(app, "seed").value == 0


def test_gamma_and_beta_of_a_feature_that_is_gone(one_batch: OneBatch) -> None:
    """Fewer features than before: what acted on a later one acts on all again."""
    app = one_batch(d=8, gamma=2.0, on="8")
    assert "x8" in app.markdown[0].value
    widget(app, "d").set_value(3).run()
    assert not app.exception and not app.error
    assert widget(app, "on").value == "all"


@pytest.mark.parametrize(
    ("source", "features", "rows"),
    [("diabetes", 10, 442), ("breast_cancer", 30, 569), ("wine", 13, 178), ("digits", 64, 1797)],
)
def test_real_data_says_where_it_ends(
    one_batch: OneBatch, source: str, features: int, rows: int
) -> None:
    app = one_batch(source=source, d=256, b=2048)
    captions = [caption.value for caption in app.caption]
    assert sentence("en", "one_batch.note.limited", limit=features, asked=256) in captions
    assert sentence("en", "one_batch.note.replaced", limit=rows, asked="2,048") in captions
    assert len(app.dataframe[0].value) == features


def test_many_features_change_the_figure_not_its_place(one_batch: OneBatch) -> None:
    assert {"before", "after"} <= charts(one_batch(d=256))


def test_own_table_asks_for_a_file(
    one_batch: OneBatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BNVIZ_HOME", str(tmp_path))
    app = one_batch(source="table")
    assert [element.value for element in app.info] == [EN["upload.waiting"]]
    assert not charts(app)
