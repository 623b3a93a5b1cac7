"""Measures as jobs: of the nets that were asked for, once for all who ask, and stopped by any."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import fields, replace

import numpy as np
import pytest

from bnviz.core.configs import DataConfig, OptimizerConfig, TrainConfig
from bnviz.core.data.tables import Table
from bnviz.core.smoothness.along import AlongConfig
from bnviz.core.smoothness.document import DocumentConfig, Replay, ReplayedNet
from bnviz.core.smoothness.extremes import ExtremesConfig
from bnviz.core.smoothness.gap import GapConfig
from bnviz.core.smoothness.measure import Measure, Progress, SubjectConfig, to_bytes
from bnviz.core.smoothness.registry import MEASURES
from bnviz.core.smoothness.subject import Subject
from bnviz.jobs import kinds, measures, reader, runner, worker
from bnviz.jobs.heartbeat import heart
from bnviz.store import Problem, Store, StoreProblem
from tests.jobs.conftest import LONG, SMALL
from tests.waiting import ended, known, wait_for


def replay_of(value: float) -> Replay:
    """A result that one number can tell from others."""
    net = ReplayedNet(np.array([value]), np.zeros(1), np.zeros(1), np.array([True]))
    return Replay(net, net)


def value_of(run_id: str) -> float | None:
    result = runner.result(run_id)
    return None if result is None else float(result.bn.published[0])


class Script:
    """Stands in for the measures: finds 0 at once, and, when the gate opens, 1 and 2."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[tuple[Measure, Subject]] = []
        self.gate = threading.Event()
        self.error: Exception | None = None
        script = self
        for owner in MEASURES.values():
            monkeypatch.setattr(owner, "measure", lambda *args: script.measure(*args))

    def measure(
        self, config: Measure, subject: Subject, should_stop: Callable[[], bool]
    ) -> Iterator[Progress]:
        self.seen.append((config, subject))
        yield Progress(0, 4)
        first = replay_of(0)
        yield Progress(1, 4, first)
        yield Progress(2, 4, first)
        while not self.gate.is_set() and not should_stop():
            time.sleep(0.005)
        if self.error is not None:
            raise self.error
        if not should_stop():
            yield Progress(3, 4, replay_of(1))
            yield Progress(4, 4, replay_of(2))


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, in_threads: None) -> Iterator[Script]:
    acting = Script(monkeypatch)
    yield acting
    acting.gate.set()


@pytest.fixture
def trained() -> str:
    """A training that has ended, with checkpoints at its epochs 0 and 4."""
    run_id = runner.submit(SMALL)
    assert ended(run_id).status == "done"
    return run_id


def of(run_id: str | None, epoch: int | None = None, **more: int) -> ExtremesConfig:
    return ExtremesConfig(subject=SubjectConfig(run=run_id, epoch=epoch), **more)


# ---------------------------------------------------------------- a job like any other


def test_a_measure_from_start_to_end(script: Script) -> None:
    run_id = runner.submit_measure(DocumentConfig())
    wait_for(lambda: known(run_id).done == 2)
    run = known(run_id)
    assert (run.kind, run.status, run.total, run.snapshots) == ("measure:replay", "running", 4, 1)
    assert value_of(run_id) == 0, "the coarse result is there while the fine one is worked on"
    script.gate.set()
    run = ended(run_id)
    assert (run.status, run.done, run.total) == ("done", 4, 4)
    assert value_of(run_id) == 2
    result = runner.result(run_id)
    for field in fields(ReplayedNet):
        ours, theirs = (getattr(each.plain, field.name) for each in (result, replay_of(2)))
        np.testing.assert_array_equal(ours, theirs)
        assert ours.dtype == theirs.dtype


def test_only_the_newest_result_is_kept(script: Script, store: Store) -> None:
    script.gate.set()
    run_id = runner.submit_measure(DocumentConfig())
    assert ended(run_id).snapshots == 3, "a result that stays the same is stored once"
    assert [index for index, _ in store.blobs(run_id)] == [2]


def test_a_stopped_measure_keeps_what_it_found(script: Script) -> None:
    run_id = runner.submit_measure(DocumentConfig())
    wait_for(lambda: known(run_id).done == 2)
    runner.stop(run_id)
    run = ended(run_id)
    assert (run.status, run.done, value_of(run_id)) == ("stopped", 2, 0)


def test_a_failing_measure_says_so(script: Script, store: Store) -> None:
    script.error = ValueError("There are too few rows.")
    script.gate.set()
    run = ended(runner.submit_measure(DocumentConfig()))
    assert (run.status, run.error) == ("failed", "There are too few rows.")
    assert "raise self.error" in str(store.traceback(run.id)) and value_of(run.id) == 0


def test_a_measure_deleted_while_at_work_stays_deleted(script: Script, store: Store) -> None:
    run_id = runner.submit_measure(DocumentConfig())
    wait_for(lambda: known(run_id).done == 2)
    store.delete(run_id)
    script.gate.set()
    wait_for(lambda: run_id not in heart._runs)
    assert store.run(run_id) is None and store.blobs(run_id) == []
    assert runner.result(run_id) is None


def test_measures_and_trainings_share_the_workers(script: Script) -> None:
    training = runner.submit(LONG)
    ids = [runner.submit_measure(DocumentConfig(seed=seed)) for seed in range(3)]
    wait_for(lambda: known(ids[0]).done == 2)
    assert [known(each).status for each in ids] == ["running", "queued", "queued"]
    runner.stop(training)
    wait_for(lambda: known(ids[1]).done == 2)
    assert known(ids[2]).status == "queued"
    script.gate.set()
    assert [ended(each).status for each in ids] == ["done"] * 3


@pytest.mark.parametrize("kind", MEASURES)
def test_every_kind_of_measure_has_work_and_room_for_its_name(kind: str) -> None:
    name = measures.kind(MEASURES[kind]())
    assert worker.WORK[name.partition(":")[0]] is measures.work
    assert len(name) <= 32


# ---------------------------------------------------------------- whose nets


def test_the_documents_nets(script: Script) -> None:
    script.gate.set()
    ended(runner.submit_measure(of(None)))
    (config, subject) = script.seen[0]
    assert config == of(None)
    assert subject.x.shape == (3, 1000) and subject.seeds == 1


def test_the_nets_of_a_checkpoint(script: Script, store: Store, trained: str) -> None:
    script.gate.set()
    assert runner.checkpoints(trained) == [0, 4]
    for epoch in (0, 4, None):
        ended(runner.submit_measure(of(trained, epoch, probes=2 if epoch == 0 else 3)))
    first, last = (subject for _, subject in script.seen)
    assert [config.subject.epoch for config, _ in script.seen] == [0, 4], "None is the last"
    assert first.config == last.config == SMALL and first.x.shape == (3, 48)
    state = runner.last_state(trained)
    assert state is not None
    for name, value in last.bn.params.items():
        np.testing.assert_array_equal(value, state.state[f"bn/{name}"])
    weight = "output.weight"
    assert not (first.bn.params[weight] == last.bn.params[weight]).all()
    np.testing.assert_array_equal(
        runner.resolve(SubjectConfig(run=trained, epoch=0)).bn.params[weight],
        first.bn.params[weight],
    )


def test_the_nets_of_a_users_table(script: Script, store: Store) -> None:
    rows = np.random.default_rng(0).normal(size=(40, 3))
    store.save_table(Table("a" * 64, ("x1", "x2", "y"), rows))
    data = DataConfig(source="table", table="a" * 64, columns=("x1", "x2"), target="y")
    run_id = runner.submit(SMALL.model_copy(update={"data": data}))
    ended(run_id)
    script.gate.set()
    assert ended(runner.submit_measure(of(run_id))).status == "done"
    assert script.seen[0][1].x.shape == (2, 32)


def problem_of(config: Measure) -> StoreProblem:
    with pytest.raises(StoreProblem) as caught:
        runner.submit_measure(config)
    assert runner.find_measure(config) is None
    return caught.value


def test_nets_that_are_not_there(script: Script, store: Store, trained: str) -> None:
    script.gate.set()
    measure = runner.submit_measure(DocumentConfig())
    for run_id in ("nosuchrun1", "../x", "x" * 10_000, measure):
        problem = problem_of(of(run_id))
        assert problem.code == "run_gone" and run_id[:40] in str(problem)
        assert len(str(problem)) < 200 and runner.checkpoints(run_id) == []
        with pytest.raises(StoreProblem):
            runner.resolve(SubjectConfig(run=run_id))
    waiting = store.create("train", SMALL.model_dump_json(), 4)
    for config in (of(waiting), of(waiting, 3), GapConfig(subject=SubjectConfig(run=waiting))):
        assert problem_of(config).code == "no_nets"
    problem = problem_of(of(trained, 3))
    assert problem.code == "no_checkpoint" and "at epoch 3" in str(problem)
    assert "0, 4" in str(problem)
    assert {run.kind for run in store.runs()} == {"train", "measure:replay"}, "nothing was queued"


def test_nets_that_go_while_the_measure_waits(script: Script, store: Store, trained: str) -> None:
    ids = [runner.submit_measure(DocumentConfig(seed=seed)) for seed in range(2)]
    waiting = runner.submit_measure(of(trained))
    assert known(waiting).status == "queued"
    store.delete(trained)
    script.gate.set()
    run = ended(waiting)
    assert run.status == "failed" and isinstance(run.error, Problem)
    assert (run.error.code, run.error.values) == ("run_gone", {"run": trained})
    assert [ended(each).status for each in ids] == ["done", "done"]


# ---------------------------------------------------------------- once for all who ask


def test_who_asks_again_gets_the_same_run(script: Script, trained: str) -> None:
    config = of(trained)
    assert runner.find_measure(config) is None
    run_id = runner.submit_measure(config)
    assert runner.submit_measure(config) == run_id, "while it waits or works"
    script.gate.set()
    ended(run_id)
    assert runner.submit_measure(config) == run_id
    assert runner.submit_measure(of(trained, 4)) == run_id, "the last checkpoint by its name"
    run = runner.find_measure(config)
    assert run is not None and run.id == run_id and run.status == "done"
    others = [of(trained, 0), of(None), of(trained, seed=1), of(trained, probes=9)]
    assert run_id not in [runner.submit_measure(other) for other in others]
    assert len(script.seen) <= 5


def test_many_who_ask_at_once_get_one_run(script: Script, store: Store) -> None:
    ids: list[str] = []
    asking = [
        threading.Thread(target=lambda: ids.append(runner.submit_measure(DocumentConfig())))
        for _ in range(8)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join(30)
    assert len(ids) == 8 and len(set(ids)) == 1 == len(store.runs())


@pytest.mark.parametrize("how", ["failed", "stopped"])
def test_what_did_not_end_well_is_begun_anew(script: Script, how: str) -> None:
    if how == "failed":
        script.error = RuntimeError("no luck")
        script.gate.set()
    first = runner.submit_measure(DocumentConfig())
    if how == "stopped":
        wait_for(lambda: known(first).done == 2)
        runner.stop(first)
    assert ended(first).status == how
    assert getattr(runner.find_measure(DocumentConfig()), "status", None) == how
    script.error = None
    script.gate.set()
    second = runner.submit_measure(DocumentConfig())
    assert second != first and ended(second).status == "done"
    assert getattr(runner.find_measure(DocumentConfig()), "id", None) == second


def test_what_a_measure_does_not_need_makes_no_difference(script: Script, trained: str) -> None:
    script.gate.set()
    replay = runner.submit_measure(DocumentConfig())
    elsewhere = SubjectConfig(run=trained, epoch=0)
    assert runner.submit_measure(DocumentConfig(subject=elsewhere)) == replay
    for kind in (GapConfig, AlongConfig):
        run_id = runner.submit_measure(kind(subject=elsewhere))
        assert runner.submit_measure(kind(subject=SubjectConfig(run=trained))) == run_id
        assert runner.submit_measure(kind()) != run_id


def test_the_last_checkpoint_of_a_running_training_is_never_stale(
    script: Script, store: Store
) -> None:
    script.gate.set()
    config = LONG.model_copy(update={"probes": LONG.probes.model_copy(update={"checkpoints": 100})})
    training = runner.submit(config)
    wait_for(lambda: runner.checkpoints(training))
    early = runner.submit_measure(of(training))
    epoch = measures.config_of(known(early)).subject.epoch
    wait_for(lambda: runner.checkpoints(training)[-1] != epoch)
    late = runner.submit_measure(of(training))
    assert late != early and ended(late).status == "done"
    assert measures.config_of(known(late)).subject.epoch in runner.checkpoints(training)
    assert runner.submit_measure(of(training, epoch)) == early
    runner.stop(training)


def test_nets_that_trained_on_within_the_epoch_are_measured_anew(
    script: Script, store: Store
) -> None:
    """A training stopped soon after a checkpoint keeps other nets of the same epoch."""
    script.gate.set()
    config = SMALL.model_copy(update={"optimizer": OptimizerConfig(epochs=9, batch_size=16)})
    training = store.create("train", config.model_dump_json(), 9)
    store.start(training)
    blob = state_of(config, 1.0)
    store.append(training, 0, 0, blob, state=blob)
    store.append(training, 1, 3, blob, state=blob)
    at_3, at_0 = (runner.submit_measure(of(training, epoch)) for epoch in (3, 0))
    ended(at_3)
    blob = state_of(config, 2.0)
    store.append(training, 2, 3, blob, state=blob)
    store.finish(training, "stopped")
    assert runner.checkpoints(training) == [0, 3]
    assert runner.find_measure(of(training, 3)) is None
    again = runner.submit_measure(of(training, 3))
    assert again != at_3 and ended(again).status == "done"
    assert float(script.seen[-1][1].bn.params["output.bias"][0, 0]) == 2.0
    assert runner.submit_measure(of(training)) == again
    assert runner.submit_measure(of(training, 0)) == at_0


def state_of(config: TrainConfig, bias: float) -> bytes:
    """A snapshot whose nets are untrained but for one number."""
    from bnviz.core.data.preparation import dataset_for
    from bnviz.core.training import snapshots, train

    dataset = dataset_for(config.data, None)
    first = list(train.train(config, dataset, lambda: True))[-1]
    state = {name: value.copy() for name, value in first.state.items()}
    state["bn/output.bias"][:] = bias
    return snapshots.to_bytes(replace(first, state=state))


# ---------------------------------------------------------------- watching


def test_polling_decodes_no_result_twice(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = []
    kind = kinds.KINDS[measures.kind(DocumentConfig())]

    def counting(blob: bytes) -> object:
        decoded.append(Replay)
        return kind.read(blob)

    counted = {**kinds.KINDS, kind.name: replace(kind, read=counting)}
    monkeypatch.setattr(kinds, "KINDS", counted)
    run_id = runner.submit_measure(DocumentConfig())
    wait_for(lambda: value_of(run_id) == 0)
    for _ in range(5):
        assert value_of(run_id) == 0
    assert decoded == [Replay]
    script.gate.set()
    ended(run_id)
    assert runner.result(run_id) is runner.result(run_id)
    assert value_of(run_id) == 2 and len(decoded) <= 3


def test_results_forget_the_measure_watched_longest_ago(store: Store) -> None:
    blob = to_bytes(replay_of(1))
    ids = [store.create("measure:replay", "{}", 1) for _ in range(3)]
    for run_id in ids:
        store.advance(run_id, 1, 1, (0, blob))
    shelf = reader.Results(limit=2 * len(blob))
    a, b, c = ids
    for run_id in (a, b, a, c):
        assert shelf.result(store, known(run_id)) is not None
    assert [key for _, key in shelf._runs] == [a, c]


def test_what_has_no_result(script: Script, store: Store, trained: str) -> None:
    waiting = store.create("measure:replay", "{}", 0)
    for run_id in (waiting, trained, "nosuchrun1", "../x"):
        assert runner.result(run_id) is None
