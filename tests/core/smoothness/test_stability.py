"""The measure "stability" on small nets, and what it says of them."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.curvature.extremes import extremes
from bnviz.core.nets.gradients import objective_of
from bnviz.core.smoothness.measure import Progress, from_bytes, to_bytes
from bnviz.core.smoothness.stability import SHARES, NetStability, Stability, StabilityConfig
from bnviz.core.smoothness.subject import Subject
from bnviz.core.types import never
from tests.core.smoothness.nets import trained
from tests.core.torch_nets import one_of

SMALL = TrainConfig(
    data=DataConfig(samples=60, clip_scores=False, standardize=True),
    network=NetworkConfig(width=6, activation="tanh"),
    optimizer=OptimizerConfig(learning_rate=0.3, epochs=20, batch_size=16),
    probes=ProbeConfig(checkpoints=0),
    seeds=2,
    seed=3,
)
CONFIG = StabilityConfig(steps=30, halvings=6)


@cache
def subject() -> Subject:
    return trained(SMALL)


def run(
    config: StabilityConfig = CONFIG,
    of: Subject | None = None,
    should_stop: Callable[[], bool] = never,
) -> list[Progress]:
    return list(config.measure(of or subject(), should_stop))


@cache
def stability() -> Stability:
    result: Stability = run()[-1].result
    return result


def test_sharpness_is_that_of_lanczos_at_both_ends() -> None:
    for net in ("bn", "plain"):
        stack = subject().stack(net).cast(torch.float64)
        x, y = subject().x.double(), subject().y.double()
        ends = extremes(objective_of(stack, x, y, "train"), stack.params)
        np.testing.assert_allclose(getattr(stability(), net).sharpness, ends.maximum, rtol=1e-4)


def highest(net: str, index: int, rate: float) -> tuple[float, float]:
    """The largest loss of an ordinary descent with torch, without a kick; and that of its start."""
    module = one_of(subject().stack(net), index).train()
    optimizer = torch.optim.SGD(module.parameters(), lr=rate)
    losses = []
    for _ in range(CONFIG.steps + 1):
        optimizer.zero_grad()
        loss = (module(subject().x.T)[:, 0] - subject().y).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return max(losses[1:]), losses[0]


@pytest.mark.parametrize("net", ["bn", "plain"])
def test_torch_is_stable_well_below_the_threshold_and_not_well_above(net: str) -> None:
    side: NetStability = getattr(stability(), net)
    for index in range(2):
        low, high = side.bracket[index]
        assert 0 < low < side.threshold[index] < high < 1.02 * low
        top, start = highest(net, index, 0.8 * low)
        assert top <= start
        top, start = highest(net, index, 1.5 * high)
        assert top > start


def test_curves_are_the_first_seeds() -> None:
    for net in ("bn", "plain"):
        side: NetStability = getattr(stability(), net)
        np.testing.assert_allclose(side.rates, side.threshold[0] * np.array(SHARES))
        assert side.moments[0] == 0 and side.moments[-1] == CONFIG.steps
        assert side.curves.shape == side.losses.shape == (len(SHARES), len(side.moments))
        np.testing.assert_allclose(side.curves[:, 0], side.sharpness[0], rtol=1e-3)
        assert np.isfinite(side.curves[0]).all()
        assert side.losses[0, -1] <= side.losses[0, 0]


def test_results_grow() -> None:
    steps = run()
    done = [step.done for step in steps]
    assert done == sorted(done) and steps[-1].done == steps[-1].total
    results = [step.result for step in steps]  # a slow machine yields some without a threshold
    first = next(each for each in results if np.isfinite(each.bn.threshold).all())
    last = results[-1]
    assert np.isnan(first.plain.threshold).all()
    assert first.bn.rates.shape == (0,) and first.bn.curves.shape == (0, len(first.bn.moments))
    assert np.array_equal(last.bn.threshold, stability().bn.threshold), "the same every time"


def test_few_steps_have_as_many_moments() -> None:
    side = run(StabilityConfig(steps=10, halvings=4))[-1].result.bn
    assert side.moments.tolist() == list(range(11))


@pytest.mark.parametrize("after", [0, 5, 100, 600])
def test_once_stopped_it_ends(after: int) -> None:
    asked = iter(range(10**9))
    steps = run(should_stop=lambda: next(asked) >= after)
    assert all(step.done < step.total for step in steps)


def broken(which: slice, net: str = "plain") -> Subject:
    stack = subject().stack(net)
    params = {name: value.clone() for name, value in stack.params.items()}
    params["output.bias"][which] = torch.nan
    return replace(subject(), **{net: stack.with_params(params)})


def test_a_seed_that_diverged_is_nan_and_the_others_are_as_they_were() -> None:
    side = run(of=broken(slice(0, 1)))[-1].result.plain
    assert np.isnan(side.sharpness[0]) and np.isnan(side.bracket[0]).all()
    assert np.isnan(side.threshold[0]) and np.isnan(side.weight_growth[0])
    assert side.threshold[1] == pytest.approx(stability().plain.threshold[1], rel=1e-2)
    np.testing.assert_allclose(side.rates, side.threshold[1] * np.array(SHARES))


def test_a_net_that_diverged_altogether_has_no_threshold() -> None:
    last = run(of=broken(slice(None)))[-1]
    assert last.done == last.total
    assert np.isnan(last.result.plain.threshold).all() and last.result.plain.rates.shape == (0,)
    assert np.isfinite(last.result.bn.threshold).all()
    assert CONFIG.verdicts(last.result)[0].key == "unknown"


def test_a_result_survives_the_disk() -> None:
    again = from_bytes(Stability, to_bytes(stability()))
    assert np.array_equal(again.bn.curves, stability().bn.curves)
    assert np.array_equal(again.plain.bracket, stability().plain.bracket)


def test_sharpness_predicts_these_trained_nets() -> None:
    said, ratios = CONFIG.verdicts(stability())
    assert said.key == "both"
    assert ratios.values["plain_seeds"] == ratios.values["bn_seeds"] == ratios.values["seeds"] == 2
