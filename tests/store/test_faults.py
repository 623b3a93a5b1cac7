"""What happens to a history while it is open: it stays readable, and says what it cannot do."""

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bnviz.core.data.tables import Table
from bnviz.files.read import read
from bnviz.store import Run, Store, StoreProblem
from bnviz.store.database import folder_url
from bnviz.store.records import NEVER
from bnviz.store.tables import StoredTable

ROOT = Path(__file__).resolve().parents[2]


def status(store: Store, run_id: str) -> str:
    run = store.run(run_id)
    assert isinstance(run, Run)
    return run.status


def test_a_history_that_vanishes_is_begun_anew(tmp_path: Path) -> None:
    store = Store(folder_url(tmp_path / "home"))
    lost = store.create("train", "{}", 1)
    shutil.rmtree(tmp_path / "home")
    assert store.runs() == [] and not store.append(lost, 0, 1, b"too late")
    run_id = store.create("train", "{}", 1)
    assert [run.id for run in Store(folder_url(tmp_path / "home")).runs()] == [run_id]
    store.close()


def test_a_history_put_back_from_a_copy_is_the_one_shown(tmp_path: Path) -> None:
    store = Store(folder_url(tmp_path))
    old = store.create("train", "{}", 1)
    store.close()
    copy = tmp_path / "copy.sqlite"
    shutil.copy(store.place, copy)
    new = store.create("train", "{}", 1)
    assert {run.id for run in store.runs()} == {old, new}
    store.close()
    os.replace(copy, store.place)
    assert [run.id for run in store.runs()] == [old]
    store.close()


READ_ONLY = """
import os, sys
from bnviz.store import Store, StoreProblem
from bnviz.store.database import folder_url
from bnviz.texts.catalogue import sentence
from pathlib import Path
import sqlalchemy.dialects.sqlite, sqlite3
url = folder_url(Path(sys.argv[1]))
Store(url).close(); sentence("en", "problem.read_only")  # imported while it may be
os.chmod(url.database, 0o444); os.chmod(sys.argv[1], 0o555)
if os.getuid() == 0: os.setuid(65534)  # root writes everywhere
store = Store(url)
print(*(f"{run.id} {run.status} {store.blobs(run.id)}" for run in store.runs()))
try: store.create("train", "{}", 1)
except StoreProblem as problem: print(problem.code)
"""


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="files are protected in another way there")
def test_a_history_that_cannot_be_written_can_be_viewed(tmp_path: Path) -> None:
    home = tmp_path / "read only %20 家"
    store = Store(folder_url(home))
    run_id = store.create("train", "{}", 1)
    store.append(run_id, 0, 1, b"kept")
    store.finish(run_id, "done")
    store.close()
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o011)
    program = [sys.executable, "-c", READ_ONLY, str(home)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    home.chmod(0o755)
    assert done.stdout.splitlines() == [f"{run_id} done [(0, b'kept')]", "read_only"], done.stderr


TURNS = """
import os, sys
from bnviz.store import Store, StoreProblem
from bnviz.store.database import folder_url
from bnviz.texts.catalogue import sentence
from pathlib import Path
import sqlalchemy.dialects.sqlite, sqlite3
home = Path(sys.argv[1])
Store(folder_url(home)).close(); sentence("en", "problem.read_only")  # imported while it may be
root = os.getuid() == 0
if root:  # which writes everywhere
    for each in (home, *home.iterdir()): os.chown(each, 65534, 65534)
    os.setresuid(65534, 65534, 0)
def turn(folder, files):
    if root: os.seteuid(0)
    for file in home.iterdir(): file.chmod(files)
    home.chmod(folder)
    if root: os.seteuid(65534)
store = Store(folder_url(home))
for folder, files in ((0o755, 0o444), (0o555, 0o444), (0o555, 0o644)):
    store.create("train", "{}", 1)
    turn(folder, files)
    try: store.create("train", "{}", 1)
    except StoreProblem as problem: print(problem.code, len(store.runs()))
    turn(0o755, 0o644)
"""


@pytest.mark.skipif(not hasattr(os, "setresuid"), reason="files are protected in another way there")
def test_a_history_that_can_be_written_no_longer_is_told_at_once(tmp_path: Path) -> None:
    """Else a server whose file is open launches what none of its processes can work on."""
    home = tmp_path / "home"
    home.mkdir()
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o011)
    program = [sys.executable, "-c", TURNS, str(home)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    told = [f"read_only {count}" for count in (1, 2, 3)]
    assert done.stdout.splitlines() == told, done.stderr


@pytest.mark.parametrize("jump", [-7200.0, 7200.0])
def test_who_works_on_is_alive_again_with_the_next_beat(tmp_path: Path, jump: float) -> None:
    """The clock is set back or ahead while a run is at work."""
    now = [1_700_000_000.0]
    store = Store(folder_url(tmp_path), clock=lambda: now[0])
    run_id = store.create("train", "{}", 1)
    store.start(run_id)
    now[0] += jump
    assert status(store, run_id) == "interrupted" and store.active() == {}
    store.beat([run_id])
    assert status(store, run_id) == "running" and store.active() == {run_id: "running"}
    store.close()


def test_reading_goes_on_while_another_program_holds_the_file(tmp_path: Path) -> None:
    store, other = (Store(folder_url(tmp_path), patience=0.01) for _ in range(2))
    run_id = store.create("train", "{}", 1)
    with other._engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        for write in (lambda: store.beat([run_id]), lambda: store.request_stop(run_id)):
            with pytest.raises(StoreProblem) as caught:
                write()
            assert caught.value.code == "locked"
        assert status(store, run_id) == "queued" and not store.stop_requested(run_id)
    store.request_stop(run_id)
    assert status(store, run_id) == "stopped"
    store.close()
    other.close()


SAVE = """
import os, sys
from pathlib import Path
import sqlalchemy as sa
from bnviz.store import Store
from bnviz.store.database import folder_url
from tests.store.test_faults import keep
store = Store(folder_url(Path(sys.argv[1])))
sa.event.listen(store._engine, "commit", lambda connection: os.kill(os.getpid(), 9))
keep(store)
"""


def keep(store: Store) -> None:
    """Keeps an upload of somebody's."""
    reading = read("rows.csv", b"a,b\n1,2\n3,4\n5,7\n")
    store.save_choice("rows.csv", reading, ["a", "b"], "drop", "somebody")


def test_a_server_that_is_killed_while_it_keeps_an_upload(tmp_path: Path) -> None:
    """Nothing half is there, and who uploads once more has it whole."""
    program = [sys.executable, "-c", SAVE, str(tmp_path)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == -9, done.stderr
    store = Store(folder_url(tmp_path))
    assert store.uploads() == store.tables() == []
    keep(store)
    assert len(store.uploads()) == len(store.tables("somebody")) == 1
    with sqlite3.connect(store.place) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    store.close()


@pytest.mark.parametrize(
    "damage",
    [
        *("names = '{'", "names = '7'", "names = x'ff'", "saved = 'yesterday'", "saved = 1e300"),
        *("rows = 'x'", "blob = x'ff'", "blob = 'text'"),
    ],
)
def test_a_damaged_table_is_one_table(tmp_path: Path, damage: str) -> None:
    store = Store(folder_url(tmp_path))
    whole, broken = (Table(each * 64, ("a",), np.ones((3, 1))) for each in "ab")
    for table in (whole, broken):
        store.save_table(table)
    with sqlite3.connect(store.place) as connection:
        connection.execute(f"UPDATE bnviz_tables SET {damage} WHERE digest = ?", (broken.digest,))
    connection.close()
    listed = {each.digest: each for each in store.tables()}
    assert listed.keys() == {whole.digest, broken.digest}
    if not damage.startswith("blob"):
        assert listed[broken.digest] == StoredTable(broken.digest, (), 0, NEVER)
    assert {each.digest for each in store.uploads()} == {whole.digest, broken.digest}
    again = store.table(broken.digest)
    assert again is None or damage.startswith(("saved", "rows"))
    store.delete_uploads([broken.digest])
    store.save_table(broken)
    assert store.table(broken.digest) is not None
    store.close()
