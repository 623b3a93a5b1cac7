"""Two nets layer by layer: which parts stand where, what flows through them, and their errors."""

import numpy as np
import pytest

from bnviz.plots import flow
from bnviz.plots.theme import Look, Say
from tests.plots.conftest import house_colors, rgb


@pytest.mark.parametrize("net", ["bn", "plain"])
def test_each_distribution_stands_at_its_place(net: flow.Net, say: Say, look: Look) -> None:
    rng = np.random.default_rng(0)
    places = flow.places(net)
    height = rng.integers(1, 255, (len(places), 9), dtype=np.uint8)
    ends = np.sort(rng.normal(size=(len(places), 2)).astype(np.float32), axis=1)
    labels = [str(place) for place in range(len(places))]
    figure = flow.layers(net, height, ends, labels, look, say)
    color = house_colors(look)[net == "plain"]
    assert len(figure.data) == len(places)
    for trace, place, high, (low, top) in zip(figure.data, places, height, ends, strict=True):
        right, left = np.split(np.asarray(trace.x), 2)
        assert right - place == pytest.approx(flow.REACH * high / 255)
        assert (right + left[::-1]) / 2 == pytest.approx(place)
        up, down = np.split(np.asarray(trace.y), 2)
        assert up == pytest.approx(np.linspace(low, top, 9)) == down[::-1]
        assert trace.line.color == color and trace.fillcolor.startswith(rgb(color))
        assert trace.showlegend is False
    axis = figure.layout.xaxis
    assert list(axis.tickvals) == list(places) and list(axis.ticktext) == labels
    heading, *_ = figure.layout.annotations
    assert say(f"net.{net}") in heading.text and heading.font.color == look.words(color)


@pytest.mark.parametrize("net", ["bn", "plain"])
def test_the_parts_of_a_net_stand_in_their_order(net: flow.Net, say: Say) -> None:
    figure = flow.layers(net, np.zeros((0, 9), np.uint8), np.zeros((0, 2), "f4"), [], Look(), say)
    assert not figure.data, "nothing flows yet"
    answers, *boxes = figure.layout.shapes
    assert (answers.y0, answers.y1) == (-2, 2) and answers.xref == "paper"
    _, key, inputs, out, deviation, *words = figure.layout.annotations
    assert key.text == say("home.flow.shape" if net == "bn" else "home.flow.band")
    assert deviation.text == say("home.flow.deviation") and deviation.x < flow.places(net)[0]
    named = sorted(zip([(box.x0, box.x1) for box in boxes], words, strict=True), key=lambda x: x[0])
    layer = ["linear", "bn", "tanh"] if net == "bn" else ["linear", "tanh"]
    right = [say(f"home.flow.{part}") for part in [*(layer * flow.LAYERS), "linear"]]
    assert [word.text.replace("<br>", "") for _, word in named] == right
    edges = [edge for ends, _ in named for edge in ends]
    assert edges == sorted(edges), "no box lies on another"
    assert all(low < word.x < high for (low, high), word in named)
    assert inputs.x < edges[0] and edges[-1] < out.x
    assert all(box.y0 == -box.y1 and answers.y1 < box.y1 for box in boxes)
    outlines = [place + side * flow.REACH for place in flow.places(net) for side in (-1, 1)]
    assert not any(low < edge < high for (low, high), _ in named for edge in outlines)
    span = figure.layout.xaxis.range
    assert span[0] < inputs.x and out.x < span[1]


def test_errors_up_to_a_step(say: Say) -> None:
    error = np.array([[3.0, 4.0], [1.0, 2.0], [0.5, np.nan]])
    figure = flow.errors(1, error, Look(), say)
    for trace, net, right in zip(figure.data, ("bn", "plain"), error.T, strict=True):
        assert trace.name == say(f"net.{net}")
        assert list(trace.x) == [0, 1] and list(trace.y) == list(right[:2])
    assert figure.layout.yaxis.type == "log" and list(figure.layout.xaxis.range) == [0, 2]
    low, high = 10.0 ** np.array(figure.layout.yaxis.range)
    assert low < 0.5 and 4 < high < 10, "the axis is that of all steps"
