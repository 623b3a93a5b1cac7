"""Names at ends: where what they name ends, and none upon another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnviz.plots.nets import named_at_ends, ribbon
from bnviz.plots.theme import BN, PLAIN
from bnviz.plots.traces import dots, line

AXIS = {"range": [0.0, 10.0]}


def test_each_kind_is_named_at_its_own_end() -> None:
    x = [0.0, 1.0, 2.0]
    traces = [
        line(x, [9, 9, 8], BN, name="line"),
        dots(x, [3, 4, np.nan], PLAIN, name="dots"),
        ribbon(x, [0, 0, 1], [0, 0, 3], BN) | {"name": "area", "line": {"color": BN}},
        line(x, [np.nan] * 3, BN, name="nothing"),
    ]
    places = {name["text"]: (name["x"], name["y"]) for name in named_at_ends(traces, AXIS)}
    assert places == {
        "line": (2, pytest.approx(0.8)),
        "dots": (1, pytest.approx(0.4)),
        "area": (2, pytest.approx(0.25)),
    }, "a line and dots where they end, an area three quarters up"
    assert not any(trace["showlegend"] for trace in traces)


def test_on_one_of_several_axes_names_stand_beside_that_one() -> None:
    axis = {"range": [0.0, 2.0], "type": "log", "domain": [0.5, 0.75]}
    (name,) = named_at_ends([line([1, 100], [1, 10], BN, name="a")], axis, log_x=True)
    assert (name["x"], name["y"]) == pytest.approx((2, 0.625))


@given(
    ends=st.lists(st.floats(-5, 15), min_size=1, max_size=4),
    names=st.lists(st.sampled_from(["one", "one line more than it"]), min_size=4, max_size=4),
)
def test_no_name_stands_on_another_or_beyond_the_axis(ends: list[float], names: list[str]) -> None:
    traces = [line([0, 1], [0, end], BN, name=name) for end, name in zip(ends, names, strict=False)]
    placed = named_at_ends(traces, AXIS, apart=0.1)
    reach = [0.05 * (name["text"].count("<br>") + 1) for name in placed]
    lows = [name["y"] - half for name, half in zip(placed, reach, strict=True)]
    tops = [name["y"] + half for name, half in zip(placed, reach, strict=True)]
    assert all(low >= top - 1e-9 for low, top in zip(lows, tops[1:], strict=False))
    assert min(lows) >= -0.02 - 1e-9 and max(tops) <= 1.02 + 1e-9
