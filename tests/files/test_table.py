"""The chosen columns of a reading as a Table without gaps."""

import pickle

import pytest

from bnviz.core.configs import BatchConfig
from bnviz.core.data.batches import draw
from bnviz.files.findings import Unreadable
from bnviz.files.reading import Filling, to_table
from tests.files.reading import same, text

GAPS = "a,b,c\n1,,10\n2,4,20\n9,8,\n"


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ("drop", [[2, 4, 20]]),
        ("zero", [[1, 0, 10], [2, 4, 20], [9, 8, 0]]),
        ("mean", [[1, 6, 10], [2, 4, 20], [9, 8, 15]]),
        ("median", [[1, 6, 10], [2, 4, 20], [9, 8, 15]]),
    ],
)
def test_ways_to_close_gaps(way: Filling, expected: list[list[float]]) -> None:
    same(to_table(text(GAPS), ("a", "b", "c"), way).values, expected)


def test_mean_is_not_median() -> None:
    reading = text("a,b\n1,1\n2,2\n9,3\n,4\n")
    same(to_table(reading, ["a"], "mean").values[:, 0], [1, 2, 9, 4])
    same(to_table(reading, ["a"], "median").values[:, 0], [1, 2, 9, 2])


def test_rows_are_dropped_for_chosen_columns_only() -> None:
    reading = text(GAPS)
    table = to_table(reading, ["c", "a"])
    assert table.names == ("c", "a")
    same(table.values, [[10, 1], [20, 2]])
    assert reading.complete(["c", "a"]).sum() == 2 and reading.complete(["a", "b", "c"]).sum() == 1


def test_nothing_left() -> None:
    reading = text("a,b\n1,\n2,\n,3\n")
    with pytest.raises(Unreadable) as caught:
        to_table(reading, ["a", "b"])
    assert caught.value.reason.key == "nothing_left"
    assert caught.value.reason.values == {"column": "b", "count": 2, "rows": 3}
    same(to_table(reading, ["a", "b"], "zero").values, [[1, 0], [2, 0], [0, 3]])


def test_impossible_choices() -> None:
    reading = text(GAPS)
    for choice, code in (([], "no_columns"), (["z"], "unknown_column")):
        with pytest.raises(Unreadable) as caught:
            to_table(reading, choice)
        assert caught.value.reason.key == code


def test_digest_is_of_names_and_values() -> None:
    def digest(content: str, columns: str = "ab") -> str:
        return to_table(text(content), tuple(columns)).digest

    plain = digest("a,b\n1,2\n3,4\n")
    assert plain == digest("a;b\n1,0;2\n3;4\n") and len(plain) == 64
    others = [
        digest("a,b\n1,2\n3,5\n"),
        digest("a,b\n1,2\n3,4.000000000001\n"),
        digest("a,c\n1,2\n3,4\n", "ac"),
        digest("a,b\n1,2\n3,4\n", "ba"),
        digest("a,b\n1,2\n3,4\n", "a"),
    ]
    assert len({plain, *others}) == 6


def test_a_table_makes_a_batch() -> None:
    table = to_table(text(GAPS), ["a", "b"])
    config = BatchConfig(source="table", table=table.digest, batch_size=2, columns=("b",))
    batch = draw(config, table)
    assert batch.names == ("b",) and sorted(batch.values[:, 0].tolist()) == [4, 8]


def test_refusals_and_readings_can_be_sent_between_processes() -> None:
    problem = pickle.loads(pickle.dumps(Unreadable("no_rows", {"columns": ["a"]})))
    assert (problem.reason.key, dict(problem.reason.values)) == ("no_rows", {"columns": ["a"]})
    assert str(problem) == "no_rows: columns=['a']"
    reading = text(GAPS)
    assert pickle.loads(pickle.dumps(reading)).findings == reading.findings
