"""Predicted against measured thresholds, and sharpness on its way to 2 / rate."""

from dataclasses import replace

import numpy as np
import pytest

from bnviz.plots.smoothness import stability
from bnviz.plots.theme import Look, Say
from tests.plots.conftest import traces
from tests.plots.smoothness import results as made

NETS = ("bn", "plain")


@pytest.mark.parametrize("net", NETS)
def test_thresholds(net: str, say: Say) -> None:
    result = made.stability()
    figure = stability.thresholds(result, Look(), say)
    side = getattr(result, net)
    (seeds,) = traces(figure, name=say(f"net.{net}"))
    assert seeds.x == pytest.approx(2 / side.sharpness)
    assert (seeds.y == side.threshold).all()
    assert seeds.y + seeds.error_y.array == pytest.approx(side.bracket[:, 1])
    assert seeds.y - seeds.error_y.arrayminus == pytest.approx(side.bracket[:, 0])
    factors = np.asarray(seeds.customdata)
    assert factors[:, 0] == pytest.approx(side.threshold / (2 / side.sharpness))
    assert factors[:, 1] == pytest.approx(side.weight_growth)


def test_both_axes_are_alike_and_the_line_is_the_diagonal(say: Say) -> None:
    result = made.stability()
    figure = stability.thresholds(result, Look(), say)
    x, y = figure.layout.xaxis, figure.layout.yaxis
    assert x.type == y.type == "log" and x.range == y.range
    (line,) = traces(figure, name=say("plots.smooth.stability.equal"))
    assert (line.x == line.y).all() and np.log10(line.x) == pytest.approx(x.range)
    low, high = 10 ** np.array(x.range)
    for net in NETS:
        bracket = getattr(result, net).bracket
        assert low < bracket.min() and bracket.max() < high


def test_seeds_without_a_threshold_are_counted(say: Say) -> None:
    """Those whose sharpness is not positive too: there is no prediction."""
    result = made.stability()
    threshold, sharpness = result.bn.threshold.copy(), result.bn.sharpness.copy()
    threshold[0], sharpness[3] = np.nan, -1.0
    told = replace(result, bn=replace(result.bn, threshold=threshold, sharpness=sharpness))
    figure = stability.thresholds(told, Look(), say)
    name = say("plots.smooth.part", net=say("net.bn"), shown=2, total=4)
    (seeds,) = traces(figure, name=name)
    assert (seeds.y == threshold[1:3]).all()


@pytest.mark.parametrize("net", NETS)
def test_sharpness_and_its_lines(net: str, say: Say) -> None:
    result = made.stability()
    figure = stability.sharpness(result, net, Look(), say)
    side = getattr(result, net)
    assert figure.layout.yaxis.type == "log"
    low, high = 10 ** np.array(figure.layout.yaxis.range)
    for curve, drawn, line, rate in zip(
        side.curves, figure.data, figure.layout.shapes, side.rates, strict=True
    ):
        assert (drawn.y == curve).all() and (drawn.x == side.moments).all()
        assert line.y0 == line.y1 == pytest.approx(2 / rate)
        assert line.line.color == drawn.line.color
        assert low < 2 / rate < high
    assert len({(t.line.color, t.line.dash) for t in figure.data}) == len(side.rates)
    words = [note.text for note in figure.layout.annotations]
    assert words[0] == f"<b>{say(f'net.{net}')}</b>" and len(words) == 1 + 2 * len(side.rates)
    assert {curve.name for curve in figure.data} <= set(words), "named where it ends"


def test_a_descent_that_diverged_ends_where_it_did(say: Say) -> None:
    result = made.stability()
    curves = result.bn.curves.copy()
    curves[2, 5:] = np.nan
    curves[1, 3] = -4.0
    told = replace(result, bn=replace(result.bn, curves=curves))
    figure = stability.sharpness(told, "bn", Look(), say)
    assert np.isfinite(figure.data[2].y).sum() == 5
    assert np.isnan(figure.data[1].y[3]), "a logarithm has no negative"


@pytest.mark.parametrize("net", NETS)
def test_losses(net: str, say: Say) -> None:
    result = made.stability()
    figure = stability.losses(result, net, Look(), say)
    for drawn, loss in zip(figure.data, getattr(result, net).losses, strict=True):
        assert (drawn.y == loss).all()
    assert not figure.layout.shapes
