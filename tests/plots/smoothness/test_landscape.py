"""The loss on planes and lines: shared colours, heights as they are, the path where it went."""

import re
from dataclasses import replace

import numpy as np
import pytest

from bnviz.core.smoothness.landscape import Landscape
from bnviz.plots.smoothness import landscape
from bnviz.plots.theme import Look, Say
from tests.plots.conftest import traces
from tests.plots.smoothness import results as made

NETS = ("bn", "plain")


@pytest.mark.parametrize("net", NETS)
def test_contour_shows_the_losses(net: str, say: Say) -> None:
    result = made.landscape()
    figure = landscape.contour(result, net, "random", Look(), say)
    plane, path, star = figure.data
    side = getattr(result, net)
    assert plane.z == pytest.approx(np.log10(side.loss)), "row i at second[i]"
    assert (plane.x == side.first).all() and (plane.y == side.second).all()
    assert np.asarray(plane.customdata) == pytest.approx(side.loss)
    assert np.stack([path.x, path.y], axis=1) == pytest.approx(side.path)
    assert tuple(path.customdata) == pytest.approx(side.path_loss)
    assert path.text[3] == say("plots.smooth.epoch", epoch=3)
    assert tuple(star.x) == tuple(star.y) == (0.0,)
    assert star.hovertemplate.startswith(say("plots.smooth.here"))


def test_both_nets_share_colours(say: Say) -> None:
    result = made.landscape()
    every = np.concatenate([result.bn.loss, result.plain.loss])
    ends = np.log10(every.min()), np.log10(max(every.max(), result.plain.path_loss.max()))
    for net in NETS:
        plane = landscape.contour(result, net, "random", Look(), say).data[0]
        assert (plane.zmin, plane.zmax) == pytest.approx(ends)
        skin = landscape.surface(result, net, "random", Look(), say).data[0]
        assert (skin.cmin, skin.cmax) == pytest.approx(ends)
        assert skin.colorscale == plane.colorscale


def test_colours_are_linear_over_a_narrow_span_and_say_so(say: Say) -> None:
    narrow, wide = made.landscape(steep=1.1), made.landscape(steep=1e4)
    plane = landscape.contour(narrow, "bn", "random", Look(), say).data[0]
    assert plane.z == pytest.approx(narrow.bn.loss)
    assert plane.colorbar.title.text == say("plots.smooth.loss_linear")
    bar = landscape.contour(wide, "bn", "random", Look(), say).data[0].colorbar
    assert bar.title.text == say("plots.smooth.loss_log")
    assert 10**bar.tickvals == pytest.approx([float(text) for text in bar.ticktext])
    scene = landscape.surface(wide, "bn", "random", Look(), say).layout.scene
    assert scene.zaxis.title.text == say("plots.smooth.loss_log")


@pytest.mark.parametrize("draw", [landscape.contour, landscape.surface])
def test_a_plane_without_a_finite_loss_says_so(draw, say: Say) -> None:
    result = made.landscape()
    lost = replace(result, bn=replace(result.bn, loss=np.full_like(result.bn.loss, np.nan)))
    said = {
        net: [
            n.text.replace("<br>", " ")
            for n in draw(lost, net, "random", Look(), say).layout.annotations
        ]
        for net in NETS
    }
    assert say("plots.smooth.no_loss") in said["bn"] and len(said["plain"]) == 1


def test_a_loss_of_zero_keeps_the_scale_linear(say: Say) -> None:
    result = made.landscape()
    flat = replace(result, bn=replace(result.bn, loss=0 * result.bn.loss))
    plane = landscape.contour(flat, "plain", "random", Look(), say).data[0]
    assert plane.z == pytest.approx(result.plain.loss)


@pytest.mark.parametrize("net", NETS)
def test_the_path_lies_at_its_own_losses(net: str, say: Say) -> None:
    result = made.landscape()
    figure = landscape.surface(result, net, "path", Look(), say)
    skin, path, here = figure.data
    side = getattr(result, net)
    assert skin.z == pytest.approx(np.log10(side.loss))
    assert path.z == pytest.approx(np.log10(side.path_loss))
    assert 10 ** here.z[0] == pytest.approx(1.0), "the loss at the net"
    assert figure.layout.scene.uirevision, "a finer plane does not turn the view back"


def test_overflow_is_a_hole(say: Say) -> None:
    result = made.landscape()
    loss = result.plain.loss.copy()
    loss[0, 0] = np.inf
    plane = landscape.contour(
        replace(result, plain=replace(result.plain, loss=loss)), "plain", "random", Look(), say
    ).data[0]
    assert np.isnan(plane.z[0, 0]) and np.isfinite(plane.zmax)


def test_no_path_no_line(say: Say) -> None:
    result = made.landscape(path=False)
    assert len(landscape.contour(result, "bn", "random", Look(), say).data) == 2
    assert len(landscape.surface(result, "bn", "random", Look(), say).data) == 2


def test_axes_say_what_a_direction_is_worth(say: Say) -> None:
    result = made.landscape()
    figure = landscape.contour(result, "bn", "path", Look(), say)
    name = say("plots.smooth.plane.path", number=2)
    title = figure.layout.yaxis.title.text
    assert title == say("plots.smooth.plane.share", name=name, share=0.12)
    assert name in title and re.search(r"\b12\s?%", title)
    figure = landscape.contour(result, "bn", "eigen", Look(), say)
    name = say("plots.smooth.plane.eigen", number=1)
    assert figure.layout.xaxis.title.text == say(
        "plots.smooth.plane.curvature", name=name, value="0.830"
    )
    unknown = replace(result, bn=replace(result.bn, explained=np.full(2, np.nan)))
    figure = landscape.contour(unknown, "bn", "eigen", Look(), say)
    assert figure.layout.xaxis.title.text == name


@pytest.mark.parametrize("net", NETS)
def test_lines(net: str, say: Say) -> None:
    result = made.landscape()
    figure = landscape.lines(result, Look(), say)
    side = getattr(result, net)
    (line,) = traces(figure, name=say(f"net.{net}"))
    assert (line.x == side.distances).all()
    assert line.y == pytest.approx(np.median(side.lines, axis=0))
    (area,) = traces(figure, fill="toself", legendgroup=net)
    ends = side.lines.max(axis=0), side.lines.min(axis=0)[::-1]
    assert area.y == pytest.approx(np.concatenate(ends))
    assert figure.layout.yaxis.type == "log"
    narrow = landscape.lines(made.landscape(steep=1.0), Look(), say)
    assert narrow.layout.yaxis.type is None


def test_lines_that_overflow_are_counted(say: Say) -> None:
    result = made.landscape()
    lines = result.plain.lines.copy()
    lines[:3, 0] = np.inf
    told: Landscape = replace(result, plain=replace(result.plain, lines=lines))
    figure = landscape.lines(told, Look(), say)
    (line,) = traces(
        figure, name=say("plots.smooth.part", net=say("net.plain"), shown=13, total=16)
    )
    assert line.y[0] == pytest.approx(np.median(lines[3:, 0]))
