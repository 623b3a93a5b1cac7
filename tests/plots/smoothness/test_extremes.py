"""The ends of spectra with the probes below them, traces, densities, and their axis."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnviz.core.smoothness.extremes import Extremes
from bnviz.plots.axes import place, symmetric
from bnviz.plots.smoothness import density, extremes
from bnviz.plots.theme import Look, Say
from tests.plots.conftest import traces
from tests.plots.smoothness import results as made

NETS = ("bn", "plain")


def test_ruler_shows_each_seed_and_probe(say: Say) -> None:
    result = made.extremes()
    figure = extremes.ruler(result, Look(), say)
    assert figure.layout.xaxis.type == "log"
    for net in NETS:
        spectrum = getattr(result, net)
        strip, rms, top = traces(figure, name=say(f"net.{net}"))
        assert (strip.x == spectrum.probes.ravel()).all()
        assert rms.x == pytest.approx(np.sqrt(spectrum.mean_square))
        assert (top.x == np.maximum(-spectrum.minimum, spectrum.maximum)).all()
        ends = rms.x - rms.error_x.arrayminus, rms.x + rms.error_x.array
        margins = (
            spectrum.mean_square - spectrum.mean_square_margin,
            (spectrum.mean_square + spectrum.mean_square_margin),
        )
        for end, square in zip(ends, margins, strict=True):
            assert end**2 == pytest.approx(square)
        assert len(set(top.y)) == made.SEEDS, "each seed has a row"
        assert set(strip.y) == set(top.y)


def test_the_largest_may_be_the_negative_end() -> None:
    spectrum = made.extremes().bn
    flipped = replace(spectrum, minimum=-spectrum.maximum, maximum=-spectrum.minimum)
    assert (extremes.largest(flipped) == extremes.largest(spectrum)).all()


def test_ruler_says_how_low_a_probe_is(say: Say) -> None:
    spectrum = made.extremes().bn
    exact = replace(
        spectrum,
        maximum=np.full(4, 1000.0),
        minimum=np.full(4, -10.0),
        probes=np.repeat([[8.0], [10.0], [10.0], [np.nan]], 5, axis=1),
    )
    figure = extremes.ruler(Extremes(exact, exact), Look(), say)
    name = say("plots.smooth.part", net=say("net.bn"), shown=3, total=4)
    wanted = say("plots.smooth.ruler.factor", net=name, factor="100")
    assert wanted in figure.layout.annotations[0].text


def test_many_probes_are_thinned_to_their_order_with_both_ends(say: Say) -> None:
    result = made.extremes(seeds=8, probes=1000)
    strip = traces(extremes.ruler(result, Look(), say), name=say("net.bn"))[0]
    assert len(strip.x) <= extremes.MOST
    first = strip.x[strip.y == strip.y[0]]
    assert first.min() == result.bn.probes[0].min() and first.max() == result.bn.probes[0].max()
    assert np.median(first) == pytest.approx(np.median(result.bn.probes[0]), rel=0.02)


def test_normalized_counts_what_it_leaves_out(say: Say) -> None:
    result = made.extremes()
    values = result.bn.normalized.copy()
    values[1], values[2] = np.nan, -1.0
    figure = extremes.normalized(
        replace(result, bn=replace(result.bn, normalized=values)), Look(), say
    )
    bn, plain = figure.data
    assert bn.name == say("plots.smooth.part", net=say("net.bn"), shown=2, total=4)
    assert plain.name == say("net.plain")
    assert (bn.x == values[[0, 3]]).all()


@pytest.mark.parametrize("draw", [extremes.ruler, extremes.normalized, extremes.traces])
def test_the_first_seed_is_on_top(draw: Callable[..., go.Figure], say: Say) -> None:
    points = traces(draw(made.extremes(), Look(), say), mode="markers")
    every = [point.y for point in points if point.y is not None and len(point.y) == 4]
    assert len(every) >= 2 and all((np.diff(y) < 0).all() for y in every)


def test_traces_on_an_axis_of_both_signs(say: Say) -> None:
    result = made.extremes()
    figure = extremes.traces(result, Look(), say)
    shown = figure.data[0]
    unit = result.bn.trace[0] / np.sinh(shown.x[0])
    assert unit * np.sinh(shown.x) == pytest.approx(result.bn.trace)
    high = unit * np.sinh(shown.x + shown.error_x.array)
    low = unit * np.sinh(shown.x - shown.error_x.arrayminus)
    assert high == pytest.approx(result.bn.trace + result.bn.trace_margin)
    assert low == pytest.approx(result.bn.trace - result.bn.trace_margin)
    assert "0" in figure.layout.xaxis.ticktext
    assert any(text.startswith("-") for text in figure.layout.xaxis.ticktext)


def test_traces_of_one_size_on_a_linear_axis(say: Say) -> None:
    result = made.extremes()
    figure = extremes.traces(Extremes(result.bn, result.bn), Look(), say)
    shown = figure.data[1]
    assert (shown.x == result.bn.trace).all()
    assert shown.error_x.array == pytest.approx(result.bn.trace_margin)
    assert shown.error_x.arrayminus == pytest.approx(result.bn.trace_margin)
    assert figure.layout.xaxis.ticktext is None


# ---------------------------------------------------------------- density


@pytest.mark.parametrize("net", NETS)
def test_density_of_a_large_net(net: str, say: Say) -> None:
    result = made.density(exact=False)
    result = replace(result, **{net: replace(getattr(result, net), band=3.0)})
    figure = density.density(result, Look(), say)
    (line,) = traces(figure, name=say(f"net.{net}"))
    side = getattr(result, net)
    assert result.unit * np.sinh(line.x) == pytest.approx(result.grid, abs=1e-6)
    shown = side.mean > 0
    assert (line.y[shown] == side.mean[shown]).all()
    (area,) = traces(figure, fill="toself", legendgroup=net)
    high = area.y[: len(area.y) // 2]
    assert high.max() == pytest.approx((side.quadrature + 3 * side.quadrature_error).max())
    assert not traces(figure, yaxis="y2"), "no eigenvalue is known by itself"
    assert figure.layout.yaxis.type == "log"


@pytest.mark.parametrize("net", NETS)
def test_density_of_a_small_net(net: str, say: Say) -> None:
    result = made.density(exact=True)
    side = getattr(result, net)
    figure = density.density(result, Look(), say)
    (rug,) = traces(figure, yaxis="y2", name=say(f"net.{net}"))
    assert (np.asarray(rug.customdata) == side.exact).all()
    assert rug.x == pytest.approx(np.arcsinh(side.exact / result.unit))
    (dotted,) = [t for t in traces(figure, legendgroup=net) if t.line.dash == "dot"]
    shown = side.quadrature > 0
    assert (dotted.y[shown] == side.quadrature[shown]).all()
    assert say("plots.smooth.density.exact") in [
        note.text.replace("<br>", " ") for note in figure.layout.annotations
    ]


def test_density_ticks_are_eigenvalues(say: Say) -> None:
    result = made.density()
    axis = density.density(result, Look(), say).layout.xaxis
    told = [float(text) for text in axis.ticktext]
    assert result.unit * np.sinh(np.array(axis.tickvals)) == pytest.approx(told)
    assert 0 in told and min(told) <= -1e5 and max(told) >= 1e5


magnitude = st.floats(1e-12, 1e25)


@given(magnitude, magnitude, st.floats(1e-6, 1e6))
def test_symmetric_axis(low: float, high: float, unit: float) -> None:
    axis = symmetric([-low, high], unit)
    ticks, texts = axis["tickvals"], axis["ticktext"]
    assert len(ticks) == len(texts) == len(set(texts)) and 0 in ticks
    assert len(ticks) <= 12
    assert (np.diff(ticks) > 0).all()
    start, end = axis["range"]
    assert start < place(-low, unit) and place(high, unit) < end
    assert all(start < tick < end for tick in ticks)


def test_symmetric_axis_of_one_sign_and_of_nothing() -> None:
    assert symmetric([], 1.0)["ticktext"] == ["-1", "0", "1"]
    assert symmetric([np.nan, np.inf], 1.0) == symmetric([], 1.0)
    texts = symmetric([5.0, 2e6], 1.0)["ticktext"]
    assert texts[0] == "0" and texts[-1] == "1e6"
