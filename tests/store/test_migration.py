"""Histories of earlier versions open, and lose nothing."""

import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from bnviz.store import Store, StoreProblem
from bnviz.store.database import folder_url

#: What version 1 made, as SQLite tells it.
VERSION_1 = """
CREATE TABLE bnviz_runs (
    id VARCHAR(32) NOT NULL, kind VARCHAR(32) NOT NULL, config TEXT NOT NULL,
    status VARCHAR(16) NOT NULL, error TEXT, traceback TEXT, created FLOAT NOT NULL,
    started FLOAT, finished FLOAT, heartbeat FLOAT NOT NULL, done INTEGER NOT NULL,
    total INTEGER NOT NULL, snapshots INTEGER NOT NULL, stop BOOLEAN NOT NULL, PRIMARY KEY (id)
);
CREATE INDEX bnviz_runs_created ON bnviz_runs (created);
CREATE TABLE bnviz_schema (id INTEGER NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (id));
CREATE TABLE bnviz_tables (
    digest VARCHAR(64) NOT NULL, names TEXT NOT NULL, rows INTEGER NOT NULL,
    saved FLOAT NOT NULL, blob BLOB NOT NULL, PRIMARY KEY (digest)
);
CREATE TABLE bnviz_snapshots (
    run_id VARCHAR(32) NOT NULL, idx INTEGER NOT NULL, blob BLOB NOT NULL,
    PRIMARY KEY (run_id, idx),
    FOREIGN KEY(run_id) REFERENCES bnviz_runs (id) ON DELETE CASCADE
);
CREATE TABLE bnviz_states (
    run_id VARCHAR(32) NOT NULL, blob BLOB NOT NULL, PRIMARY KEY (run_id),
    FOREIGN KEY(run_id) REFERENCES bnviz_runs (id) ON DELETE CASCADE
);
INSERT INTO bnviz_schema VALUES (1, 1);
"""


def snapshot(epoch: int, **state: float) -> bytes:
    arrays = {f"state/{name}": np.array([value]) for name, value in state.items()}
    return save({"clock": np.array([epoch, 0.0, 0.0]), **arrays})


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A folder with a history of version 1: one run that ended, one cut short, one damaged."""
    connection = sqlite3.connect(tmp_path / "history.sqlite")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(VERSION_1)
    run = "INSERT INTO bnviz_runs VALUES (?, 'train', '{}', ?, NULL, NULL, ?, 1, 2, 3, 3, 9, ?, 0)"
    connection.execute(run, ("ended", "done", 10.0, 5))
    connection.execute(run, ("cut", "interrupted", 20.0, 5))
    connection.execute(run, ("damaged", "done", 30.0, 1))
    for run_id in ("ended", "cut"):
        for index, epoch in enumerate((0, 0, 1, 2, 3)):  # epoch 0 comes twice
            row = (run_id, index, snapshot(epoch))
            connection.execute("INSERT INTO bnviz_snapshots VALUES (?, ?, ?)", row)
    connection.execute("INSERT INTO bnviz_snapshots VALUES ('damaged', 0, x'00')")
    state = "INSERT INTO bnviz_states VALUES (?, ?)"
    connection.execute(state, ("ended", snapshot(3, weight=1.5)))
    connection.execute(state, ("cut", snapshot(0, weight=2.5)))
    connection.execute(state, ("damaged", b"no snapshot"))
    connection.commit()
    connection.close()
    return tmp_path


def tables_in(folder: Path) -> set[tuple[str, ...]]:
    """The names of tables and indices, and every column with its type and default."""
    connection = sqlite3.connect(folder / "history.sqlite")
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master")]
    kept = {
        (name, *map(str, column[1:5]))
        for name in names
        for column in [(), *connection.execute(f"PRAGMA table_info({name})")]
    }
    connection.close()
    return kept


def test_the_one_state_of_version_1_is_that_of_its_checkpoint(old: Path) -> None:
    store = Store(folder_url(old))
    assert [run.id for run in store.runs()] == ["damaged", "cut", "ended"]
    assert store.states("ended") == [(4, 3)]
    assert store.state_blob("ended", 4) == store.last_state_blob("ended")
    assert store.last_state_blob("ended") == snapshot(3, weight=1.5)
    assert store.states("cut") == [(1, 0)], "the last snapshot of the epoch has the state"
    assert store.state_blob("cut", 1) == snapshot(0, weight=2.5)
    assert store.states("damaged") == [], "what cannot be read is not handed on"
    assert [blob for _, blob in store.blobs("ended")] == [snapshot(e) for e in (0, 0, 1, 2, 3)]
    assert store.append("ended", 5, 4, snapshot(4), snapshot(4, weight=3.5))
    assert store.states("ended") == [(4, 3), (5, 4)]
    run = store.run("cut")
    kept = [*store.blobs("cut"), (1, store.state_blob("cut", 1) or b"")]
    assert run is not None and run.size == sum(len(blob) for _, blob in kept)
    store.delete("cut")
    assert store.states("cut") == []
    store.close()


def test_a_migrated_history_has_what_a_new_one_has(old: Path, tmp_path: Path) -> None:
    Store(folder_url(old)).close()
    Store(folder_url(tmp_path / "new")).close()
    assert tables_in(old) == tables_in(tmp_path / "new")
    again = Store(folder_url(old))
    assert again.states("ended") == [(4, 3)], "and is not migrated twice"
    again.close()


def test_many_open_an_old_history_at_once(old: Path) -> None:
    problems: list[Exception] = []

    def use() -> None:
        try:
            store = Store(folder_url(old))
            assert store.states("ended") == [(4, 3)]
            store.close()
        except Exception as problem:
            problems.append(problem)

    threads = [threading.Thread(target=use) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert problems == []


def test_a_migration_that_fails_changes_nothing(old: Path) -> None:
    connection = sqlite3.connect(old / "history.sqlite")
    connection.execute("DROP TABLE bnviz_snapshots")  # so that the states have no place
    connection.commit()
    connection.close()
    before = tables_in(old)
    with pytest.raises(StoreProblem):
        Store(folder_url(old))
    assert tables_in(old) == before
    connection = sqlite3.connect(old / "history.sqlite")
    assert connection.execute("SELECT version FROM bnviz_schema").fetchone() == (1,)
    assert connection.execute("SELECT COUNT(*) FROM bnviz_states").fetchone() == (3,)
    connection.close()
