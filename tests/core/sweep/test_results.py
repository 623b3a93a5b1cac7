"""Results of a sweep against scipy and against counting by hand, and what a verdict claims."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnviz.core.configs import TrainConfig
from bnviz.core.sweep.config import RATE, Axis, SweepConfig
from bnviz.core.sweep.outcome import NetOutcome, Outcome
from bnviz.core.sweep.results import results
from bnviz.core.sweep.table import rows
from bnviz.core.sweep.verdict import better, unused, value_name, verdict
from bnviz.core.training.comparison import compare, discovery_rates
from bnviz.core.verdict import Verdict


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_q_values_are_those_of_scipy(p: list[float]) -> None:
    from scipy.stats import false_discovery_control

    np.testing.assert_allclose(discovery_rates(p), false_discovery_control(p), rtol=1e-12)


def sweep(metric: str, seeds: int = 8) -> SweepConfig:
    axes = (
        Axis(field="optimizer.batch_size", values=(4, 16, 64)),
        Axis(field=RATE, values=(0.001, 0.1, 0.01)),
    )
    base = TrainConfig(seeds=seeds)
    return SweepConfig.model_validate({"base": base, "axes": axes, "metric": metric})


def net(loss: np.ndarray, gone: np.ndarray | None = None) -> NetOutcome:
    """A net that begins at a loss of 10 and ends at `loss` (S,)."""
    gone = np.zeros(len(loss)) if gone is None else gone
    losses = np.stack([np.full(len(loss), 10.0), np.where(gone > 0, np.nan, loss)])
    return NetOutcome(losses, losses, 1 - losses[-1] / 100, losses[-1] * 2, gone)


def test_the_largest_stable_rate_is_found_for_each_seed_of_a_column() -> None:
    """Rates stand in the order 0.001, 0.1, 0.01; a loss that grew is not stable either."""
    config, rng = sweep("stable_rate"), np.random.default_rng(0)
    ends = rng.choice([1.0, 20.0, np.nan], size=(2, 9, 8), p=[0.6, 0.2, 0.2])
    outcomes = {
        index: Outcome(
            np.array([0.0, 5.0]),
            *(net(np.nan_to_num(end), np.isnan(end).astype(float)) for end in ends[:, index]),
        )
        for index in range(9)
    }
    compared = results(config, outcomes)
    assert [each.settings for each in compared] == [
        {"optimizer.batch_size": size} for size in (4, 16, 64)
    ]
    for column, each in enumerate(compared):
        for values, losses in ((each.bn, ends[0]), (each.plain, ends[1])):
            for seed in range(8):
                stable = [
                    rate
                    for rate, end in zip(
                        (0.001, 0.1, 0.01), losses[3 * column : 3 * column + 3, seed], strict=True
                    )
                    if end == 1.0
                ]
                assert values[seed] == max(stable) if stable else np.isnan(values[seed])
    del outcomes[4]
    assert len(results(config, outcomes)) == 2  # a column that is not whole waits


@pytest.mark.parametrize(
    ("metric", "winner"),
    [("loss", "bn"), ("accuracy", "bn"), ("sharpness", "bn"), ("divergence", "plain")],
)
def test_which_net_is_better_depends_on_what_is_asked(metric: str, winner: str) -> None:
    """Where the plain net's finite losses are higher; all of BN's diverge where that is asked."""
    gone = np.ones(8) if metric == "divergence" else None
    outcome = Outcome(np.array([0.0, 5.0]), net(np.arange(8.0), gone), net(np.arange(8.0) + 1))
    compared = results(sweep(metric), dict.fromkeys(range(9), outcome))
    assert {better(each) for each in compared} == {winner}
    assert verdict(sweep(metric), compared)[0].values[winner] == 9


def test_cells_without_a_net_that_lasts_are_counted() -> None:
    lost = net(np.arange(8.0), np.ones(8))
    outcomes = {at: Outcome(np.array([0.0, 5.0]), lost, lost) for at in range(9)}
    outcomes[4] = Outcome(np.array([0.0, 5.0]), net(np.arange(8.0)), lost)
    told = verdict(sweep("loss"), results(sweep("loss"), outcomes))
    assert (told[-1].key, told[-1].values) == ("diverged", {"cells": 8})


@pytest.mark.parametrize("metric", ["stable_rate", "accuracy"])
def test_a_metric_that_no_seed_has_is_no_divergence(metric: str) -> None:
    """Every loss has grown, so no rate is stable; of targets that are all alike there is no R2."""
    lasting = replace(net(np.full(8, 20.0)), accuracy=np.full(8, np.nan))
    outcome = Outcome(np.array([0.0, 5.0]), lasting, lasting)
    told = verdict(sweep(metric), results(sweep(metric), dict.fromkeys(range(9), outcome)))
    assert [each.key for each in told] == ["nowhere"]


@given(st.integers(0, 2**32 - 1), st.sampled_from([4, 6, 10]))
def test_a_verdict_claims_no_more_than_its_cells_bear_out(seed: int, seeds: int) -> None:
    rng, config = np.random.default_rng(seed), sweep("loss", seeds)
    shift = rng.choice([-30.0, 0.0, 30.0], size=9)
    outcomes = {
        index: Outcome(
            np.array([0.0, 5.0]),
            net(rng.uniform(1, 9, seeds)),
            net(rng.uniform(1, 9, seeds) + shift[index]),
        )
        for index in range(9)
        if rng.random() < 0.8
    }
    compared = results(config, outcomes)
    told = verdict(config, compared)
    table = dict(zip(sorted(outcomes), rows(config, outcomes, compared), strict=True))
    for each in compared:
        right = compare(each.bn, each.plain)
        row = table[each.cells[0]]
        assert [row[n] for n in ("difference", "low", "high", "p", "q")] == pytest.approx(
            [right.difference, right.low, right.high, right.p, each.q], nan_ok=True
        )
    if not compared:
        assert told[0].key == "nothing_yet"
        return
    first = told[0].values
    ahead = {net: [r for r in compared if better(r) == net] for net in ("bn", "plain")}
    if told[0].key == "counts":
        assert (first["bn"], first["plain"]) == (len(ahead["bn"]), len(ahead["plain"]))
    else:
        assert not any(ahead.values())
    assert not list(unused(config)), "every cell uses its batch size and its rate"
    assert len({each.key for each in told}) == len(told), "one sentence of each kind"
    for each in told[1:]:
        for limit in limits(each.values["where"]):
            field = limit.values["field"]
            inside = {str(r.settings[field]) for r in ahead[each.key.removesuffix("_only")]}
            (axis,) = [axis for axis in config.axes if axis.field == field]
            assert len(inside) < len(axis.values), "at all of them is at none in particular"
            if limit.key == "sweep.where.at":
                assert set(limit.values["values"]) == inside
            else:
                numbers = [float(value) for value in inside]
                assert (limit.values["low"], limit.values["high"]) == (min(numbers), max(numbers))


def limits(where: Verdict[str]) -> Iterator[Verdict[str]]:
    """On each axis, the values at which alone a net is better."""
    if where.key == "sweep.where.both":
        yield from limits(where.values["one"])
        yield from limits(where.values["other"])
    else:
        yield where


def test_a_value_is_written_as_it_is_on_its_axis() -> None:
    assert [*map(value_name, (10.0, 0.1, 1e-8, 256))] == ["10", "0.1", "1e-8", "256"]


@pytest.mark.parametrize(
    ("across", "other", "values", "told"),
    [
        ("network.eps", "network.norm", ("batch", "layer", "dyt"), ("unused_at", "dyt")),
        ("network.groups", "network.norm", ("batch", "layer", "group"), ("used_at", "group")),
        ("network.groups", "network.norm", ("batch", "layer"), ("unused", "")),
        ("network.eps", "network.norm", ("batch", "layer"), None),
        ("network.eps", "network.depth", (1, 2), None),
        ("optimizer.heavy_ball", "optimizer.kind", ("sgd", "momentum"), ("used_at", "momentum")),
        ("optimizer.heavy_ball", "network.depth", (1, 2), ("unused", "")),
    ],
)  # fmt: skip
def test_which_cells_use_a_setting_is_said(
    across: str, other: str, values: tuple[str | int, ...], told: tuple[str, str] | None
) -> None:
    """Whether they really do, test_stacked.py asks of trainings."""
    field = Axis(field=across, values=(0.5,) if "groups" not in across else (2,))
    config = SweepConfig(axes=(field, Axis(field=other, values=values)))
    said = [(each.key, each.values) for each in unused(config)]
    if told is None:
        assert said == []
        return
    key, option = told
    more = {"by": other, "values": (Verdict(f"option.{option}"),)} if option else {}
    assert said == [(key, {"field": across, **more})]
