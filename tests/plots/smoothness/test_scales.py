"""The document's probes one by one, and probes over their scale."""

from dataclasses import replace

import numpy as np
import pytest

from bnviz.core.smoothness.document import Replay
from bnviz.plots.smoothness import document, scales
from bnviz.plots.theme import Look, Say
from tests.plots.conftest import traces
from tests.plots.smoothness import results as made

NETS = ("bn", "plain")


def named(figure, name):
    (trace,) = traces(figure, name=name)
    return trace


@pytest.mark.parametrize("net", NETS)
def test_published_zeros_stand_on_a_floor_labelled_zero(net: str, say: Say) -> None:
    result = made.document()
    figure = document.replay(result, Look(), say)
    drawn = named(figure, say("plots.smooth.published", net=say(f"net.{net}")))
    published = getattr(result, net).published
    assert (np.asarray(drawn.customdata) == published).all()
    assert drawn.y[0] == published[0] and (drawn.y[1:] > 0).all(), "a logarithm has no zero"
    every = np.concatenate([result.bn.corrected, result.plain.corrected])
    assert (drawn.y[1:] < every.min()).all()
    axis = figure.layout.yaxis
    assert axis.type == "log" and axis.ticktext[0] == "0"
    assert np.allclose(drawn.y[1:] / axis.tickvals[0], drawn.y[1] / axis.tickvals[0])
    assert 0.5 < drawn.y[1] / axis.tickvals[0] < 2
    assert 10 ** axis.range[0] < drawn.y[1], "on screen"


def test_the_zeros_of_one_net_do_not_hide_those_of_the_other(say: Say) -> None:
    figure = document.replay(made.document(), Look(), say)
    floors = {t.y[-1] for t in figure.data if t.customdata[-1] == 0}
    assert len(floors) == 2


@pytest.mark.parametrize("net", NETS)
def test_corrected_values_are_those_of_the_result(net: str, say: Say) -> None:
    result = made.document()
    figure = document.replay(result, Look(), say)
    drawn = named(figure, say("plots.smooth.corrected", net=say(f"net.{net}")))
    assert (drawn.y == getattr(result, net).corrected).all()
    assert drawn.x[0] == 1 and drawn.x[-1] == 100
    assert drawn.marker.symbol.endswith("-open")


def test_published_lies_on_top_and_each_is_named_beside_its_middle(say: Say) -> None:
    result = made.document()
    figure = document.replay(result, Look(), say)
    assert figure.data[-1].name == say("plots.smooth.published", net=say("net.plain"))
    names = {note.text.replace("<br>", " "): note for note in figure.layout.annotations}
    for drawn in figure.data:
        assert names[drawn.name].x == 101
        assert names[drawn.name].font.color == Look().words(drawn.marker.color)
    heights = np.sort([names[drawn.name].y for drawn in figure.data])
    assert (np.diff(heights) > 0.09).all(), "none touches another"


def test_drift(say: Say) -> None:
    result = made.document()
    figure = document.drift(result, Look(), say)
    for net in NETS:
        assert (named(figure, say(f"net.{net}")).y == getattr(result, net).drift).all()


def with_moment(result: Replay, first: int | None) -> Replay:
    """From which probe on, counted from 0, the copies are no copies."""
    shared = np.arange(100) >= (1000 if first is None else first)
    return Replay(replace(result.bn, shared=shared), replace(result.plain, shared=shared))


@pytest.mark.parametrize("draw", [document.replay, document.drift])
def test_the_moment_is_marked_where_it_is(draw, say: Say) -> None:
    """After probe k + 1, which is probe number k + 1 on the axis."""
    for first, place in ((0, 1.5), (7, 8.5)):
        figure = draw(with_moment(made.document(), first), Look(), say)
        (line,) = figure.layout.shapes
        *_, words = figure.layout.annotations
        assert line.x0 == line.x1 == words.x == place
        assert words.text == say("plots.smooth.one")
    figure = draw(with_moment(made.document(), None), Look(), say)
    assert not figure.layout.shapes
    assert say("plots.smooth.one") not in [note.text for note in figure.layout.annotations]


# ---------------------------------------------------------------- scales


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize(
    ("style", "suffix", "field"),
    [
        ("median", "", "median"),
        ("largest", "", "largest"),
        ("smooth", "", "smooth"),
        ("median_float32", "_float32", "median"),
        ("largest_float32", "_float32", "largest"),
    ],
)
def test_curves_over_scales(net: str, style: str, suffix: str, field: str, say: Say) -> None:
    result = made.scales()
    figure = scales.scales(result, Look(), say)
    drawn = named(figure, f"{say(f'net.{net}')}, {say(f'plots.smooth.scales.{style}')}")
    assert (drawn.x == result.scales).all()
    assert (drawn.y == getattr(getattr(result, net + suffix), field)).all()
    assert drawn.line.color == Look().net(net)
    assert drawn.legendgroup == style, "one click takes it away from both nets"


def test_limits_are_labelled_at_their_height(say: Say) -> None:
    result = made.scales()
    figure = scales.scales(result, Look(), say)
    assert figure.layout.xaxis.type == figure.layout.yaxis.type == "log"
    low, high = figure.layout.yaxis.range
    limits = np.log10([result.bn_limit, result.plain_limit])
    heights = [note.y for note in figure.layout.annotations]
    assert np.sort(heights) == pytest.approx(np.sort((limits - low) / (high - low)), abs=0.06)
    alike = replace(result, bn_limit=result.plain_limit)
    first, second = scales.scales(alike, Look(), say).layout.annotations
    assert abs(first.y - second.y) > 0.1, "none touches the other"
    unknown = replace(result, bn_limit=float("nan"))
    (note,) = scales.scales(unknown, Look(), say).layout.annotations
    assert say("net.plain") in note.text.replace("<br>", " ")


def test_kinks(say: Say) -> None:
    result = made.scales()
    figure = scales.kinks(result, Look(), say)
    panels = {axis: traces(figure, yaxis=axis) for axis in (None, "y2", "y3")}
    for index, net in enumerate(NETS):
        sweep, single = getattr(result, net), getattr(result, f"{net}_float32")
        assert (panels[None][index].y == sweep.kink_share).all()
        assert (np.asarray(panels["y2"][index].customdata) == sweep.crossed).all()
        assert panels["y3"][index].y == pytest.approx(single.noise / single.median)
    counts = panels["y2"][0].y
    assert (counts > 0).all() and result.bn.crossed[0] == 0
    assert figure.layout.yaxis2.ticktext[0] == "0"
    assert figure.layout.yaxis.range[0] < 0 and figure.layout.yaxis.range[1] > 1


def test_a_share_outside_0_and_1_is_on_screen(say: Say) -> None:
    result = made.scales()
    odd = replace(result, bn=replace(result.bn, kink_share=np.full(15, 1.7)))
    assert scales.kinks(odd, Look(), say).layout.yaxis.range[1] > 1.7


def test_without_rectifiers_there_are_no_kinks(say: Say) -> None:
    smooth = replace(made.scales(), bn_rectifiers=0, plain_rectifiers=0)
    figure = scales.kinks(smooth, Look(), say)
    assert {t.yaxis for t in figure.data} == {"y3"}
    assert say("plots.smooth.no_rectifiers") in figure.layout.annotations[0].text
    one = replace(made.scales(), bn_rectifiers=0)
    figure = scales.kinks(one, Look(), say)
    assert len(traces(figure, yaxis="y2")) == 1
    assert say("plots.smooth.axis.share") in figure.layout.annotations[0].text
