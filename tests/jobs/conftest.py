"""A history of each test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.jobs import process, runner
from bnviz.jobs.engine import Engine
from bnviz.store import Store, open_store
from tests.waiting import wait_for

SMALL = TrainConfig(
    data=DataConfig(samples=60),
    network=NetworkConfig(width=4),
    optimizer=OptimizerConfig(epochs=4, batch_size=16),
    probes=ProbeConfig(count=2, checkpoints=2, eigenvalues=False),
    seeds=2,
)
LONG = SMALL.model_copy(update={"optimizer": OptimizerConfig(epochs=2000, batch_size=2)})


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A history of the test's own, with nobody at work on it when the test ends."""
    monkeypatch.setenv("BNVIZ_HOME", str(tmp_path))
    opened = open_store()
    yield opened
    for run in opened.runs():
        opened.request_stop(run.id)
    wait_for(lambda: not any(run.active for run in opened.runs()))
    opened.close()


@pytest.fixture
def in_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Jobs are worked on in this process, where a test can put something in their place."""
    with InThreads(2) as engine:
        monkeypatch.setattr(runner, "_engine", engine)
        yield


class InThreads(Engine):
    """An engine without processes of its own."""

    def _answer(self, call: bytes, overdue: object) -> tuple[bool, bytes]:
        return process._answer(call)
