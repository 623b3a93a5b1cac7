"""The history in PostgreSQL, shared by several servers: a real one, started here."""

import inspect
import os
import pwd
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bnviz.store import Store, StoreProblem
from bnviz.store.schema import metadata, runs, schema, uploads
from tests.store import test_history, test_runs
from tests.store.test_history import Clock
from tests.waiting import PATIENCE
from tools.server import free_port

pytest.importorskip("psycopg", reason="the extra postgresql is not installed")

FOLDERS = [*sorted(Path("/usr/lib/postgresql").glob("*/bin")), Path("/usr/bin")]
BIN = next((folder for folder in FOLDERS if (folder / "initdb").exists()), None)

SHARED: list[Callable[..., None]] = [
    test_runs.test_a_new_run_is_queued,
    test_runs.test_a_run_from_start_to_end,
    test_runs.test_an_end_is_final,
    test_runs.test_snapshots_of_runs_do_not_mix_and_come_in_order,
    test_runs.test_the_states_of_all_checkpoints_are_kept,
    test_runs.test_a_result_replaces_the_one_before,
    test_runs.test_appending_is_all_or_nothing,
    test_runs.test_runs_of_one_kind,
    test_runs.test_the_newest_run_of_a_config,
    test_runs.test_stopping,
    test_runs.test_a_silent_run_is_interrupted,
    test_runs.test_a_deleted_run_leaves_nothing,
    test_runs.test_a_table_comes_back_bit_for_bit,
    test_runs.test_tables_saved_at_once,
    test_history.test_what_people_say_of_a_run,
    test_history.test_runs_are_filtered_and_ordered,
    test_history.test_a_deleted_run_can_be_brought_back,
    test_history.test_what_is_too_much_is_thinned_and_then_expires,
    test_history.test_runs_have_a_quota,
]


@pytest.fixture(scope="module")
def server() -> Iterator[sa.URL]:
    """A server of its own, on a free port of this computer, in a folder that goes with it."""
    if BIN is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    user = None
    if os.geteuid() == 0:  # which PostgreSQL refuses to run as
        try:
            user = pwd.getpwnam("postgres").pw_name
        except KeyError:
            pytest.skip("there is no user postgres to run the server as")
    folder, port = Path(tempfile.mkdtemp(prefix="bnviz-pg-")), free_port()
    if user:
        shutil.chown(folder, user)
    given: dict[str, Any] = {"user": user, "cwd": folder, "stdout": subprocess.DEVNULL}
    make = [BIN / "initdb", "-D", folder / "data", "-U", "bnviz", "-A", "trust", "-N", "-E", "UTF8"]
    subprocess.run(list(map(str, make)), check=True, timeout=PATIENCE, **given)
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    control = [str(BIN / "pg_ctl"), "-D", str(folder / "data"), "-w", "-l", str(folder / "log")]
    start = [*control, "-o", f"{options} -c fsync=off", "-t", f"{PATIENCE:.0f}", "start"]
    subprocess.run(start, check=True, timeout=PATIENCE, **given)
    try:
        yield sa.make_url(f"postgresql+psycopg://bnviz@127.0.0.1:{port}/postgres")
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], timeout=PATIENCE, **given)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def url(server: sa.URL) -> Iterator[sa.URL]:
    """The server, with nothing of ours in it."""
    yield server
    engine = sa.create_engine(server)
    metadata.drop_all(engine)
    engine.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(url: sa.URL, clock: Clock) -> Iterator[Store]:
    opened = Store(url, clock=clock)
    yield opened
    opened.close()


@pytest.mark.parametrize("behaves", SHARED, ids=lambda test: test.__name__)
def test_as_in_a_file(
    behaves: Callable[..., None], store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"store": store, "clock": clock, "monkeypatch": monkeypatch}
    behaves(**{name: given[name] for name in inspect.signature(behaves).parameters})


def test_servers_that_open_it_at_once(url: sa.URL) -> None:
    problems: list[Exception] = []
    begin = threading.Barrier(5)

    def use() -> None:
        begin.wait(PATIENCE)
        try:
            store = Store(url)
            store.append(store.create("train", "{}", 1), 0, 0, b"curve", b"state")
            store.close()
        except Exception as problem:
            problems.append(problem)

    test_runs.in_threads([use] * 5)
    store = Store(url)
    assert problems == [] and len(store.runs()) == 5
    store.close()


def test_an_earlier_history_is_migrated(url: sa.URL) -> None:
    store = Store(url)
    run_id = store.create("train", "{}", 1)
    store.append(run_id, 0, 0, b"curve", b"state")
    store.close()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        uploads.drop(connection)
        for column in ("name", "tags", "note", "pinned", "deleted", "size"):
            connection.execute(sa.text(f"ALTER TABLE {runs.name} DROP COLUMN {column}"))
        connection.execute(schema.update().values(version=2))
    engine.dispose()
    again = Store(url)
    run = again.run(run_id)
    assert run is not None and (run.name, run.pinned, run.size) == ("", False, 10)
    again.close()


def test_a_server_that_only_reads_and_one_that_is_gone(url: sa.URL) -> None:
    Store(url).close()
    reading = url.update_query_dict({"options": "-c default_transaction_read_only=on"})
    store = Store(reading)
    assert store.runs() == []
    with pytest.raises(StoreProblem) as caught:
        store.create("train", "{}", 1)
    assert caught.value.code == "read_only"
    store.close()
    with pytest.raises(StoreProblem) as caught:
        Store(url.set(port=free_port()))
    assert caught.value.code == "unreachable"
