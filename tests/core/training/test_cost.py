"""What a training is said to take before it starts."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bnviz.core.configs import (
    MAX_WEIGHTS,
    DataConfig,
    NetworkConfig,
    OptimizerConfig,
    ProbeConfig,
    TrainConfig,
)
from bnviz.core.data.document import fitness_data
from bnviz.core.nets import chunks
from bnviz.core.nets.initial import initial
from bnviz.core.nets.norms.names import Norm
from bnviz.core.training import cost as costs
from bnviz.core.training.cost import SMALLER, Cost, cost, remedy
from bnviz.core.training.presets import PRESETS


@st.composite
def configs(draw: st.DrawFn) -> TrainConfig:
    """From the whole range of the controls."""
    depth, width = draw(st.integers(1, 8)), draw(st.integers(1, 512))
    most = MAX_WEIGHTS // max(1, width**2 * (depth - 1))
    return TrainConfig(
        data=DataConfig(samples=draw(st.integers(10, 100_000))),
        network=NetworkConfig(depth=depth, width=width),
        optimizer=OptimizerConfig(
            kind=draw(st.sampled_from(["sgd", "momentum", "adam"])),
            epochs=draw(st.integers(1, 2000)),
            batch_size=draw(st.integers(2, 65_536)),
        ),
        probes=ProbeConfig(
            count=draw(st.integers(1, 1000)),
            checkpoints=draw(st.integers(0, 100)),
            eigenvalues=draw(st.booleans()),
        ),
        seeds=draw(st.integers(1, min(64, most))),
    )


Measured = Callable[[Cost], float]


def memory(needed: Cost) -> float:
    return needed.memory


def seconds(needed: Cost) -> float:
    return needed.seconds


def test_the_sizes_are_those_of_the_numerics() -> None:
    assert fitness_data(10).x.shape[1] == costs.FEATURES
    config = TrainConfig(network=NetworkConfig(depth=3, width=7), seeds=2)
    stack = initial(config.network, 5, [0, 1], bn=True)
    parameters = sum(value[0].numel() for value in stack.params.values())
    assert costs.Sizes(config, 10, 5).parameters == parameters
    for rows in (3, 1000, 100_000):
        size = chunks.chunk_size(rows, 7, torch.float32)
        assert costs.Sizes(config, 10, 5).chunk(rows, 4) == min(2, size)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_small(preset: str) -> None:
    needed = cost(PRESETS[preset], 1000, 3)
    assert needed.memory < 2**30 and needed.seconds < 120


def test_no_epoch_is_probed_twice() -> None:
    once = TrainConfig(optimizer=OptimizerConfig(epochs=1), probes=ProbeConfig(checkpoints=2))
    often = once.model_copy(update={"probes": ProbeConfig(checkpoints=100)})
    assert cost(often, 1000, 3) == cost(once, 1000, 3)


def test_norms_differentiated_by_autograd_take_more() -> None:
    def of(norm: Norm) -> Cost:
        return cost(TrainConfig(network=NetworkConfig(norm=norm)), 100_000, 3)

    assert of("none").memory == of("weight").memory == of("batch").memory < of("dyt").memory
    assert of("none").seconds < of("batch").seconds < of("layer").seconds


@given(configs())
@settings(deadline=None)
def test_the_number_of_probes_takes_no_memory(config: TrainConfig) -> None:
    more = config.probes.model_copy(update={"count": 1000})
    assert (
        cost(config, config.data.samples, 3).memory
        == cost(config.model_copy(update={"probes": more}), config.data.samples, 3).memory
    )


@given(configs(), st.sampled_from([memory, seconds]))
@settings(deadline=None)
def test_who_follows_the_advice_gets_there(
    config: TrainConfig, of: Callable[[Cost], float]
) -> None:
    """Ten times a small training is within reach of every one, in few steps that each help."""
    rows = config.data.samples
    limit = 10 * of(cost(PRESETS["document"], rows, 3))
    for _ in range(60):
        now = cost(config, rows, 3)
        if of(now) <= limit:
            return
        config = SMALLER[remedy(config, rows, 3, of)](config)
        assert of(cost(config, rows, 3)) < of(now)
    raise AssertionError("more than 60 steps")
