"""Stop within two seconds, wherever the largest job of each kind is: a clock, so proof alone."""

import time
from collections.abc import Iterator
from functools import cache

import pytest

from bnviz.core.configs import TrainConfig
from bnviz.core.data.preparation import dataset_for, prepare
from bnviz.core.smoothness.measure import Measure, SubjectConfig
from bnviz.core.smoothness.registry import MEASURES
from bnviz.core.sweep.config import RATE, Axis, SweepConfig
from bnviz.core.training import train
from bnviz.core.training.snapshots import to_bytes
from bnviz.jobs import runner, trainings
from bnviz.jobs.bounds import refusals
from bnviz.jobs.engine import Engine
from bnviz.store import Store
from tests.waiting import ended, known, wait_for

pytestmark = pytest.mark.proof

#: What makes a measure long, and nets large: as much of both as is accepted.
LONG = ("probes", "steps", "halvings", "moments", "sizes", "lines", "points")
SEEDS = (8, 4, 2, 1)


def nets(seeds: int = SEEDS[0]) -> TrainConfig:
    """With eight seeds as many weights as a training may have."""
    return TrainConfig.model_validate(
        {
            "network": {"depth": 8, "width": 512},
            "seeds": seeds,
            "data": {"samples": 1500},
            "optimizer": {"batch_size": 1024, "epochs": 30},
            "probes": {"checkpoints": 2},
        }
    )


def largest(kind: type[Measure]) -> tuple[dict[str, int], TrainConfig]:
    """As much of everything as is accepted, of nets as large as are accepted."""
    offered = kind.model_json_schema()["properties"]
    limits = {name: offered[name] for name in LONG if name in offered}
    most = {name: max(limit.get("enum") or [limit["maximum"]]) for name, limit in limits.items()}
    for halvings in range(12):
        for config in map(nets, SEEDS):
            settings = {
                name: max(limits[name].get("minimum", most[name]), most[name] >> halvings)
                for name in most
            }
            if not refusals.of_measure(kind.model_validate(settings), config, 1500, 3):
                return settings, config
    raise AssertionError("nothing is accepted")


def kept(store: Store, config: TrainConfig) -> str:
    """A training whose nets are kept, untrained."""
    run_id = trainings.create(store, config)
    store.start(run_id)
    store.append(run_id, 0, config.optimizer.epochs, b"not looked at", untrained(config))
    store.finish(run_id, "done")
    return run_id


@cache
def untrained(config: TrainConfig) -> bytes:
    data = prepare(config.data, dataset_for(config.data, None))
    return to_bytes(train.Run(config, data).snapshot(config.optimizer.epochs, state=True))


@pytest.fixture(autouse=True)
def engine(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with Engine(1) as made:
        monkeypatch.setattr(runner, "_engine", made)
        yield


def stopped_within(run_id: str, after: float) -> float:
    """Seconds from asking a run to stop, that has been at work for some, until it has ended."""
    wait_for(lambda: known(run_id).status != "queued")
    time.sleep(after)
    runner.stop(run_id)
    asked = time.monotonic()
    assert ended(run_id).status in ("stopped", "done")
    return time.monotonic() - asked


@pytest.mark.parametrize("after", [0.0, 1.0, 10.0])
@pytest.mark.parametrize("kind", MEASURES)
def test_a_measure(store: Store, kind: str, after: float) -> None:
    settings, config = largest(MEASURES[kind])
    run_id = kept(store, config) if MEASURES[kind].needs != "nothing" else None
    measure = MEASURES[kind](subject=SubjectConfig(run=run_id), **settings)
    assert stopped_within(runner.submit_measure(measure), after) < 2


@pytest.mark.parametrize("after", [0.0, 1.0, 10.0])
def test_a_sweep(after: float) -> None:
    axes = (Axis(field=RATE, values=(0.001, 0.01)), Axis(field="network.depth", values=(4, 8)))
    config = SweepConfig(base=nets(), axes=axes, metric="sharpness")
    assert stopped_within(runner.submit_sweep(config), after) < 2
