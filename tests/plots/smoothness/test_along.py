"""Santurkar's three along a training."""

from dataclasses import replace

import numpy as np
import pytest

from bnviz.plots.smoothness import along
from bnviz.plots.theme import Look, Say
from tests.plots.conftest import traces
from tests.plots.smoothness import results as made

NETS = ("bn", "plain")


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("quantity", ["loss", "change"])
def test_ranges_over_step_sizes(net: str, quantity: str, say: Say) -> None:
    result = made.along()
    figure = along.along(result, quantity, Look(), say)
    side = getattr(result, net)
    low = np.median(getattr(side, f"{quantity}_low"), axis=1)
    high = np.median(getattr(side, f"{quantity}_high"), axis=1)
    (area,) = traces(figure, fill="toself", legendgroup=net)
    assert area.y == pytest.approx(np.concatenate([high, low[::-1]]))
    (line,) = traces(figure, name=say(f"net.{net}"))
    assert line.y == pytest.approx(np.median(side.loss, axis=1) if quantity == "loss" else high)
    assert (line.x == result.steps).all()
    assert figure.layout.yaxis.type == "log"


@pytest.mark.parametrize("net", NETS)
def test_smoothness_has_a_band_over_seeds(net: str, say: Say) -> None:
    result = made.along()
    figure = along.along(result, "smoothness", Look(), say)
    smoothness = getattr(result, net).smoothness
    (line,) = traces(figure, name=say(f"net.{net}"))
    assert line.y == pytest.approx(np.median(smoothness, axis=1))
    (area,) = traces(figure, fill="toself", legendgroup=net)
    low, high = np.quantile(smoothness, (0.1, 0.9), axis=1)
    assert area.y == pytest.approx(np.concatenate([high, low[::-1]]))


@pytest.mark.parametrize("quantity", along.QUANTITIES)
def test_diverged_seeds_are_counted_and_do_not_move_the_rest(quantity: str, say: Say) -> None:
    result = made.along()
    gone = {}
    for name in result.plain.__dataclass_fields__:
        values = getattr(result.plain, name).copy()
        values[30:, 0] = np.inf if name.endswith("high") else np.nan
        gone[name] = values
    figure = along.along(
        replace(result, plain=replace(result.plain, **gone)), quantity, Look(), say
    )
    name = say("plots.smooth.part", net=say("net.plain"), shown=3, total=4)
    (line,) = traces(figure, name=name)
    assert np.isfinite(line.y).all()
    (area,) = traces(figure, fill="toself", legendgroup="plain")
    assert len(area.x) == 2 * len(result.steps)


def test_the_axis_fits_what_is_drawn(say: Say) -> None:
    result = made.along()
    figure = along.along(result, "change", Look(), say)
    low, high = 10 ** np.array(figure.layout.yaxis.range)
    assert low < np.median(result.bn.change_low, axis=1).min()
    assert high > np.median(result.plain.change_high, axis=1).max()
