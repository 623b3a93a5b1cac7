"""Two trainings' nets compared over the seeds that both have."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from bnviz.core.configs import TrainConfig
from bnviz.core.training.pairing import Side, pair
from bnviz.core.training.snapshots import NetSnapshot, Snapshot

DATA = TrainConfig().data


def side(losses: list[float], seed: int = 0, **data: object) -> Side:
    """A net with these validation losses; what is NaN has diverged."""
    values = {field.name: np.empty(0) for field in fields(NetSnapshot)}
    values["validation_loss"] = np.array(losses)
    values["diverged"] = np.isnan(losses).astype(float)
    net = NetSnapshot(**values)
    config = TrainConfig(seeds=len(losses), seed=seed, data=DATA.model_copy(update=data))
    return Side(config, Snapshot(1, 1, 1.0, net, net, {}), "bn")


LOSSES = st.lists(st.sampled_from([1.0, 2.0, 3.0, float("nan")]), min_size=1, max_size=12)


@given(LOSSES, LOSSES, st.integers(0, 14))
def test_the_seeds_that_both_have_decide(one: list[float], two: list[float], shift: int) -> None:
    first, second = side(one), side(two, seed=shift)
    if shift >= len(one):
        assert pair(first, second).key == "no_seeds"
        return
    losses = np.nan_to_num(one[shift:], nan=np.inf), np.nan_to_num(two, nan=np.inf)
    shared = min(map(len, losses))
    wins = int((losses[0][:shared] < losses[1][:shared]).sum())
    lost = int((losses[0][:shared] > losses[1][:shared]).sum())
    told = pair(first, second)
    assert told.values["seeds"] == shared
    assert (told.values["first_wins"], told.values["second_wins"]) == (wins, lost)
    if told.key in ("first", "second"):
        assert binomtest(wins, wins + lost).pvalue <= 0.05
        assert (told.key == "first") == (wins > lost)
    elif told.key == "level":
        assert binomtest(wins, wins + lost).pvalue > 0.05
    turned = pair(second, first).key
    assert turned == {"first": "second", "second": "first"}.get(told.key, told.key)


@pytest.mark.parametrize("data", [{"samples": 70}, {"validation": 0.3}, {"clip_scores": False}])
def test_other_rows_are_no_pairs(data: dict[str, object]) -> None:
    assert pair(side([1.0] * 8), side([2.0] * 8, **data)).key == "other_data"


@pytest.mark.parametrize("data", [{"standardize": True}, {"input_scale": 10.0}])
def test_scaled_inputs_are_the_same_rows(data: dict[str, object]) -> None:
    assert pair(side([1.0] * 8), side([2.0] * 8, **data)).key == "first"


def test_a_net_is_not_compared_with_itself() -> None:
    one = side([1.0] * 8)
    assert pair(one, one).key == "same"
