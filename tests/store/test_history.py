"""What people do with their runs: find, name, pin, delete and bring back; what the rule takes."""

import sqlite3
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from bnviz.files.read import read
from bnviz.store import Store, StoreProblem
from bnviz.store.history import LONGEST, Search
from bnviz.store.thinning import RESTORABLE, SPARED
from tests.store.conftest import Clock


def ended(store: Store, clock: Clock, config: str = "{}", states: int = 2, size: int = 100) -> str:
    """A run that is done and keeps so many states of `size` bytes."""
    run_id = store.create("train", config, 1)
    for index in range(states):
        store.append(run_id, index, index, b"curve", b"x" * size)
    store.finish(run_id, "done")
    clock.now += 1
    return run_id


def ids(store: Store, **wanted: Any) -> list[str]:
    return [run.id for run in store.search(Search(**wanted)).runs]


def test_what_people_say_of_a_run(store: Store, clock: Clock) -> None:
    run_id, other = ended(store, clock), ended(store, clock)
    store.describe(run_id, "  Wide \n nets ", ["深度", "week-3"], "holds\nfor 100 %\0 \ud800")
    store.describe(other, "x" * 1000, ["y" * 1000], "z" * 10_000)
    run, long = store.run(run_id), store.run(other)
    assert run is not None and long is not None
    assert (run.name, run.tags) == ("Wide nets", ("深度", "week-3"))
    assert run.note == "holds\nfor 100 % "
    lengths = len(long.name), len(long.tags[0]), len(long.note)
    assert lengths == (LONGEST["name"], LONGEST["tags"], LONGEST["note"])
    for text in ("wide", "NETS week", "深度", "100 %", run_id):
        assert ids(store, text=text) == [run_id], text
    assert ids(store, text="wide absent") == [] and ids(store, text="_") == []
    assert ids(store, text="absent", configs=("{}",)) == [other, run_id]


def test_runs_are_filtered_and_ordered(store: Store, clock: Clock) -> None:
    small, large = ended(store, clock), ended(store, clock, size=900)
    store.describe(large, "a name", [], "")
    measure = store.create("measure:gap", "{}", 1)
    store.pin([small, "nosuch"])
    assert ids(store) == [measure, large, small] and ids(store, order="oldest")[0] == small
    assert ids(store, kind="measure") == ids(store, state="active") == [measure]
    assert ids(store, order="largest")[0] == ids(store, order="name")[0] == large
    assert ids(store, state="pinned") == [small] and ids(store, state="done") == [large, small]
    listing = store.search(Search(kind="train"), limit=1)
    assert (len(listing.runs), listing.count, listing.size) == (1, 2, 2 * 105 + 2 * 905)
    clock.now += 3600
    assert ids(store, state="unfinished") == [measure], "a silent run is interrupted"


def test_a_deleted_run_can_be_brought_back(store: Store, clock: Clock) -> None:
    gone, queued = ended(store, clock), store.create("train", "{}", 1)
    store.discard([gone, queued, "nosuch"])
    assert ids(store) == [] and store.run(gone) is None and store.newest("train", "{}") is None
    assert store.stop_requested(queued) and not store.start(queued)
    assert set(ids(store, state="deleted")) == {gone, queued}
    store.restore([gone, queued])
    run = store.run(gone)
    assert run is not None and run.status == "done" and len(store.blobs(gone)) == 2
    store.discard([gone])
    clock.now += RESTORABLE + 1
    store.tidy()
    assert ids(store, state="deleted") == [] and store.blobs(gone) == []


def test_what_is_too_much_is_thinned_and_then_expires(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, pinned, deleted, later = (ended(store, clock) for _ in range(4))
    store.pin([pinned])
    store.discard([deleted])
    clock.now += SPARED + 10
    recent = ended(store, clock)

    def kept(bytes_allowed: int) -> dict[str, int]:
        monkeypatch.setenv("BNVIZ_HISTORY_GIGABYTES", str(bytes_allowed / 2**30))
        store.tidy()
        every = [*store.search(Search(state="deleted")).runs, *store.search(Search()).runs]
        return {run.id: len(store.states(run.id)) for run in every}

    assert kept(5 * 210) == dict.fromkeys((old, pinned, deleted, later, recent), 2)
    assert kept(5 * 210 - 1)[deleted] == 1, "what was deleted goes first"
    assert kept(850) == {old: 1, pinned: 2, deleted: 1, later: 2, recent: 2}
    assert kept(640) == {old: 1, pinned: 2, later: 1, recent: 2}
    assert store.blobs(old) != [], "its curves stay"
    assert kept(0) == {pinned: 2, recent: 2}
    assert store.search(Search()).size == 420


@pytest.mark.parametrize(
    "damage",
    ["created = 'yesterday'", "created = 1e300", "done = 'x'", "status = 'odd'", "name = x'ff'"],
)
def test_a_damaged_row_is_one_row(store: Store, clock: Clock, damage: str) -> None:
    whole, broken = ended(store, clock), ended(store, clock)
    with sqlite3.connect(store.place) as connection:
        connection.execute(f"UPDATE bnviz_runs SET {damage} WHERE id = ?", (broken,))
    connection.close()
    runs = {run.id: run for run in store.search(Search()).runs}
    assert {run.id: run.status for run in runs.values()} == {whole: "done", broken: "damaged"}
    unread = runs[broken]
    if "status" not in damage:
        assert (unread.done, unread.total, unread.snapshots, unread.seconds) == (0, 0, 0, 0.0)
    store.discard([broken])
    assert ids(store) == [whole]


def test_a_listing_reads_nothing_that_runs_keep(store: Store, clock: Clock) -> None:
    ended(store, clock)
    statements: list[str] = []
    sa.event.listen(
        store._engine, "before_cursor_execute", lambda *told: statements.append(told[2])
    )
    store.search(Search(text="x", order="largest"))
    assert len(statements) == 2
    assert not any("blob" in text or "traceback" in text or "JOIN" in text for text in statements)


def test_a_change_of_columns_keeps_no_second_copy(store: Store, clock: Clock) -> None:
    rows = "".join(f"{i},{i * i},{'' if i % 3 else i}\n" for i in range(1, 200))
    reading = read("wine.csv", f"a,b,c\n{rows}".encode())
    choices = [(("a", "b"), "drop"), (("b",), "drop"), (("a", "c"), "mean"), (("a", "c"), "drop")]
    saved = {}
    for columns, filling in choices:
        clock.now += 1
        table = store.save_choice("wine.csv", reading, columns, filling)
        again = store.table(table.digest)
        assert again is not None and again.names == columns
        np.testing.assert_array_equal(again.values, table.values)
        saved[table.digest] = table
    assert len(saved) == len(store.tables()) == 4
    (upload,) = store.uploads()
    assert (upload.file, upload.names, upload.rows) == ("wine.csv", ("a", "b", "c"), 199)
    with sqlite3.connect(store.place) as connection:
        query = "SELECT SUM(LENGTH(blob)) FROM bnviz_tables"
        assert connection.execute(query).fetchone() == (0,)
    connection.close()
    store.save_table(table)  # what is there already, is there
    store.delete_uploads([upload.digest])
    assert store.uploads() == [] and store.tables() == []
    store.save_table(table)
    (alone,) = store.uploads()
    assert alone.digest == table.digest and alone.size > 8 * table.values.size
    store.delete_uploads([alone.digest])
    assert store.table(alone.digest) is None


def test_uploads_have_a_quota(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """In all, and each visitor's; what is there already may be chosen from again."""

    def upload(number: int, owner: str) -> None:
        reading = read("x.csv", b"a,b\n1,2\n3,%d\n" % number)
        store.save_choice("x.csv", reading, ["a"], "drop", owner)

    upload(1, "ada")
    monkeypatch.setenv("BNVIZ_TABLES_VISITOR_GIGABYTES", "1e-7")
    upload(1, "ada")
    upload(2, "alan")
    with pytest.raises(StoreProblem) as refused:
        upload(2, "ada")
    assert refused.value.code == "tables_of_visitor"
    monkeypatch.setenv("BNVIZ_TABLES_GIGABYTES", "1e-7")
    upload(1, "ada")
    with pytest.raises(StoreProblem) as refused:
        upload(3, "eve")
    assert refused.value.code == "tables_full" and len(store.uploads()) == 2


def test_runs_have_a_quota(store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """In all, and each visitor's: of what is not thinned, until it is deleted or a day old."""
    monkeypatch.setenv("BNVIZ_HISTORY_GIGABYTES", str(500 / 2**30))
    monkeypatch.setenv("BNVIZ_HISTORY_VISITOR_GIGABYTES", str(300 / 2**30))
    hers, his = ended(store, clock), ended(store, clock)  # of 210 bytes
    store.give("ada", hers)
    store.give("alan", his)
    store.check_room(90, "ada")
    store.check_room(80)
    for size, owner, code in ((91, "ada", "runs_of_visitor"), (81, "", "runs_full")):
        with pytest.raises(StoreProblem) as refused:
            store.check_room(size, owner)
        assert refused.value.code == code
    store.check_room(290, "", [his])
    store.check_room(300, "eve")
    store.pin([hers])
    clock.now += SPARED + 10
    store.check_room(290)
    with pytest.raises(StoreProblem):
        store.check_room(91, "ada")
    store.discard([hers])
    store.check_room(300, "ada")
    monkeypatch.setenv("BNVIZ_HISTORY_GIGABYTES", str(210 / 2**30))
    store.tidy()
    assert ids(store) == [his] and ids(store, state="deleted") == [], "what was deleted made room"
    assert store.owns("alan", his) and not store.owns("ada", hers)


def test_what_another_thread_gives_meanwhile_is_given(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the writing, as where one visitor has two tabs."""
    hers, look, looks = ended(store, clock), store.read, list[object]()

    def late(query: sa.Select[Any]) -> list[sa.Row[Any]]:
        looks.append(query)
        return look(query) if len(looks) > 1 else []

    store.give("ada", hers)
    monkeypatch.setattr(store, "read", late)
    store.give("ada", hers)
    assert len(looks) > 1 and store.owns("ada", hers)


def test_what_is_whose(store: Store, clock: Clock) -> None:
    """Lists are each owner's own; a file that two have is gone when both have given it up."""
    hers, his = ended(store, clock), ended(store, clock)
    store.give("ada", hers, hers)
    store.give("alan", his)
    store.give("", his)
    assert ids(store, owner="ada") == [hers] == [run.id for run in store.runs(owner="ada")]
    assert set(ids(store)) == {hers, his} and ids(store, owner="eve") == []
    assert store.owns("alan", his) and not store.owns("alan", hers)
    reading = read("x.csv", b"a,b\n1,2\n3,5\n")
    for owner in ("ada", "alan", "ada"):
        table = store.save_choice("x.csv", reading, ["a"], "drop", owner)
    store.delete_uploads([reading.digest], "eve")
    store.delete_uploads([reading.digest], "ada")
    assert store.uploads("ada") == store.tables("ada") == store.tables("eve") == []
    assert [each.digest for each in store.tables("alan")] == [table.digest]
    store.save_table(table, "eve")  # as with a run that she takes in
    store.delete_uploads([reading.digest], "alan")
    assert store.table(table.digest) is not None, "hers, though the file was his"
    store.delete_uploads([table.digest], "eve")
    assert store.table(table.digest) is None
