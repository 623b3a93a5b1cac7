"""A sweep on a real Dask cluster of this machine: the same numbers, and what if it goes away."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from bnviz.jobs import cluster, sweep
from bnviz.jobs.steps import Step
from bnviz.store import Problem, Store
from tests.jobs.conftest import SMALL
from tests.jobs.test_sweep import AXES, CONFIG, ENDLESS, Here, assert_same, swept
from tests.waiting import wait_for


class Cluster(NamedTuple):
    """A scheduler and its one worker, each a process."""

    address: str
    scheduler: "subprocess.Popen[str]"
    worker: "subprocess.Popen[str]"


def started(command: str, *arguments: str) -> "subprocess.Popen[str]":
    module = f"distributed.cli.dask_{command}"
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments, "--dashboard-address", "127.0.0.1:0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def dask() -> Iterator[Cluster]:
    scheduler = started("scheduler", "--host", "127.0.0.1", "--port", "0")
    assert scheduler.stderr is not None
    address = next(line.split()[-1] for line in scheduler.stderr if "Scheduler at:" in line)
    worker = started("worker", address, "--nthreads", "1", "--no-nanny")
    try:
        yield Cluster(address, scheduler, worker)
    finally:
        for process in (worker, scheduler):
            process.kill()
            process.wait()
            assert process.stderr is not None
            process.stderr.close()


def test_stop_frees_the_worker_and_a_sentence_tells_that_the_scheduler_is_gone(
    store: Store, dask: Cluster
) -> None:
    """The worker has one thread, and what is stopped would take more than ten minutes."""
    here = swept(store, Here())

    def stop() -> None:
        client = pool.executor._client  # type: ignore[attr-defined]
        at_work = lambda dask_worker: dask_worker.state.executing_count > 0  # noqa: E731
        wait_for(lambda: any(client.run(at_work).values()))
        store.request_stop(store.runs(limit=1)[0].id)

    with cluster.pool(dask.address, 1) as pool:
        stopping = threading.Thread(target=stop)
        run = swept(store, pool.executor, ENDLESS, report=lambda step: stopping.start())
        assert run.status == "stopped"
        there = swept(store, pool.executor)
        assert (there.status, there.done) == ("done", 6)
        mine, theirs = (sweep.outcomes(store, run.id) for run in (here, there))
        for index, outcome in mine.items():
            assert_same(outcome, theirs[index])

        def kill(step: Step) -> None:
            if step.done == 0:
                dask.worker.kill()  # so that nothing is finished before
                dask.scheduler.kill()

        gone = swept(store, pool.executor, report=kill)
        assert gone.status == "failed" and isinstance(gone.error, Problem)
        assert gone.error.code == "scheduler_lost"


@pytest.mark.proof
def test_a_killed_worker_costs_no_finished_cell_and_its_cells_run_again(
    store: Store, dask: Cluster
) -> None:
    optimizer = SMALL.optimizer.model_copy(update={"epochs": 150})
    depths = AXES[0].model_copy(update={"values": (1, 2, 3, 4, 5, 6)})
    config = CONFIG.model_copy(
        update={
            "base": SMALL.model_copy(update={"optimizer": optimizer}),
            "axes": (depths, AXES[1]),
        }
    )
    other = started("worker", dask.address, "--nthreads", "1", "--no-nanny")
    try:
        with cluster.pool(dask.address, 1) as pool:
            pool.executor._client.wait_for_workers(2)  # type: ignore[attr-defined]
            run = swept(
                store,
                pool.executor,
                config,
                report=lambda step: dask.worker.kill() if step.done == 1 else None,
            )
        assert dask.worker.poll() is not None and (run.status, run.done) == ("done", 12)
        kept = sweep.outcomes(store, run.id)
        assert len(store.blobs(run.id)) == len(kept) == 12
        for index, outcome in sweep.outcomes(store, swept(store, Here(), config).id).items():
            assert_same(outcome, kept[index])
    finally:
        other.kill()
        other.communicate()


class OtherVersions:
    """What Dask's client tells of a worker whose torch is another one."""

    def get_versions(self, packages: list[str]) -> dict[str, Any]:
        ours = {name: "1.0" for name in ("python", *packages)}
        theirs = {"packages": ours | {"torch": "0.9"}}
        return {"client": {"packages": ours}, "workers": {"tcp://there:1": theirs}}


def test_other_versions_are_refused() -> None:
    with pytest.raises(Problem, match=r"tcp://there:1 has torch 0\.9, and here it is 1\.0"):
        cluster._compare(OtherVersions())


def test_a_scheduler_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "TIMEOUT", 0.5)
    with (
        pytest.raises(Problem, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"),
        cluster.pool("tcp://127.0.0.1:9", 1),
    ):
        pass
