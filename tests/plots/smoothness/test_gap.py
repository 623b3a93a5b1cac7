"""Six cells, and the steps that lead from one to the next."""

from dataclasses import replace

import numpy as np
import pytest

from bnviz.core.smoothness.gap import CELLS, STEPS, split
from bnviz.plots.smoothness import gap
from bnviz.plots.theme import Look, Say
from tests.plots.conftest import traces
from tests.plots.smoothness import results as made


@pytest.mark.parametrize("quantity", gap.QUANTITIES)
def test_cells_hold_every_seed(quantity: str, say: Say) -> None:
    result = made.gap()
    figure = gap.cells(result, quantity, Look(), say)
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.xaxis.title.text == say(f"plots.smooth.quantity.{quantity}")
    drawn = [t for t in figure.data if t.x[0] is not None]
    values = getattr(result, quantity)
    for cell, name in enumerate(CELLS):
        net = "bn" if name.startswith("bn") else "plain"
        before, after = drawn[2 * cell : 2 * cell + 2]
        assert (before.x == values[0, cell]).all() and (after.x == values[1, cell]).all()
        assert before.marker.color == after.marker.color == Look().net(net)
        assert before.marker.symbol == after.marker.symbol + "-open"
        row = figure.layout.yaxis.tickvals[cell]
        assert np.abs(before.y - row).max() < 0.5 and np.abs(after.y - row).max() < 0.5
        label = figure.layout.yaxis.ticktext[cell]
        assert say(f"net.{net}") in label
        assert say(f"plots.smooth.inputs.{name.split('_')[1]}") in label


def test_cells_are_named_apart(say: Say) -> None:
    labels = gap.cells(made.gap(), "largest", Look(), say).layout.yaxis.ticktext
    assert len(set(labels)) == len(CELLS)
    assert say("option.eval") in labels[CELLS.index("bn_raw_eval")]


def test_cells_count_what_they_leave_out(say: Say) -> None:
    result = made.gap()
    largest = result.largest.copy()
    largest[1, 0, :3], largest[0, 2, 0] = np.nan, -5.0
    figure = gap.cells(replace(result, largest=largest), "largest", Look(), say)
    labels = figure.layout.yaxis.ticktext
    for cell, shown in ((0, 5), (2, 7)):
        inputs = say(f"plots.smooth.inputs.{CELLS[cell].split('_')[1]}")
        below = say("plots.smooth.part", net=inputs, shown=shown, total=8)
        assert labels[cell].endswith("<br>" + below)
        assert figure.layout.margin.l >= 7 * len(below)
    assert labels[1].startswith(say("net.plain") + "<br>")
    assert "8" not in labels[1]


def test_each_bar_begins_where_the_last_one_ended(say: Say) -> None:
    result = made.gap()
    figure = gap.split(split(result), Look(), say)
    for index, bars in enumerate(t for t in figure.data if t.base is not None):
        levels = np.log10(result.largest[index, :5]).mean(axis=1)
        above = levels - levels[-1]  # each cell against BN, raw, eval mode
        assert bars.base[0] == 0 and bars.x[0] == pytest.approx(above[0])
        assert bars.base[1:] == pytest.approx(above[:-1])
        assert (bars.base + bars.x)[1:] == pytest.approx(above[1:], abs=1e-12)


def test_factors_are_written_as_one_reads_them(say: Say) -> None:
    parts = {
        "inputs": np.log10([[4e5, 4e5], [100.0, 100.0]]),
        "bn": np.log10([[2.0, 0.5], [1.0, 1.0]]),
        "inputs_bn": np.log10([[1.0, 1.0], [0.25, 0.25]]),
        "mode": np.log10([[0.01, 0.01], [0.5, 0.5]]),
    }
    figure = gap.split(parts, Look(), say)
    texts = [note.text.replace("\N{NO-BREAK SPACE}", " ") for note in figure.layout.annotations]
    assert texts[:5] == ["× 4,000", "÷ 400,000", "× 1", "× 1", "× 100"]
    assert texts[5:] == ["× 12", "÷ 100", "× 1", "× 4", "× 2"]
    before = next(t for t in figure.data if t.base is not None)
    reach = before.error_x.array[2], before.error_x.arrayminus[2]
    assert reach == pytest.approx([np.log10(2)] * 2), "from the least to the largest seed"


def test_split_ticks_are_ratios(say: Say) -> None:
    axis = gap.split(split(made.gap()), Look(), say).layout.xaxis
    assert 10**axis.tickvals == pytest.approx([float(text) for text in axis.ticktext])
    assert axis.range[0] < -1.5 and axis.range[1] > 3.5


def test_split_names_each_step(say: Say) -> None:
    names = gap.split(split(made.gap()), Look(), say).layout.yaxis.ticktext
    told = [name.replace("<br>", " ") for name in names]
    assert told == [
        say("plots.smooth.gap.total"),
        *(say(f"plots.smooth.step.{step}") for step in STEPS),
    ]


def test_split_counts_seeds_that_are_not_whole(say: Say) -> None:
    result = made.gap()
    largest = result.largest.copy()
    largest[1, 0, 1] = np.nan
    parts = split(replace(result, largest=largest))
    figure = gap.split(parts, Look(), say)
    legend = [t.name for t in figure.data if t.showlegend is not False]
    some = say("plots.smooth.part", net=say("plots.smooth.gap.after"), shown=3, total=4)
    assert legend == [say("plots.smooth.gap.before"), some]
    largest[1] = np.nan
    figure = gap.split(split(replace(result, largest=largest)), Look(), say)
    assert len([t for t in figure.data if t.base is not None]) == 1, "training is not done"


def test_one_seed_has_no_whiskers(say: Say) -> None:
    bars = traces(gap.split(split(made.gap(seeds=1)), Look(), say), type="bar")
    assert [b.error_x.visible for b in bars if b.base is not None] == [False, False]
