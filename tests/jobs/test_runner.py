"""Trainings off the page: what core yields is what any watcher reads, whatever happens."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from bnviz.core.configs import DataConfig, OptimizerConfig, TrainConfig
from bnviz.core.data.preparation import dataset_for
from bnviz.core.data.tables import Table
from bnviz.core.smoothness.costs.cost import cost as measure_cost
from bnviz.core.smoothness.document import DocumentConfig
from bnviz.core.sweep.config import Axis, SweepConfig, cells
from bnviz.core.sweep.plan import groups
from bnviz.core.training import train
from bnviz.core.training.cost import FEATURES, GIGABYTE, cost
from bnviz.core.training.snapshots import NetSnapshot, Snapshot
from bnviz.jobs import heartbeat, measures, reader, runner, sweep, worker
from bnviz.jobs.bounds import limits, refusals
from bnviz.jobs.kinds import TRAININGS
from bnviz.jobs.reader import Memory
from bnviz.store import Problem, Store, StoreProblem, records
from tests.jobs import calls
from tests.jobs.conftest import LONG, SMALL
from tests.waiting import PATIENCE, ended, known, wait_for

ROOT = Path(__file__).resolve().parents[2]


def assert_same(one: Snapshot, two: Snapshot, *, state: bool) -> None:
    assert (one.epoch, one.step) == (two.epoch, two.step)
    for name in (field.name for field in fields(NetSnapshot)):
        np.testing.assert_array_equal(getattr(one.bn, name), getattr(two.bn, name), name)
        np.testing.assert_array_equal(getattr(one.plain, name), getattr(two.plain, name), name)
    if state:
        assert one.state.keys() == two.state.keys()
        for name, value in one.state.items():
            np.testing.assert_array_equal(value, two.state[name], name)


def of_core(config: TrainConfig) -> list[Snapshot]:
    """What core yields for `config`, without jobs and store."""
    dataset = dataset_for(config.data, None)
    return list(train.train(config, dataset, lambda: False))


class Script:
    """Stands in for core's train: yields real snapshots, and waits or fails when told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.given = of_core(SMALL)
        self.started: list[int] = []
        self.gate = threading.Event()
        self.error: Exception | None = None
        monkeypatch.setattr(train, "train", self.train)

    def train(
        self, config: TrainConfig, dataset: object, should_stop: Callable[[], bool]
    ) -> Iterator[Snapshot]:
        self.started.append(config.seed)
        yield self.given[0]
        while not self.gate.is_set() and not should_stop():
            time.sleep(0.005)
        if self.error is not None:
            raise self.error
        if not should_stop():
            yield from self.given[1:]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, in_threads: None) -> Iterator[Script]:
    acting = Script(monkeypatch)
    yield acting
    acting.gate.set()


def seeded(seed: int) -> TrainConfig:
    return SMALL.model_copy(update={"seed": seed})


# ---------------------------------------------------------------- whole runs


def test_a_watcher_reads_what_core_yields() -> None:
    run_id = runner.submit(SMALL)
    run = ended(run_id)
    expected = of_core(SMALL)
    assert (run.status, run.kind, run.done, run.total) == ("done", "train", 4, 4)
    assert TrainConfig.model_validate_json(run.config) == SMALL
    watched = runner.snapshots(run_id)
    assert len(watched) == len(expected) == run.snapshots
    for ours, theirs in zip(watched, expected, strict=True):
        assert_same(ours, theirs, state=False)
        assert not ours.state
    last = runner.last_state(run_id)
    assert last is not None and last.state
    assert_same(last, expected[-1], state=True)
    assert [s.epoch for s in runner.snapshots(run_id, after=2)] == [s.epoch for s in expected[3:]]


@pytest.mark.proof
def test_two_at_once_do_not_disturb_each_other() -> None:
    ids = [runner.submit(seeded(seed)) for seed in (5, 6)]
    for run_id, seed in zip(ids, (5, 6), strict=True):
        assert ended(run_id).status == "done"
        for ours, theirs in zip(runner.snapshots(run_id), of_core(seeded(seed)), strict=True):
            assert_same(ours, theirs, state=False)


def test_a_stopped_run_keeps_what_is_there() -> None:
    run_id = runner.submit(LONG)
    wait_for(lambda: len(runner.snapshots(run_id)) >= 3)
    assert known(run_id).status == "running"
    before = runner.snapshots(run_id)
    runner.stop(run_id)
    run = ended(run_id)
    assert run.status == "stopped" and before[-1].epoch <= run.done < run.total
    after = runner.snapshots(run_id)
    assert len(after) >= len(before) and after[-1].epoch == run.done
    for ours, theirs in zip(before, after, strict=False):
        assert_same(ours, theirs, state=False)
    last = runner.last_state(run_id)
    assert last is not None and last.epoch == run.done, "the net it stopped with can be used"


def test_a_users_table(store: Store) -> None:
    rows = np.random.default_rng(0).normal(size=(40, 3))
    table = Table("a" * 64, ("x1", "x2", "y"), rows)
    data = DataConfig(source="table", table=table.digest, columns=("x1", "x2"), target="y")
    config = SMALL.model_copy(update={"data": data})
    with pytest.raises(StoreProblem) as caught:
        runner.submit(config)
    assert caught.value.code == "table_gone" and store.runs() == []
    store.save_table(table)
    assert ended(runner.submit(config)).status == "done"


# ---------------------------------------------------------------- queue


def test_the_first_snapshot_is_there_while_the_second_is_worked_on(script: Script) -> None:
    run_id = runner.submit(SMALL)
    wait_for(lambda: len(runner.snapshots(run_id)) == 1)
    assert known(run_id).status == "running"
    script.gate.set()
    assert ended(run_id).status == "done" and len(runner.snapshots(run_id)) == len(script.given)


def test_two_work_and_the_others_wait_in_order(script: Script) -> None:
    ids = [runner.submit(seeded(seed)) for seed in range(5)]
    wait_for(lambda: len(script.started) == 2)
    assert [known(run_id).status for run_id in ids] == ["running"] * 2 + ["queued"] * 3
    assert [runner.places_before(known(run_id)) for run_id in ids] == [0, 0, 0, 1, 2]
    runner.stop(ids[3])
    assert [runner.places_before(known(ids[4]))] == [1]
    assert known(ids[3]).status == "stopped", "at once, not when its turn comes"
    script.gate.set()
    assert [ended(run_id).status for run_id in ids] == ["done"] * 3 + ["stopped", "done"]
    assert sorted(script.started[:2]) == [0, 1] and sorted(script.started[2:]) == [2, 4]
    assert runner.snapshots(ids[3]) == []


def test_visitors_take_turns(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BNVIZ_JOBS_VISITOR", "4")
    for seed in range(2):  # at work
        runner.submit(seeded(seed), "eager")
    wait_for(lambda: len(script.started) == 2)
    eager = [runner.submit(seeded(seed), "eager") for seed in (10, 11)]
    with pytest.raises(Problem) as caught:
        runner.submit(SMALL, "eager")
    assert (caught.value.code, caught.value.values) == ("jobs_of_visitor", {"own": "4"})
    late = [runner.submit(seeded(seed), visitor) for seed, visitor in ((20, "b"), (30, "c"))]
    line = [eager[0], *late, eager[1]]
    assert [runner.places_before(known(run_id)) for run_id in line] == [0, 1, 2, 3]
    runner.stop(eager[0])
    assert [runner.places_before(known(run_id)) for run_id in line[1:]] == [0, 1, 2]
    assert runner.submit(seeded(12), "eager"), "who stops one may launch another"
    script.gate.set()
    assert [ended(run_id).status for run_id in line[1:]] == ["done"] * 3
    assert script.started.index(11) > script.started.index(20)


def test_no_more_may_wait_than_are_allowed(
    script: Script, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BNVIZ_JOBS_WAITING", "1")
    for seed in range(2):
        runner.submit(seeded(seed))
        wait_for(lambda count=seed + 1: len(script.started) == count)  # type: ignore[misc]
    runner.submit(seeded(2))
    refused = partial(runner.submit, SMALL), partial(runner.submit_measure, DocumentConfig())
    for submit in refused:
        with pytest.raises(Problem) as caught:
            submit()
        assert caught.value.code == "jobs_waiting" and len(store.runs()) == 3
    script.gate.set()


def test_a_run_that_would_keep_too_much_is_refused(
    script: Script, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What those at work will keep is counted; a single one is refused with what to make less."""
    keeps = cost(SMALL, SMALL.data.samples, FEATURES).kept
    monkeypatch.setenv("BNVIZ_HISTORY_VISITOR_GIGABYTES", str(1.5 * keeps / GIGABYTE))
    first = runner.submit(SMALL, "ada")
    wait_for(lambda: script.started)
    with pytest.raises(Problem) as caught:
        runner.submit(seeded(1), "ada")
    assert caught.value.code == "runs_of_visitor"
    other = runner.submit(seeded(1), "alan")
    script.gate.set()
    runs = {run_id: ended(run_id) for run_id in (first, other)}
    assert all(keeps / 2 < run.size <= keeps for run in runs.values())
    kept = sum(run.size for run in runs.values())
    assert store.owns("ada", first) and store.owns("alan", other)
    monkeypatch.setenv("BNVIZ_HISTORY_GIGABYTES", str((kept + keeps - 1) / GIGABYTE))
    with pytest.raises(Problem) as caught:
        runner.submit(seeded(2), "eve")
    assert caught.value.code == "runs_full"
    store.discard([first])
    assert ended(runner.submit(seeded(2), "eve")).status == "done"
    long = SMALL.model_copy(update={"optimizer": OptimizerConfig(epochs=40)})
    refused = refusals.of_training(long, SMALL.data.samples, FEATURES)
    assert refused is not None
    assert (refused.code, refused.values["remedy"]) == ("run_too_much", "epochs")


def test_what_measures_and_sweeps_will_keep_is_counted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_sweep", lambda *_: None)  # it waits
    axes = (Axis(field="network.eps", values=(1e-5, 1e-3)), Axis(field="data.seed", values=(0,)))
    sweeping = SweepConfig(base=SMALL, axes=axes)
    measure = DocumentConfig(probes=2)
    plan = groups(sweeping, SMALL.data.samples, FEATURES)
    keeps = sum(group.cost.kept for group in plan)
    more = measure_cost(measure, *measures.training_of(store, measure)).kept
    room = keeps + min(keeps, more) - 1
    monkeypatch.setenv("BNVIZ_HISTORY_VISITOR_GIGABYTES", str(room / GIGABYTE))
    runner.submit_sweep(sweeping, "ada")
    again = partial(runner.submit_sweep, sweeping, "ada")
    for submit in (again, partial(runner.submit_measure, measure, "ada")):
        with pytest.raises(Problem) as caught:
            submit()
        assert caught.value.code == "runs_of_visitor"
    monkeypatch.setenv("BNVIZ_HISTORY_GIGABYTES", str((keeps - 1) / GIGABYTE))
    refused = refusals.of_sweep(sweeping, SMALL.data.samples, FEATURES)
    assert refused is not None and refused.code == "run_too_much"


def test_who_waits_or_works_in_silence_is_alive(
    script: Script, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.05)
    heart = heartbeat.Heart()  # that of this process may beat for what other tests have left
    for module in (runner, worker):
        monkeypatch.setattr(module, "heart", heart)
    ids = [runner.submit(seeded(seed)) for seed in range(3)]
    wait_for(lambda: len(script.started) == 2)

    def beats() -> dict[str, float]:
        with sqlite3.connect(store.place) as connection:
            rows = connection.execute("SELECT id, heartbeat FROM bnviz_runs").fetchall()
        connection.close()
        return dict(rows)

    first = beats()
    wait_for(lambda: all(beats()[run_id] > first[run_id] for run_id in ids))
    script.gate.set()
    wait_for(lambda: not any(run.active for run in store.runs()))
    wait_for(lambda: heart._thread is None)


# ---------------------------------------------------------------- failures


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (RuntimeError("matrix is singular\nand more"), "RuntimeError: matrix is singular"),
        (ValueError("There are too few rows."), "There are too few rows."),
        (MemoryError(), str(Problem("job_too_large", {"gigabytes": "3"}))),
        (OSError("x" * 1000), "OSError: " + "x" * 291),
    ],
)
def test_a_failing_run_says_so_and_the_next_one_works(
    script: Script, store: Store, error: Exception, sentence: str
) -> None:
    script.error = error
    script.gate.set()
    run_id = runner.submit(SMALL)
    run = ended(run_id)
    assert (run.status, str(run.error)) == ("failed", sentence)
    trace = store.traceback(run_id)
    assert trace is not None and "Traceback" in trace and "raise self.error" in trace
    assert len(runner.snapshots(run_id)) == 1, "what came before is kept"
    script.error = None
    assert ended(runner.submit(SMALL)).status == "done"


def test_a_full_disk_fails_the_run(
    script: Script, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = Store.append

    def full(self: Store, run_id: str, index: int, *rest: object) -> bool:
        if index == 2:
            raise StoreProblem("full", {"place": self.place, "detail": "disk full"})
        return append(self, run_id, index, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "append", full)
    script.gate.set()
    run = ended(runner.submit(SMALL))
    assert run.status == "failed" and isinstance(run.error, Problem)
    assert (run.error.code, run.error.values["detail"]) == ("full", "disk full")
    assert run.snapshots == 2


def test_a_run_deleted_while_at_work_stays_deleted(script: Script, store: Store) -> None:
    run_id = runner.submit(SMALL)
    wait_for(lambda: len(script.started) == 1)
    store.delete(run_id)
    wait_for(lambda: run_id not in heartbeat.heart._runs)
    assert store.run(run_id) is None and store.blobs(run_id) == []


def test_a_store_that_is_gone_when_a_job_ends_holds_no_place(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = runner.submit(SMALL)
    wait_for(lambda: len(script.started) == 1)

    def gone(url: object = None) -> Store:
        raise StoreProblem("locked", {"detail": "for a while"})

    monkeypatch.setattr(runner, "open_store", gone)
    script.gate.set()
    wait_for(lambda: run_id not in runner._under_way)


def test_an_unknown_run() -> None:
    for run_id in ("nosuchrun1", "../x", "x" * 10_000):
        assert runner.snapshots(run_id) == [] and runner.last_state(run_id) is None
        runner.stop(run_id)


# ---------------------------------------------------------------- watching


def test_polling_decodes_nothing_twice(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = []

    def counting(blob: bytes) -> Snapshot:
        decoded.append(len(blob))
        return TRAININGS.read(blob)

    monkeypatch.setattr(reader, "TRAININGS", replace(TRAININGS, read=counting))
    run_id = runner.submit(SMALL)
    wait_for(lambda: len(runner.snapshots(run_id)) == 1)
    for _ in range(5):
        runner.snapshots(run_id)
    script.gate.set()
    ended(run_id)
    for _ in range(5):
        assert len(runner.snapshots(run_id)) == len(script.given) == len(decoded)


def test_memory_forgets_the_run_watched_longest_ago(store: Store) -> None:
    from bnviz.core.training.snapshots import to_bytes

    blob = to_bytes(replace(of_core(SMALL)[0], state={}))
    ids = [store.create("train", "{}", 1) for _ in range(3)]
    for run_id in ids:
        store.append(run_id, 0, 0, blob)
    memory = Memory(limit=2 * len(blob))
    a, b, c = ids
    for run_id in (a, b, a, c):
        assert len(memory.snapshots(store, run_id, -1)) == 1
    for run_id in ids:
        store.append(run_id, 1, 1, blob)  # so that what is remembered can be told from what is not

    def remembered(run_id: str) -> bool:
        return (store.place, run_id) in memory._runs

    assert [remembered(run_id) for run_id in ids] == [True, False, True]
    assert [len(memory.snapshots(store, run_id, -1)) for run_id in ids] == [2, 2, 2]
    assert Memory(limit=1).snapshots(store, a, 0)[0].epoch == 0, "a run too large is still read"


# ---------------------------------------------------------------- processes

#: What starts in the background of a shell ignores interrupts, unless told not to.
PROGRAM = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from bnviz.core.configs import TrainConfig
from bnviz.jobs import runner
from bnviz.store import open_store
run_id = runner.submit(TrainConfig.model_validate_json(sys.argv[1]))
while not runner.snapshots(run_id):
    time.sleep(0.01)
print(run_id, flush=True)
"""


#: Each cell a group of its own, and more groups than are worked on until someone looks.
SWEEP = SweepConfig(
    base=SMALL.model_copy(update={"optimizer": SMALL.optimizer.model_copy(update={"epochs": 200})}),
    axes=(
        Axis(field="network.depth", values=tuple(range(1, 9))),
        Axis(field="network.width", values=(4, 8)),
    ),
)

Process = Callable[[str], tuple[subprocess.Popen[str], str]]


@pytest.fixture
def process() -> Iterator[Process]:
    """Starts a process that launches LONG, gives the id at the first snapshot, does `after`.

    Unless the test wants more, one worker waits: each takes some seconds to load torch.
    """
    started, given = [], (LONG, SWEEP)

    def start(after: str) -> tuple[subprocess.Popen[str], str]:
        program = subprocess.Popen(
            [sys.executable, "-c", PROGRAM + after, *(each.model_dump_json() for each in given)],
            cwd=ROOT,
            env={"BNVIZ_JOBS": "1", **os.environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(program)
        assert program.stdout is not None
        return program, program.stdout.readline().strip()

    yield start
    for program in started:
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
        program.communicate()


WAIT = "while open_store().run(run_id).active: time.sleep(0.05)\n"


def test_another_process_watches_and_stops(process: Process) -> None:
    program, run_id = process(WAIT)
    count = len(runner.snapshots(run_id))
    assert count >= 1 and known(run_id).status == "running"
    wait_for(lambda: len(runner.snapshots(run_id)) > count)
    runner.stop(run_id)
    _, errors = program.communicate(timeout=PATIENCE)
    assert (program.returncode, errors) == (0, "")
    assert known(run_id).status == "stopped"


@pytest.mark.parametrize("how", ["return", "interrupt"])
def test_a_process_ends_at_once_and_its_run_is_interrupted(process: Process, how: str) -> None:
    program, run_id = process("" if how == "return" else "time.sleep(60)")
    if how == "interrupt":
        program.send_signal(signal.SIGINT)
    _, errors = program.communicate(timeout=PATIENCE)
    assert "terminate called" not in errors, "Python must not abort"
    if how == "return":
        assert (program.returncode, errors) == (0, "")
    else:  # Python forgets the signal, and gives 1, if another thread calls exec() meanwhile
        assert program.returncode in (-signal.SIGINT, 1)
        assert errors.strip().endswith("KeyboardInterrupt")
    run = known(run_id)
    assert run.status == "interrupted" and run.done < run.total and run.snapshots >= 1


#: A measure that never ends, and a sweep of which some cells are finished.
MORE = """
from bnviz.core.smoothness.document import DocumentConfig
from bnviz.core.sweep.config import SweepConfig
from tests.jobs import calls
runner._Job = calls.Deaf
measure = runner.submit_measure(DocumentConfig())
sweep = runner.submit_sweep(SweepConfig.model_validate_json(sys.argv[2]))
while not open_store().run(sweep).done or open_store().run(measure).status == "queued":
    time.sleep(0.01)
print(measure, sweep, flush=True)
time.sleep(600)
"""


def test_a_killed_server_leaves_what_its_runs_had_and_the_next_goes_on(
    process: Process, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    monkeypatch.setenv("BNVIZ_JOBS", "3")
    program, training = process(MORE)
    assert program.stdout is not None
    measure, sweep_id = program.stdout.readline().split()
    program.kill()
    monkeypatch.setattr(
        records, "STALE_SECONDS", heartbeat.BEAT_SECONDS + 1
    )  # who lives is heard by then
    for run_id in (training, measure, sweep_id):
        assert ended(run_id).status == "interrupted"
    assert len(runner.snapshots(training)) >= 1
    kept = sweep.outcomes(store, sweep_id)
    assert 1 <= len(kept) < len(cells(SWEEP))
    again = sweep.create(store, SWEEP, resume=True)
    assert sweep.outcomes(store, again).keys() == kept.keys()


def test_runs_are_alive_again_after_a_sleep(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A laptop that is closed: server and workers stand still for longer than a run may be silent.

    Nobody has ended such a run, so whoever looks at it goes on looking.
    """
    monkeypatch.setattr(records, "STALE_SECONDS", 1.0)
    program, run_id = process("time.sleep(600)")
    wait_for(lambda: known(run_id).status == "running")
    os.killpg(program.pid, signal.SIGSTOP)
    wait_for(lambda: known(run_id).silent)
    asleep = known(run_id)
    assert asleep.status == "interrupted" and not asleep.active
    os.killpg(program.pid, signal.SIGCONT)
    wait_for(lambda: known(run_id).status == "running" and known(run_id).done > asleep.done)
    runner.stop(run_id)
    wait_for(lambda: known(run_id).status == "stopped")
    assert not known(run_id).silent and known(run_id).snapshots >= asleep.snapshots


# ---------------------------------------------------------------- runs that do not end


def work_as(kind: type[runner._Job], monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a run that is worked on in that way, in a process."""
    monkeypatch.setattr(runner, "_Job", kind)
    return runner.submit(SMALL)


def test_a_run_that_does_not_hear_is_stopped_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = work_as(calls.Deaf, monkeypatch)
    wait_for(lambda: known(run_id).status == "running")
    runner.stop(run_id)
    assert ended(run_id).status == "stopped"


def test_a_run_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BNVIZ_JOB_MINUTES", "0")
    monkeypatch.setattr(refusals, "of_training", lambda *_: None)
    deaf, hearing = work_as(calls.Deaf, monkeypatch), work_as(runner._Job, monkeypatch)
    monkeypatch.setenv("BNVIZ_JOB_MINUTES", "120")
    for run_id in (deaf, hearing):
        run = ended(run_id)
        assert run.status == "failed" and isinstance(run.error, Problem)
        assert (run.error.code, run.error.values) == ("job_too_long", {"minutes": "0"})


def test_a_run_whose_process_dies_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A training at work, and a measure right after Launch, before its work has begun."""
    training = work_as(calls.Dying, monkeypatch)
    monkeypatch.setattr(runner, "_Job", calls.DyingFirst)
    for run_id in (training, runner.submit_measure(DocumentConfig())):
        run = ended(run_id)
        assert run.status == "failed" and isinstance(run.error, Problem)
        assert run.error.code == "job_gone"


#: About as large as is accepted: a step takes longer than a run that is stopped may take.
LARGEST = TrainConfig.model_validate(
    {
        "network": {"depth": 8, "width": 512},
        "seeds": 1,
        "data": {"samples": 100_000},
        "optimizer": {"batch_size": 16_384, "epochs": 2000},
        "probes": {"checkpoints": 0},
    }
)


@pytest.mark.proof
def test_the_largest_run_is_stopped_within_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BNVIZ_JOB_MINUTES", "1000000")
    needed = cost(LARGEST, LARGEST.data.samples, 3)
    assert GIGABYTE < needed.memory < GIGABYTE * limits.gigabytes()
    run_id = runner.submit(LARGEST)
    wait_for(lambda: known(run_id).status == "running")
    runner.stop(run_id)
    run = ended(run_id)
    assert run.status == "stopped" and run.done == 0


RELOAD = """
for name in [name for name in sys.modules if name.startswith("bnviz")]:
    del sys.modules[name]  # as Streamlit's file watcher does
from bnviz.jobs import runner as new
assert new is not runner and new.snapshots(run_id)
count = len(new.snapshots(run_id))
while len(new.snapshots(run_id)) <= count: time.sleep(0.01)
new.stop(run_id)
from bnviz.store import open_store
while open_store().run(run_id).active: time.sleep(0.01)
again = new.submit(TrainConfig.model_validate_json(sys.argv[1]))
while open_store().run(again).active and not new.snapshots(again): time.sleep(0.01)
"""


def test_a_run_outlives_a_reload_of_the_modules(process: Process, store: Store) -> None:
    program, run_id = process(RELOAD)
    _, errors = program.communicate(timeout=PATIENCE)
    assert (program.returncode, errors) == (0, "")
    assert sorted(run.status for run in store.runs()) == ["interrupted", "stopped"]
    assert known(run_id).status == "stopped"


def test_launching_needs_no_torch() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import bnviz.jobs.runner, sys; print('torch' in sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env=os.environ.copy(),
    )
    assert done.stdout.strip() == "False"
