"""What a training is said to take is about what it takes, and too much is refused."""

import re
import sys
from collections.abc import Callable, Iterator

import pytest

from bnviz.core.configs import TrainConfig
from bnviz.core.smoothness.costs import cost as smoothness_cost
from bnviz.core.smoothness.extremes import ExtremesConfig
from bnviz.core.smoothness.measure import Measure
from bnviz.core.smoothness.registry import MEASURES
from bnviz.core.smoothness.scales import ScalesConfig
from bnviz.core.smoothness.stability import StabilityConfig
from bnviz.core.sweep.config import RATE, Axis, SweepConfig
from bnviz.core.sweep.plan import MEMORY, groups
from bnviz.core.training.cost import GIGABYTE, Cost, cost
from bnviz.jobs import runner
from bnviz.jobs.bounds import limits, refusals
from bnviz.jobs.engine import Engine
from bnviz.store import Problem, Store, thinning
from bnviz.texts.numbers import short
from tests.jobs import peaks
from tests.jobs.conftest import SMALL
from tools.server import ROOT

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


LIMITS = (limits.at_once, limits.waiting, limits.of_visitor, limits.minutes, limits.gigabytes)
NAMES = (
    *(f"BNVIZ_JOBS{part}" for part in ("", "_WAITING", "_VISITOR")),
    *("BNVIZ_JOB_MINUTES", "BNVIZ_JOB_GIGABYTES", "BNVIZ_HISTORY_GIGABYTES"),
    "BNVIZ_HISTORY_VISITOR_GIGABYTES",
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
    assert needed / 2 < engine.submit(peaks.peak, config).result() < needed * 2


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
        *(
            pytest.param(MEASURES[kind](), config, marks=pytest.mark.proof)
            for kind in ("density", "gap", "along", "landscape", "stability")
            for config in (shaped(2, 16, 5, 1000, 64, 0), shaped(8, 256, 2, 5000, 1024, 0))
        ),
    ],
)
def test_a_measures_memory_is_known_before(
    engine: Engine, measure: Measure, config: TrainConfig
) -> None:
    needed = smoothness_cost.cost(measure, config, config.data.samples, 3).memory
    assert needed / 2 < engine.submit(peaks.peak_of_measure, measure, config).result() < needed * 2


def test_too_large_a_measure_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BNVIZ_JOB_MINUTES", "0.01")
    with pytest.raises(Problem) as caught:
        runner.submit_measure(StabilityConfig(steps=2000))
    assert (caught.value.code, caught.value.values["remedy"]) == ("too_slow", "steps")
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


@pytest.mark.parametrize("value", ["", "two", "nan", "inf", "-inf", "-1"])
def test_limits_are_numbers_whatever_is_set(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is none counts as not set: nobody's runs are thinned because of a typing error."""
    every = (*LIMITS, thinning.gigabytes)
    usual, least = [limit() for limit in every], [1, 0, 1, 0, 0.5, 0]
    for name in NAMES:
        monkeypatch.setenv(name, value)
    assert [limit() for limit in every] == (least if value == "-1" else usual)


def test_every_variable_is_listed_for_operators() -> None:
    sources = [file.read_text(encoding="utf-8") for file in (ROOT / "bnviz").rglob("*.py")]
    used = {name for source in sources for name in re.findall(r"BNVIZ_[A-Z_]+", source)}
    listed = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    assert used == set(re.findall(r"^\| `(BNVIZ_[A-Z_]+)`", listed, re.MULTILINE))


def test_a_small_training_is_not_refused() -> None:
    assert refusals.of_training(SMALL, 60, 3) is None


def test_a_training_is_refused_beyond_each_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """At 3 GB and, on a computer half as fast as that of the estimates, at 120 minutes."""
    monkeypatch.setattr(refusals, "slowness", lambda: 2.0)
    for needed, code in (
        (Cost(3.0 * GIGABYTE, 3600.0), None),
        (Cost(3.6 * GIGABYTE, 3600.0), ("too_large", "3.60", "3")),
        (Cost(3.0 * GIGABYTE, 4500.0), ("too_slow", "150", "120")),
        (Cost(3.0 * GIGABYTE, 37500.0), ("too_slow", "1,250", "120")),
    ):
        monkeypatch.setattr(refusals, "cost", lambda *_, needed=needed: needed)
        refused = refusals.of_training(SMALL, 60, 3)
        told = refused and (refused.code, refused.values["needed"], refused.values["limit"])
        assert told == code


@pytest.mark.parametrize(
    ("limit", "name", "default", "least"),
    [
        (limits.at_once, "BNVIZ_JOBS", 2, 1),
        (limits.waiting, "BNVIZ_JOBS_WAITING", 50, 0),
        (limits.of_visitor, "BNVIZ_JOBS_VISITOR", 10, 1),
        (limits.minutes, "BNVIZ_JOB_MINUTES", 120, 0),
        (limits.gigabytes, "BNVIZ_JOB_GIGABYTES", 3, 0.5),
    ],
)
def test_limits_are_the_servers_variables(
    monkeypatch: pytest.MonkeyPatch,
    limit: Callable[[], float],
    name: str,
    default: float,
    least: float,
) -> None:
    monkeypatch.delenv(name, raising=False)
    assert limit() == default
    for text, value in (("7", 7), ("-5", least), ("many", default), ("", default)):
        monkeypatch.setenv(name, text)
        assert limit() == value, text


@pytest.mark.parametrize(("samples", "widths"), [(10, (64, 448)), (8000, (4, 400))])
def test_a_sweep_is_judged_by_the_stack_that_takes_most(
    monkeypatch: pytest.MonkeyPatch, samples: int, widths: tuple[int, int]
) -> None:
    """Of several cells, whose weights add up, or of one whose activations are large."""
    rates = Axis(field=RATE, values=tuple(1e-3 * (1 + at) for at in range(16)))
    base = shaped(8, 64, 4, samples, samples // 2, 0)
    config = SweepConfig(base=base, axes=(Axis(field="network.width", values=widths), rates))
    plan = groups(config, samples, 3)
    assert all(len(group.cells) == 1 or group.cost.memory <= MEMORY for group in plan)
    most = max(group.cost.memory for group in plan)
    for share, code in ((1.01, None), (0.99, "too_large")):
        monkeypatch.setenv("BNVIZ_JOB_GIGABYTES", str(share * most / GIGABYTE))
        refused = refusals.of_sweep(config, samples, 3)
        assert (refused and refused.code) == code
    monkeypatch.setenv("BNVIZ_JOB_GIGABYTES", "1000")
    monkeypatch.setenv("BNVIZ_JOBS", "4")
    monkeypatch.setattr(refusals, "slowness", lambda: 2.0)
    minutes = 2.0 * sum(group.cost.seconds for group in plan) / 60 / 4
    for share, code in ((1.0, None), (0.99, "too_slow")):
        monkeypatch.setenv("BNVIZ_JOB_MINUTES", repr(share * minutes))
        refused = refusals.of_sweep(config, samples, 3)
        assert (refused and refused.code) == code
    assert refused is not None and refused.values["needed"] == short(minutes)
