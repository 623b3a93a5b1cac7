"""Maps of a sweep's cells, and its curves: each cell where it belongs, with what came of it."""

from collections.abc import Sequence

import numpy as np
import pytest

from bnviz.core.sweep.atlas import outcomes
from bnviz.core.sweep.config import RATE, Axis, SweepConfig, cells
from bnviz.core.sweep.grid import grid, rates
from bnviz.core.sweep.presets import PRESETS
from bnviz.plots.sweep import curves, maps
from bnviz.plots.theme import READABLE, Look, Say, contrast
from tests.plots.conftest import assert_sound, house_colors

CONFIG, OUTCOMES = PRESETS["depth_rate"], outcomes("depth_rate")


def test_a_cell_shows_the_median_of_its_seeds_where_its_settings_say(say: Say, look: Look) -> None:
    shown = grid(CONFIG, OUTCOMES, "loss")
    for net in ("bn", "plain"):
        figure = maps.net_map(shown, net, look, say)
        assert_sound(figure)
        drawn, light, signs = figure.data
        said = dict(zip(zip(signs.x, signs.y, strict=True), signs.text, strict=True))
        assert signs.textfont.color == look.ink, "read on the page's own ground"
        for cell in cells(CONFIG):
            column, row = cell.place
            assert drawn.customdata[row][column] == cell.index
            for axis, at in ((figure.layout.xaxis, column), (figure.layout.yaxis, row)):
                assert axis.tickvals[at] == axis.categoryarray[at], "else 4 is the batch size 4"
            losses = getattr(OUTCOMES[cell.index], net).validation_loss[-1]
            if np.isfinite(losses).any():
                assert np.isclose(drawn.z[row][column], np.log10(np.nanmedian(losses)))
                assert bool(drawn.text[row][column]) != bool(light.text[row][column]), (
                    "written once"
                )
            else:
                assert np.isnan(drawn.z[row][column]) and not drawn.text[row][column]
                assert np.isnan(light.z[row][column]) and not light.text[row][column]
                assert said[drawn.x[column], drawn.y[row]] == "×"


def test_colours_of_the_difference_are_those_of_the_nets(say: Say, look: Look) -> None:
    shown = grid(CONFIG, OUTCOMES, "divergence")
    figure = maps.difference_map(shown, look, say)
    assert_sound(figure)
    drawn, light, _ = figure.data
    for row, column in np.ndindex(drawn.z.shape):
        written, dark = drawn.text[row][column], light.text[row][column]
        assert not (written and dark), "once"
        assert np.isnan(light.z[row][column]) or light.z[row][column] == drawn.z[row][column]
    ends = drawn.colorscale[-1][1], drawn.colorscale[0][1]
    assert ends == house_colors(look)
    for cell in cells(CONFIG):
        column, row = cell.place
        bn, plain = (getattr(OUTCOMES[cell.index], net).diverged.mean() for net in ("bn", "plain"))
        assert drawn.z[row][column] == plain - bn


def test_a_number_is_read_on_the_colour_of_its_cell(say: Say, look: Look) -> None:
    shown = grid(CONFIG, OUTCOMES, "divergence"), grid(CONFIG, OUTCOMES, "loss")
    for each in shown:
        figures = [maps.net_map(each, net, look, say) for net in ("bn", "plain")]
        for figure in (*figures, maps.difference_map(each, look, say)):
            assert_sound(figure)
            for trace in figure.data[:2]:
                for row, column in zip(*np.nonzero(np.array(trace.text) != ""), strict=True):
                    share = (trace.z[row][column] - trace.zmin) / (trace.zmax - trace.zmin)
                    ground = _at(share, trace.colorscale)
                    assert contrast(trace.textfont.color, ground) >= READABLE


def _at(share: float, colorscale: Sequence[tuple[float, str]]) -> str:
    stops = [[int(color[i : i + 2], 16) for i in (1, 3, 5)] for _, color in colorscale]
    mixed = [np.interp(share, [at for at, _ in colorscale], part) for part in np.transpose(stops)]
    return "#" + "".join(f"{round(float(part)):02X}" for part in mixed)


@pytest.mark.parametrize("written", [
    ("0.85", "0.85"), ("1300", "1e3"), ("-0.56", "-0.6"), ("-0.04", "0"), ("0.012", "1e-2"),
    ("1.2e12", "1e12"), ("−22", "−22"), ("100", "100"), ("×", "×"),
])  # fmt: skip
def test_a_cell_has_room_for_three_digits(written: tuple[str, str]) -> None:
    told, shown = written
    assert maps.short(told) == shown


def test_a_sweep_without_cells_is_drawn_and_so_is_a_slice_of_three_axes(say: Say) -> None:
    empty = grid(CONFIG, {}, "loss")
    for figure in (maps.net_map(empty, "bn", Look(), say), maps.difference_map(empty, Look(), say)):
        assert_sound(figure)
        assert not any(text for row in figure.data[0].text for text in row)
    over = Axis(field="network.activation", values=("relu", "tanh"))
    three = SweepConfig(base=CONFIG.base, axes=(*CONFIG.axes, over))
    second = grid(three, {}, "loss", third=1).cells
    settings = [cells(three)[index].settings["network.activation"] for index in second.ravel()]
    assert set(settings) == {"tanh"}


def test_stable_rates_are_those_of_whole_columns(say: Say, look: Look) -> None:
    stable = rates(CONFIG, OUTCOMES)
    assert stable is not None
    figure = curves.stable_rates(stable, look, say)
    assert_sound(figure)
    some = {index: each for index, each in OUTCOMES.items() if index != cells(CONFIG)[-1].index}
    partly = rates(CONFIG, some)
    assert partly is not None and np.isnan(partly.bn[-1]).all()
    np.testing.assert_array_equal(partly.bn[:-1], stable.bn[:-1])
    assert rates(PRESETS["eps_scale"], {}) is None and RATE not in str(PRESETS["eps_scale"].axes)
    assert_sound(curves.losses(OUTCOMES[0], look, say))
