"""Sweeps in processes of their own: what is kept when these are killed, stopped or left."""

import math
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bnviz.core.configs import DataConfig, OptimizerConfig
from bnviz.core.data.preparation import dataset_for
from bnviz.core.sweep.config import RATE, Axis, SweepConfig, cells
from bnviz.core.sweep.outcome import NetOutcome, Outcome
from bnviz.core.sweep.plan import groups
from bnviz.core.sweep.stacked import train_cells
from bnviz.core.training.cost import FEATURES
from bnviz.core.types import never
from bnviz.jobs import runner, sweep
from bnviz.jobs.engine import Ended, Engine
from bnviz.jobs.kinds import SWEEPS
from bnviz.jobs.steps import Step
from bnviz.jobs.worker import work
from bnviz.store import Problem, Run, Store
from bnviz.store.database import folder_url
from tests.jobs.conftest import SMALL
from tests.waiting import ended, known, wait_for

AXES = (
    Axis(field="network.depth", values=(1, 2, 3)),
    Axis(field=RATE, values=(0.001, 0.01)),
)
#: Three groups of two cells: a group trains as one stack.
CONFIG = SweepConfig(base=SMALL, axes=AXES)
#: Takes more than ten minutes.
ENDLESS = SweepConfig(
    base=SMALL.model_copy(update={"data": DataConfig(samples=2000)}),
    axes=(
        Axis(field="optimizer.epochs", values=(2000,)),
        Axis(field="optimizer.batch_size", values=(2, 3)),
    ),
)


class Here(Executor):
    """Makes each call at once, in this thread; `broken` calls raise what they are told to."""

    def __init__(self, *broken: Exception) -> None:
        self.broken, self.made = list(broken), 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if self.broken:
            future.set_exception(self.broken.pop(0))
        else:
            self.made += 1
            future.set_result(fn(*args, **kwargs))
        return future


def swept(
    store: Store,
    executor: Executor,
    config: SweepConfig = CONFIG,
    *,
    resume: bool = False,
    report: Callable[[Step], None] = lambda step: None,
) -> Run:
    run_id = sweep.create(store, config, resume=resume)
    pool = sweep.Pool(executor, 1)
    work(store, run_id, report=report, way=partial(sweep.work, pool=pool), minutes=math.inf)
    run = store.run(run_id)
    assert run is not None
    return run


def assert_same(ours: Outcome, theirs: Outcome) -> None:
    for net in ("bn", "plain"):
        for field in fields(NetOutcome):
            one, other = (getattr(getattr(each, net), field.name) for each in (ours, theirs))
            np.testing.assert_array_equal(one, other, err_msg=field.name)


def test_killed_processes_cost_no_finished_cell_and_their_cells_run_again(store: Store) -> None:
    config = CONFIG.model_copy(
        update={
            "base": SMALL.model_copy(
                update={"optimizer": SMALL.optimizer.model_copy(update={"epochs": 150})}
            )
        }
    )
    with Engine(1) as engine:
        killed = []

        def kill(step: Step) -> None:
            if step.done == 1:
                for process in list(engine._processes):
                    process._popen.kill()
                    killed.append(process)

        run = swept(store, engine, config, report=kill)
    assert killed and (run.status, run.done) == ("done", 6)
    kept = sweep.outcomes(store, run.id)
    assert len(store.blobs(run.id)) == len(kept) == 6
    alone = train_cells([cells(config)[5].config], dataset_for(config.base.data), False, never)
    assert_same(kept[5], alone[0])


def test_stop_keeps_what_is_done_and_who_resumes_repeats_nothing(store: Store) -> None:
    def stop(step: Step) -> None:
        if step.done == 2:
            store.request_stop(store.runs(limit=1)[0].id)

    class Slow(Here):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            return super().submit(fn) if self.made == 0 else Future()  # never ends by itself

    run = swept(store, Slow(), report=stop)
    assert (run.status, run.done) == ("stopped", 2)
    executor = Here()
    again = swept(store, executor, resume=True)
    assert (again.status, again.done, executor.made) == ("done", 6, 2)
    whole = swept(store, executor := Here())
    assert executor.made == 3
    said = sum(group.cost.kept for group in groups(CONFIG, SMALL.data.samples, FEATURES))
    assert said / 2 < whole.size <= said
    for index, outcome in sweep.outcomes(store, whole.id).items():
        assert_same(outcome, sweep.outcomes(store, again.id)[index])


@pytest.mark.parametrize(
    ("broken", "code"),
    [([Ended("died")] * 3, "job_gone"), ([], None), ([Ended("died")] * 2, None)],
)
def test_a_process_may_die_twice_over_the_same_cells(
    store: Store, broken: list[Exception], code: str | None
) -> None:
    config = CONFIG.model_copy(
        update={"axes": (AXES[0].model_copy(update={"values": (1,)}), AXES[1])}
    )
    run = swept(store, Here(*broken), config)
    if code is None:
        assert (run.status, run.done) == ("done", 2)
    else:
        assert run.status == "failed" and isinstance(run.error, Problem)
        assert run.error.code == code


def test_a_lost_scheduler_leaves_a_sentence_and_what_was_finished(store: Store) -> None:
    class Lost(Here):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            if self.made == 0:
                return super().submit(fn)
            future: Future[Any] = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    run = swept(store, Lost())
    assert (run.status, run.done) == ("failed", 2)
    assert isinstance(run.error, Problem) and run.error.code == "scheduler_lost"


def test_a_server_that_ends_interrupts_its_sweeps_and_the_next_goes_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ending(Here):
        closed = True

        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            if self.made == 1:
                self.broken = [Ended("left")]
            return super().submit(fn, *args, **kwargs)

    monkeypatch.setattr(runner, "_engine", Ending())
    first = ended(runner.submit_sweep(CONFIG))
    assert (first.status, first.done) == ("interrupted", 2)
    monkeypatch.setattr(runner, "_engine", executor := Here())
    again = ended(runner.submit_sweep(CONFIG))
    assert (again.status, again.done, executor.made) == ("done", 6, 2)


def test_stop_ends_the_processes_and_a_late_sweep_is_not_kept_waiting(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of a sweep's cells take more than ten minutes; two others share one process."""
    half = Axis(field="optimizer.epochs", values=(1, 2000))
    long = ENDLESS.model_copy(update={"axes": (half, ENDLESS.axes[1])})
    slower = SMALL.model_copy(update={"optimizer": OptimizerConfig(epochs=150, batch_size=16)})
    widths = Axis(field="network.width", values=tuple(range(1, 41)))
    many = SweepConfig(base=slower, axes=(widths, AXES[1]))
    with Engine(1) as engine:
        monkeypatch.setattr(runner, "_engine", engine)
        first, second = runner.submit_sweep(many, "one"), runner.submit_sweep(CONFIG, "other")
        assert ended(second).status == "done" and known(first).active
        runner.stop(first)
        assert ended(first).status == "stopped"
        endless = runner.submit_sweep(long)
        wait_for(lambda: known(endless).done == 2)
        (process,) = engine._processes
        runner.stop(endless)
        run = ended(endless)
        assert (run.status, run.done) == ("stopped", 2)
        assert len(sweep.outcomes(store, endless)) == 2
        wait_for(lambda: not process.alive)


def test_a_killed_command_is_gone_on_with_where_it_was(tmp_path: Path) -> None:
    config, out = tmp_path / "sweep.json", tmp_path / "out"
    slow = SMALL.model_copy(update={"optimizer": OptimizerConfig(epochs=100, batch_size=4)})
    config.write_text(CONFIG.model_copy(update={"base": slow}).model_dump_json())
    command = ["sweep", "--config", str(config), "--out", str(out), "--workers", "1"]
    process = subprocess.Popen([sys.executable, "-m", "bnviz", *command], stderr=subprocess.PIPE)
    wait_for(lambda: (out / "history.sqlite").exists())
    store = Store(folder_url(out))
    wait_for(lambda: any(run.done for run in store.runs()))
    process.kill()
    process.communicate()
    (killed,) = store.runs()
    assert 0 < killed.done < 6
    executor = Here()
    again = swept(store, executor, SWEEPS.config_of(killed), resume=True)
    assert (again.status, again.done) == ("done", 6)
    assert executor.made == math.ceil((6 - killed.done) / 2)
    store.close()


def test_what_is_damaged_is_trained_again(store: Store) -> None:
    first = swept(store, Here())
    store.append(first.id, 6, 7, b"no outcome")
    again = sweep.create(store, CONFIG, resume=True)
    assert len(store.blobs(again)) == 6 and len(sweep.outcomes(store, again)) == 6


def test_a_sweep_that_is_too_much_is_refused_with_what_would_help(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BNVIZ_JOB_MINUTES", "0.0001")
    with pytest.raises(Problem) as caught:
        runner.submit_sweep(CONFIG)
    assert caught.value.code == "too_slow"
