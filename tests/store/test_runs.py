"""The history: what was appended is what is read, whoever reads, whatever goes wrong."""

import hashlib
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bnviz import folders
from bnviz.core.data.tables import Table
from bnviz.store import Problem, Store, StoreProblem, open_store, thinning
from bnviz.store.database import folder_url
from bnviz.store.records import STALE_SECONDS
from tests.store.conftest import Clock
from tests.waiting import PATIENCE

HOSTILE = [
    "",
    "../../etc/passwd",
    "a b",
    "x" * 1_000_000,
    "abc\n",
    "\ud800",
    "ABC",
    "'; --",
    None,
    7,
]


def reopened(store: Store) -> Store:
    return Store(f"sqlite:///{store.place}", patience=0.1)


def a_table(values: list[list[float]]) -> Table:
    array = np.array(values)
    return Table(hashlib.sha256(array.tobytes()).hexdigest(), ("x", "y 'é' 分"), array)


# ---------------------------------------------------------------- runs


def test_a_new_run_is_queued(store: Store, clock: Clock) -> None:
    run = store.run(store.create("train", '{"seed": 1}', 50))
    assert run is not None
    assert re.fullmatch(r"[a-z0-9]{10}", run.id)
    assert (run.kind, run.config, run.status) == ("train", '{"seed": 1}', "queued")
    assert (run.done, run.total, run.snapshots, run.error) == (0, 50, 0, None)
    assert run.created.timestamp() == clock.now and run.created.utcoffset() is not None
    assert run.started is None and run.finished is None and run.active and run.seconds == 0.0


def test_ids_differ(store: Store) -> None:
    assert len({store.create("train", "{}", 1) for _ in range(50)}) == 50


def test_a_run_from_start_to_end(store: Store, clock: Clock) -> None:
    run_id = store.create("train", "{}", 3)
    clock.now += 1
    assert store.start(run_id)
    assert not store.start(run_id), "only one worker may have it"
    assert store.append(run_id, 0, 0, b"zero")
    assert store.append(run_id, 1, 2, b"one")
    clock.now += 1
    store.finish(run_id, "done")
    run = store.run(run_id)
    assert run is not None and run.started is not None and run.finished is not None
    assert (run.status, run.done, run.snapshots, run.active) == ("done", 2, 2, False)
    assert (run.finished - run.started).total_seconds() == 1
    assert store.blobs(run_id) == [(0, b"zero"), (1, b"one")]
    assert store.blobs(run_id, after=0) == [(1, b"one")]
    assert store.blobs(run_id, after=1) == []
    assert store.last_blob(run_id) == b"one"


def test_an_end_is_final(store: Store) -> None:
    run_id = store.create("train", "{}", 3)
    store.finish(run_id, "failed", "no luck", "Traceback: line 1\nline 2")
    store.finish(run_id, "done")
    run = store.run(run_id)
    assert run is not None and (run.status, run.error) == ("failed", "no luck")
    assert store.traceback(run_id) == "Traceback: line 1\nline 2"


def test_snapshots_of_runs_do_not_mix_and_come_in_order(store: Store) -> None:
    one, two = (store.create("train", "{}", 20) for _ in range(2))
    for index in range(12):  # 10 sorts before 2 as text
        store.append(one, index, index, b"1-%d" % index)
        store.append(two, index, index, b"2-%d" % index)
    assert store.blobs(one) == [(index, b"1-%d" % index) for index in range(12)]
    assert store.blobs(two, after=10) == [(11, b"2-11")]


def test_the_states_of_all_checkpoints_are_kept(store: Store) -> None:
    run_id, other = (store.create("train", "{}", 3) for _ in range(2))
    store.append(run_id, 0, 0, b"a", state=b"first")
    store.append(run_id, 1, 5, b"b")
    store.append(run_id, 2, 9, b"c", state=b"second")
    store.append(other, 0, 0, b"d")
    assert store.states(run_id) == [(0, 0), (2, 9)]
    assert store.state_blob(run_id, 0) == b"first" and store.state_blob(run_id, 2) == b"second"
    assert store.state_blob(run_id, 1) is None and store.state_blob(other, 0) is None
    assert store.last_state_blob(run_id) == b"second"
    assert store.states(other) == [] and store.last_state_blob(other) is None


def test_states_beyond_the_budget_are_thinned_out(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thinning, "STATE_BYTES", 500)
    run_id = store.create("train", "{}", 64)
    for index in range(65):
        store.append(run_id, index, index, b"", state=bytes([index]) * 100)
        kept = store.states(run_id)
        assert len(kept) == min(index + 1, 5)
        assert (kept[0], kept[-1]) == ((0, 0), (index, index)), "the first and the newest stay"
        gaps = np.diff([epoch for _, epoch in kept])
        assert gaps.max(initial=0) <= max(1, 2 * index / 4), "no gap twice as wide as it must be"
    for index, epoch in kept:
        assert store.state_blob(run_id, index) == bytes([epoch]) * 100
    assert len(store.blobs(run_id)) == 65, "snapshots are no states"


def test_a_state_larger_than_the_budget_is_the_only_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thinning, "STATE_BYTES", 500)
    run_id = store.create("train", "{}", 3)
    store.append(run_id, 0, 0, b"", state=b"x" * 400)
    store.append(run_id, 1, 1, b"", state=b"y" * 600)
    assert store.states(run_id) == [(1, 1)] and store.last_state_blob(run_id) == b"y" * 600
    store.append(run_id, 2, 2, b"", state=b"z" * 400)
    assert store.states(run_id) == [(2, 2)]


def test_two_states_of_one_epoch_are_the_first_to_be_one() -> None:
    held = [thinning.Held(index, epoch, 10) for index, epoch in enumerate((0, 4, 8, 8, 12))]
    assert [each.index for each in thinning.surplus(held, 40)] == [2]
    assert [each.index for each in thinning.surplus(held, 25)] == [2, 1, 3]
    assert thinning.surplus(held, 50) == []


def test_a_result_replaces_the_one_before(store: Store, clock: Clock) -> None:
    run_id = store.create("measure:gap", "{}", 0)
    store.start(run_id)
    clock.now += 1
    assert store.advance(run_id, 1, 7)
    run = store.run(run_id)
    assert run is not None and (run.done, run.total, run.snapshots) == (1, 7, 0)
    assert store.advance(run_id, 2, 7, (0, b"coarse")) and store.last_blob(run_id) == b"coarse"
    assert store.advance(run_id, 3, 7, (1, b"fine")) and store.advance(run_id, 4, 7)
    run = store.run(run_id)
    assert run is not None and (run.done, run.total, run.snapshots) == (4, 7, 2)
    assert store.blobs(run_id) == [(1, b"fine")]
    store.delete(run_id)
    assert not store.advance(run_id, 5, 7) and not store.advance(run_id, 6, 7, (2, b"late"))
    assert store.blobs(run_id) == []


def test_appending_is_all_or_nothing(store: Store) -> None:
    run_id = store.create("train", "{}", 9)
    store.append(run_id, 0, 1, b"first")
    with pytest.raises(StoreProblem):
        store.append(run_id, 0, 5, b"again", state=b"state")
    run = store.run(run_id)
    assert run is not None and (run.done, run.snapshots) == (1, 1)
    assert store.blobs(run_id) == [(0, b"first")] and store.last_state_blob(run_id) is None


def test_newest_runs_first(store: Store, clock: Clock) -> None:
    ids = []
    for _ in range(5):
        clock.now += 1
        ids.append(store.create("train", "{}", 1))
    assert [run.id for run in store.runs()] == ids[::-1]
    assert [run.id for run in store.runs(limit=2)] == ids[:-3:-1]


def test_runs_of_one_kind(store: Store, clock: Clock) -> None:
    for number in range(3):
        clock.now += 1
        store.create("train", f"{number}", 1)
        for _ in range(3):
            clock.now += 1
            store.create("measure:gap", f"{number}", 1)
    assert [run.config for run in store.runs(kind="train", limit=3)] == ["2", "1", "0"]
    assert {run.kind for run in store.runs(limit=3)} == {"measure:gap"}
    assert len(store.runs()) == 12 and store.runs(kind="nosuch") == []


def test_the_newest_run_of_a_config(store: Store, clock: Clock) -> None:
    old = store.create("measure:gap", '{"a":1}', 1)
    clock.now += 1
    store.create("measure:gap", '{"a":2}', 1)
    store.create("train", '{"a":1}', 1)

    def newest() -> str | None:
        run = store.newest("measure:gap", '{"a":1}')
        return run.id if run else None

    assert newest() == old
    clock.now += 1
    new = store.create("measure:gap", '{"a":1}', 1)
    assert newest() == new
    store.delete(new)
    assert newest() == old and store.newest("measure:gap", '{"a": 1}') is None


def test_stopping(store: Store) -> None:
    queued, running = (store.create("train", "{}", 1) for _ in range(2))
    store.start(running)
    assert not store.stop_requested(running)
    store.request_stop(queued)
    store.request_stop(running)
    at_once, later = store.run(queued), store.run(running)
    assert at_once is not None and at_once.status == "stopped" and at_once.finished is not None
    assert later is not None and later.status == "running"
    assert store.stop_requested(running)
    assert not store.start(queued), "a stopped run must not start"


def test_a_heartbeat_in_the_future_is_stale(store: Store, clock: Clock) -> None:
    """The clock stood two hours ahead when the run was killed, and was then set right."""
    run_id = store.create("train", "{}", 1)
    assert store.start(run_id) and store.active() == {run_id: "running"}
    waiting = store.create("train", "{}", 1)
    clock.now -= 2 * 3600
    for each in (run_id, waiting):
        run = store.run(each)
        assert run is not None and run.status == "interrupted"
    assert store.active() == {}


def test_who_waits_or_works_in_order(store: Store, clock: Clock) -> None:
    ids = []
    for _ in range(3):
        ids.append(store.create("train", "{}", 1))
        clock.now += 1
    store.start(ids[1])
    assert list(store.active().items()) == [
        (ids[0], "queued"),
        (ids[1], "running"),
        (ids[2], "queued"),
    ]
    store.finish(ids[1], "done")
    assert list(store.active()) == [ids[0], ids[2]]


@pytest.mark.parametrize(
    "error",
    [
        None,
        "a sentence",
        "[1]",
        '["nosuch", {}]',
        StoreProblem("full", {"place": "x", "detail": ""}),
    ],
)
def test_why_a_run_failed(store: Store, error: StoreProblem | str | None) -> None:
    run_id = store.create("train", "{}", 1)
    store.finish(run_id, "failed", error)
    run = store.run(run_id)
    assert run is not None and str(run.error) == str(error)
    if isinstance(error, StoreProblem):
        assert isinstance(run.error, Problem)
        assert (run.error.code, run.error.values) == (error.code, error.values)


def test_a_silent_run_is_interrupted(store: Store, clock: Clock) -> None:
    queued, running, done = (store.create("train", "{}", 1) for _ in range(3))
    store.start(running)
    store.start(done)
    store.finish(done, "done")

    def statuses() -> list[str]:
        runs = [store.run(run_id) for run_id in (queued, running, done)]
        return [run.status for run in runs if run is not None]

    clock.now += STALE_SECONDS - 1
    assert statuses() == ["queued", "running", "done"]
    store.beat([running])
    clock.now += 2
    assert statuses() == ["interrupted", "running", "done"]
    clock.now += STALE_SECONDS
    assert statuses() == ["interrupted", "interrupted", "done"]
    assert {run.status for run in store.runs()} == {"interrupted", "done"}
    store.append(running, 0, 1, b"a sign of life")
    assert statuses()[1] == "running"


def test_a_deleted_run_leaves_nothing(store: Store) -> None:
    run_id, other = (store.create("train", "{}", 1) for _ in range(2))
    store.start(run_id)
    for each in (run_id, other):
        store.append(each, 0, 0, b"blob", state=b"state")
    store.delete(run_id)
    assert store.run(run_id) is None and store.blobs(run_id) == []
    assert store.last_state_blob(run_id) is None and store.states(run_id) == []
    assert store.stop_requested(run_id), "its worker must stop"
    assert not store.append(run_id, 1, 1, b"late") and store.blobs(run_id) == []
    store.finish(run_id, "done")
    assert store.blobs(other) == [(0, b"blob")] and store.last_state_blob(other) == b"state"


@pytest.mark.parametrize("run_id", HOSTILE)
def test_a_hostile_id_is_no_run(store: Store, run_id: str) -> None:
    kept = store.create("train", "{}", 1)
    store.append(kept, 0, 0, b"blob")
    assert store.run(run_id) is None and store.traceback(run_id) is None
    assert store.blobs(run_id) == [] and store.last_blob(run_id) is None
    assert store.last_state_blob(run_id) is None and store.stop_requested(run_id)
    assert store.states(run_id) == [] and store.state_blob(run_id, 0) is None
    assert not store.advance(run_id, 1, 1) and not store.advance(run_id, 1, 1, (0, b"blob"))
    assert not store.append(run_id, 0, 0, b"blob") and not store.start(run_id)
    store.request_stop(run_id)
    store.finish(run_id, "done")
    store.delete(run_id)
    run = store.run(kept)
    assert run is not None and run.status == "queued" and not store.stop_requested(kept)


# ---------------------------------------------------------------- tables


def test_a_table_comes_back_bit_for_bit(store: Store, clock: Clock) -> None:
    table = a_table([[1.5, -0.0], [2.0**-1074, 1.7976931348623157e308], [3.0, 4.0]])
    store.save_table(table)
    clock.now += 1
    store.save_table(table)
    again = store.table(table.digest)
    assert again is not None and again.names == table.names
    assert again.values.dtype == np.float64
    assert again.values.tobytes() == table.values.tobytes()
    (listed,) = store.tables()
    assert (listed.digest, listed.names, listed.rows) == (table.digest, table.names, 3)
    assert listed.saved.timestamp() == clock.now - 1, "saving again changes nothing"


def test_a_table_in_another_memory_order(store: Store) -> None:
    table = a_table([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    turned = Table(table.digest, table.names, np.asfortranarray(table.values)[:, ::-1])
    store.save_table(turned)
    again = store.table(table.digest)
    assert again is not None
    np.testing.assert_array_equal(again.values, [[3.0, 2.0, 1.0], [6.0, 5.0, 4.0]])


@pytest.mark.parametrize("digest", [*HOSTILE, "0" * 64])
def test_an_unknown_table_is_none(store: Store, digest: str) -> None:
    store.save_table(a_table([[1.0, 2.0]]))
    assert store.table(digest) is None


def test_tables_saved_at_once(store: Store) -> None:
    table = a_table([[1.0, 2.0]])
    problems: list[Exception] = []

    def save() -> None:
        try:
            for _ in range(10):
                store.save_table(table)
        except Exception as problem:
            problems.append(problem)

    in_threads([save] * 6)
    assert problems == [] and len(store.tables()) == 1


# ---------------------------------------------------------------- many at once


def in_threads(targets: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def test_writers_and_readers_at_once(store: Store) -> None:
    ids = [store.create("train", "{}", 50) for _ in range(3)]
    problems: list[object] = []
    writing = threading.Event()

    def write(run_id: str) -> None:
        for index in range(50):
            store.append(run_id, index, index + 1, b"%d" % index * 500, state=b"s%d" % index)

    def read() -> None:
        other = reopened(store)
        while not writing.is_set():
            for run_id in ids:
                run = other.run(run_id)
                blobs = other.blobs(run_id)
                assert run is not None
                # A reader sees whole appends, in order, and never fewer than it was told of.
                if [index for index, _ in blobs] != list(range(len(blobs))):
                    problems.append(blobs)
                if len(blobs) < run.snapshots or run.done != run.snapshots:
                    problems.append((run, len(blobs)))
        other.close()

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    in_threads([lambda run_id=run_id: write(run_id) for run_id in ids])
    writing.set()
    for reader in readers:
        reader.join(30)
    assert problems == []
    for run_id in ids:
        assert store.blobs(run_id) == [(index, b"%d" % index * 500) for index in range(50)]
        assert store.last_state_blob(run_id) == b"s49"


def test_two_processes_at_once(tmp_path: Path) -> None:
    """Both open an empty folder, make the file, and write into it at the same time."""
    code = (
        "import sys; from bnviz.store import open_store; store = open_store();"
        "run = store.create('train', '{}', 40);"
        "[store.append(run, i, i, bytes([i])) for i in range(40)];"
        "store.finish(run, 'done'); print(run)"
    )
    env = {"BNVIZ_HOME": str(tmp_path / "new" / "home"), "PYTHONPATH": str(Path.cwd())}
    both = [
        subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ids = [process.communicate(timeout=PATIENCE)[0].strip() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    store = Store(folder_url(tmp_path / "new" / "home"))
    assert {run.id for run in store.runs()} == set(ids)
    for run_id in ids:
        assert store.blobs(run_id) == [(index, bytes([index])) for index in range(40)]
    store.close()


# ---------------------------------------------------------------- addresses


def test_where_the_history_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_PACKAGE", tmp_path / "bnviz")
    monkeypatch.delenv("BNVIZ_HOME", raising=False)
    monkeypatch.delenv("BNVIZ_STORE", raising=False)
    first = open_store()
    assert Path(first.place) == tmp_path / ".bnviz" / "history.sqlite"
    assert open_store() is first
    monkeypatch.setenv("BNVIZ_HOME", str(tmp_path / "home 家"))
    second = open_store()
    assert Path(second.place) == tmp_path / "home 家" / "history.sqlite"
    monkeypatch.setenv("BNVIZ_STORE", f"sqlite:///{tmp_path}/other/db.sqlite")
    assert Path(open_store().place) == tmp_path / "other" / "db.sqlite"
    assert open_store().runs() == [] and open_store() is not first
    for opened in (first, second, open_store()):
        opened.close()
    assert all(path.is_file() for path in tmp_path.glob("*/*.sqlite"))


@pytest.mark.parametrize("url", ["nonsense", "sqlite://", "sqlite:///:memory:", "nosuch://x/y"])
def test_an_address_that_cannot_work(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BNVIZ_STORE", url)
    with pytest.raises(StoreProblem, match="BNVIZ_STORE") as caught:
        Store()
    assert caught.value.code == "bad_address"


# ---------------------------------------------------------------- what can go wrong


def problem_of(action: Callable[[], object]) -> StoreProblem:
    with pytest.raises(StoreProblem) as caught:
        action()
    assert not re.search(r"\{|\bNone\b", str(caught.value)), "a whole sentence"
    return caught.value


def test_a_full_disk(store: Store) -> None:
    run_id = store.create("train", "{}", 9)
    store.append(run_id, 0, 0, b"kept")
    limit_pages(store, 40)
    problem = problem_of(lambda: store.append(run_id, 1, 1, b"x" * 1_000_000))
    assert problem.code == "full" and store.place in str(problem)
    assert store.blobs(run_id) == [(0, b"kept")]


def limit_pages(store: Store, pages: int) -> None:
    """SQLite's own answer to a full disk, without filling one."""
    with store._engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


def test_a_locked_file(tmp_path: Path) -> None:
    store = Store(folder_url(tmp_path), patience=0.05)
    holder = sqlite3.connect(store.place)
    holder.execute("BEGIN IMMEDIATE")
    assert problem_of(lambda: store.create("train", "{}", 1)).code == "locked"
    assert store.runs() == [], "reading goes on"
    holder.rollback()
    holder.close()
    assert store.create("train", "{}", 1)
    store.close()


def test_waiting_for_a_lock(store: Store) -> None:
    holder = sqlite3.connect(store.place, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.3, holder.rollback)
    release.start()
    run_id = store.create("train", "{}", 1)
    release.join()
    holder.close()
    assert store.run(run_id) is not None


def test_a_file_that_is_no_history(tmp_path: Path) -> None:
    (tmp_path / "history.sqlite").write_bytes(b"not a database, but long enough to be read" * 50)
    problem = problem_of(lambda: Store(folder_url(tmp_path)))
    assert problem.code == "corrupt" and "history.sqlite" in str(problem)


def test_a_damaged_history(tmp_path: Path) -> None:
    store = Store(folder_url(tmp_path))
    run_id = store.create("train", "{}", 9)
    for index in range(30):
        store.append(run_id, index, index, b"x" * 4000)
    store.close()
    path = Path(store.place)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    assert problem_of(lambda: reopened(store).runs()).code == "corrupt"


def test_a_read_only_history(tmp_path: Path) -> None:
    Store(folder_url(tmp_path)).close()
    store = Store(f"sqlite:///file:{tmp_path}/history.sqlite?mode=ro&uri=true")
    assert store.runs() == []
    assert problem_of(lambda: store.create("train", "{}", 1)).code == "read_only"
    store.close()


def test_a_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    assert problem_of(lambda: Store(folder_url(tmp_path / "file"))).code == "unreachable"

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)  # chmod does not hold back root
    problem = problem_of(lambda: Store(folder_url(tmp_path / "locked")))
    assert problem.code == "read_only" and problem.values["detail"].endswith("Permission denied")


def test_a_newer_format(tmp_path: Path) -> None:
    store = Store(folder_url(tmp_path))
    store.close()
    with sqlite3.connect(store.place) as connection:
        connection.execute("UPDATE bnviz_schema SET version = 99")
    connection.close()
    problem = problem_of(lambda: reopened(store))
    assert problem.code == "newer" and problem.values["version"] == "99"


def test_a_password_is_not_shown() -> None:
    problem = problem_of(lambda: Store("nosuch://me:secret@host/name"))
    assert "secret" not in str(problem) + str(problem.values)
