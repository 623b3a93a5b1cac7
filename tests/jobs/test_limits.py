"""What a training is said to take is about what it takes, and too much is refused."""

import sys
from collections.abc import Iterator

import pytest

from bnviz.core.configs import TrainConfig
from bnviz.core.smoothness import cost as smoothness_cost
from bnviz.core.smoothness.extremes import ExtremesConfig
from bnviz.core.smoothness.measure import Measure
from bnviz.core.smoothness.scales import ScalesConfig
from bnviz.core.smoothness.stability import StabilityConfig
from bnviz.core.training.cost import cost
from bnviz.jobs import refusals, runner
from bnviz.jobs.engine import Engine
from bnviz.store import Problem, Store
from tests.jobs import calls
from tests.jobs.conftest import SMALL

#: Launched twice it once took 23.5 GB, and the server with it.
HUGE = TrainConfig.model_validate(
    {
        "network": {"depth": 8, "width": 512},
        "seeds": 8,
        "data": {"samples": 100_000},
        "optimizer": {"batch_size": 65_536, "epochs": 2000},
        "probes": {"count": 1000, "checkpoints": 100},
    }
)


def shaped(
    depth: int, width: int, seeds: int, samples: int, batch: int, probes: int
) -> TrainConfig:
    return TrainConfig.model_validate(
        {
            "network": {"depth": depth, "width": width},
            "seeds": seeds,
            "data": {"samples": samples},
            "optimizer": {"batch_size": batch, "epochs": 2},
            "probes": {"count": 3, "checkpoints": probes, "bn_mode": "train"},
        }
    )


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine(1) as made:
        yield made


@pytest.mark.skipif(sys.platform != "linux", reason="only there memory is told apart like this")
@pytest.mark.parametrize(
    "config",
    [
        TrainConfig(),
        # Activations of a large batch, and of the rest; weights; Lanczos's basis.
        pytest.param(shaped(8, 512, 1, 9000, 7000, 0), marks=pytest.mark.proof),
        pytest.param(shaped(8, 512, 8, 10, 2, 0), marks=pytest.mark.proof),
        pytest.param(shaped(4, 128, 8, 1500, 100, 2), marks=pytest.mark.proof),
    ],
)
def test_memory_is_known_before_within_a_factor_of_two(engine: Engine, config: TrainConfig) -> None:
    needed = cost(config, config.data.samples, 3).memory
    assert needed / 2 < engine.submit(calls.peak, config).result() < needed * 2


@pytest.mark.skipif(sys.platform != "linux", reason="only there memory is told apart like this")
@pytest.mark.parametrize(
    ("measure", "config"),
    [
        (ExtremesConfig(probes=32), shaped(2, 16, 5, 1000, 64, 0)),
        # Lanczos's basis; directions.
        pytest.param(
            ExtremesConfig(probes=32), shaped(8, 512, 1, 10, 2, 0), marks=pytest.mark.proof
        ),
        pytest.param(ScalesConfig(probes=30), shaped(8, 512, 1, 10, 2, 0), marks=pytest.mark.proof),
    ],
)
def test_a_measures_memory_is_known_before(
    engine: Engine, measure: Measure, config: TrainConfig
) -> None:
    needed = smoothness_cost.cost(measure, config, config.data.samples, 3).memory
    assert needed / 2 < engine.submit(calls.peak_of_measure, measure, config).result() < needed * 2


def test_too_large_a_measure_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BNVIZ_JOB_MINUTES", "0.01")
    with pytest.raises(Problem) as caught:
        runner.submit_measure(StabilityConfig(steps=2000))
    assert (caught.value.code, caught.value.values["remedy"]) == ("too_slow", "halvings")
    assert store.runs() == []


def test_too_large_a_training_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Problem) as caught:
        runner.submit(HUGE)
    assert (caught.value.code, caught.value.values["remedy"]) == ("too_large", "batch_size")
    assert store.runs() == []
    monkeypatch.setenv("BNVIZ_JOB_GIGABYTES", "1000")
    refused = refusals.of_training(HUGE, 100_000, 3)
    assert refused is not None and refused.code == "too_slow"
    monkeypatch.setenv("BNVIZ_JOB_MINUTES", "1000000")
    assert refusals.of_training(HUGE, 100_000, 3) is None


def test_a_small_training_is_not_refused() -> None:
    assert refusals.of_training(SMALL, 60, 3) is None
