"""Before and after: every mark of the figure is a number that numpy agrees with."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bnviz.core.batchnorm.equations import apply
from bnviz.core.configs import BatchConfig, NormConfig
from bnviz.core.data.batches import draw
from bnviz.core.data.shape import MOST_OUTLINES, shapes
from bnviz.plots.one_batch import distributions as plots
from bnviz.plots.one_batch.distributions import Side
from bnviz.plots.theme import Look, Say
from bnviz.texts.numbers import plus_minus
from tests.plots.conftest import HOSTILE, assert_sound, house_colors, rgb, runs_of, traces

SIDES: tuple[Side, ...] = ("before", "after")


def echo(key: str, **values: object) -> str:
    return key


def distributions(names: Any, x: NDArray[Any], *rest: Any) -> Any:
    return plots.distributions(names, shapes(x)["float64"], *rest)


def make(batch: BatchConfig, **norm: Any) -> tuple[tuple[str, ...], dict[Side, NDArray[Any]]]:
    drawn = draw(batch)
    return drawn.names, {
        "before": drawn.values,
        "after": apply(drawn.values, NormConfig(**norm)).y,
    }


def color_of(side: Side, look: Look) -> str:
    bn, plain = house_colors(look)
    return bn if side == "after" else plain


@pytest.mark.parametrize("side", SIDES)
def test_ridges(side: Side, say: Say, look: Look) -> None:
    names, sides = make(BatchConfig(source="scales", features=5))
    x = sides[side].astype(np.float64)
    figure = distributions(names, sides[side], side, False, look, say)
    assert_sound(figure, ["xaxis"])
    assert say(f"one_batch.{side}") in figure.layout.annotations[0].text
    center, spread = x.mean(axis=0), x.std(axis=0)
    (mean,) = traces(figure, name="mean")
    assert np.allclose(mean.x, center, rtol=1e-12)
    assert np.allclose(mean.customdata, np.column_stack([center, spread]))
    assert list(mean.text) == list(names)
    numbers = [plus_minus(*pair) for pair in zip(center, spread, strict=True)]
    ticks = [f"<b>{name}</b><br>{two}" for name, two in zip(names, numbers, strict=True)]
    assert list(figure.layout.yaxis.ticktext) == ticks
    assert mean.marker.color == color_of(side, look)
    (bars,) = traces(figure, name="deviation")
    assert np.allclose(runs_of(bars.x), np.column_stack([center - spread, center + spread]))
    (shape,) = traces(figure, name="outlines")
    assert shape.line.color == color_of(side, look)
    assert shape.fillcolor.startswith(rgb(color_of(side, look)))


@pytest.mark.parametrize("side", SIDES)
def test_outlines_are_closed_and_stand_on_their_rows(side: Side) -> None:
    names, sides = make(BatchConfig(features=4))
    (shape,) = traces(distributions(names, sides[side], side, False, Look(), echo), name="outlines")
    xs, ys = runs_of(shape.x), runs_of(shape.y)
    assert len(xs) == len(ys) == 4
    for row, (x, y) in enumerate(zip(xs, ys, strict=True)):
        assert y[0] == y[-1] == row, "closed along the base line"
        assert y.min() == pytest.approx(row - 0.8), "highest point"
        assert x[0] == x[1] and x[-1] == x[-2]
        assert x.min() <= sides[side][:, row].min() and x.max() >= sides[side][:, row].max()


def test_ridges_on_their_own_axes(say: Say) -> None:
    names, sides = make(BatchConfig(source="scales", features=6))
    x = sides["before"]
    figure = distributions(names, x, "before", True, Look(), say)
    (mean,) = traces(figure, name="mean")
    low, high = x.min(axis=0), x.max(axis=0)
    assert np.allclose(mean.x, (x.mean(axis=0) - low) / (high - low))
    assert np.allclose(mean.customdata[:, 0], x.mean(axis=0)), "hover shows the value itself"
    assert figure.layout.xaxis.title.text == say("one_batch.axis.own")


@pytest.mark.parametrize("side", SIDES)
def test_bands(side: Side, say: Say, look: Look) -> None:
    names, sides = make(BatchConfig(features=40))
    x = sides[side]
    figure = distributions(names, x, side, False, look, say)
    assert_sound(figure)
    outer, inner, median, mean = figure.data
    for band, (low, high) in ((outer, (5, 95)), (inner, (25, 75))):
        expected = np.quantile(x, low / 100, axis=0), np.quantile(x, high / 100, axis=0)[::-1]
        assert np.allclose(band.y, np.concatenate(expected))
        assert band.x[0] == band.x[-1] == 1 and band.fill == "toself", "closed"
        assert str(low) in band.name and str(high) in band.name
        assert band.fillcolor.startswith(rgb(color_of(side, look)))
    assert np.allclose(median.y, np.median(x, axis=0))
    assert np.allclose(mean.y, x.mean(axis=0, dtype=np.float64))
    assert list(median.x) == list(mean.x) == list(range(1, 41))
    assert list(median.text) == list(names)


def test_bands_on_their_own_axes(say: Say) -> None:
    names, sides = make(BatchConfig(features=MOST_OUTLINES + 1))
    x = sides["before"]
    figure = distributions(names, x, "before", True, Look(), say)
    assert np.allclose(figure.data[2].y, np.median((x - x.min(axis=0)) / np.ptp(x, axis=0), axis=0))
    assert figure.layout.yaxis.title.text == say("one_batch.axis.own")


@pytest.mark.parametrize(
    ("features", "ridges"),
    [(1, True), (MOST_OUTLINES, True), (MOST_OUTLINES + 1, False), (256, False)],
)
def test_the_change_from_ridges_to_bands(features: int, ridges: bool, say: Say) -> None:
    names, sides = make(BatchConfig(features=features))
    for side, x in sides.items():
        figure = distributions(names, x, side, False, Look(), say)
        assert bool(traces(figure, name="outlines")) == ridges
        assert_sound(figure, ["xaxis"])


@pytest.mark.parametrize("own_axes", [False, True])
@pytest.mark.parametrize("features", [3, 20])
@pytest.mark.parametrize("rows", [1, 2, 50])
@pytest.mark.parametrize("eps", [0.0, 1e-5])
def test_constant_features_and_nan(rows: int, features: int, eps: float, own_axes: bool) -> None:
    """Without epsilon a constant feature is NaN after BN; the others stay, their numbers too."""
    batch = BatchConfig(source="constant", batch_size=rows, features=features)
    names, sides = make(batch, eps=eps, precision="float64")
    for side, x in sides.items():
        assert_sound(distributions(names, x, side, own_axes, Look(), echo), ["xaxis"])


@pytest.mark.parametrize("eps", [0.0, 1e-5])
def test_an_undefined_feature_leaves_the_others_on_screen(eps: float) -> None:
    names, sides = make(BatchConfig(source="constant", features=3), eps=eps)
    figure = distributions(names, sides["after"], "after", False, Look(), echo)
    first = figure.layout.yaxis.ticktext[0]
    assert first.endswith("– ± –" if eps == 0 else "<br>0 ± 0")
    (shape,) = traces(figure, name="outlines")
    assert len(runs_of(shape.x)) == (2 if eps == 0 else 3)


@pytest.mark.parametrize("eps", [0.0, 1e-5])
def test_one_row(eps: float) -> None:
    names, sides = make(BatchConfig(batch_size=1, features=2), eps=eps)
    (mean,) = traces(
        distributions(names, sides["before"], "before", False, Look(), echo), name="mean"
    )
    assert np.allclose(mean.x, sides["before"][0])
    after = distributions(names, sides["after"], "after", False, Look(), echo)
    numbers = [text.partition("<br>")[2] for text in after.layout.yaxis.ticktext]
    assert numbers == ["– ± –" if eps == 0 else "0 ± 0"] * 2


@pytest.mark.parametrize("repeat", [1, 4], ids=["ridges", "bands"])
def test_hostile_names_are_harmless(say: Say, repeat: int) -> None:
    names = HOSTILE * repeat
    x = np.random.default_rng(0).normal(size=(30, len(names)))
    figure = distributions(names, x, "before", False, Look(), say)
    assert_sound(figure, ["xaxis"])
    named = [t for t in figure.data if t.text is not None]
    assert named and all(len(text) < 60 for t in named for text in t.text)
    assert figure.layout.margin.l < 250


def test_names_come_as_hover_text_never_as_template() -> None:
    x = np.random.default_rng(0).normal(size=(30, 1))
    figure = distributions(
        ("%{customdata[0]}<extra>boo</extra>",), x, "before", False, Look(), echo
    )
    assert all("boo" not in (t.hovertemplate or "") for t in figure.data)
