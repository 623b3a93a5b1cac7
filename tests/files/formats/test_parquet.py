"""Parquet files: typed columns, and those that are left out."""

import io
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bnviz.files.dialect import Dialect
from bnviz.files.read import read
from tests.files.reading import NAN, refusal, same


def parquet(**columns: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def test_parquet() -> None:
    got = read(
        "upload",
        parquet(
            whole=[1, None, 3],
            real=[1.5, float("inf"), float("nan")],
            flag=[True, False, None],
            money=[Decimal("1.10"), Decimal("2.20"), None],
            name=["Anna", "Bob", "Cid"],
            kind=pa.array(["u", "v", "u"]).dictionary_encode(),
            when=[datetime(2024, 1, day) for day in (1, 2, 3)],
            nested=[[1], [2], [3]],
            nothing=pa.nulls(3),
            small=pa.array([1, 2, 3], pa.uint8()),
            big=pa.array([2**53 + 1, 1, 2], pa.int64()),
            **{"dotted.name": [1.0, 2.0, 4.0]},
        ),
    )
    assert got.names == ("whole", "real", "flag", "money", "small", "big", "dotted.name")
    same(got.values[0], [1, 1.5, 1, 1.1, 1, 2**53, 1])
    same(got.values[1], [NAN, NAN, 0, 2.2, 2, 1, 2])
    same(got.values[2], [3, NAN, NAN, NAN, 3, 2, 4])
    assert got.rows.tolist() == [1, 2, 3]
    assert got.dialect == Dialect(missing=())
    told = [(finding.key, dict(finding.values)) for finding in got.findings]
    assert told == [
        ("text", {"column": "name", "row": 1, "text": "Anna"}),
        ("text", {"column": "kind", "row": 1, "text": "u"}),
        ("dates", {"column": "when", "row": 1, "text": "2024-01-01 00:00:00"}),
        ("no_numbers_type", {"column": "nested", "type": "list<element: int64>"}),
        ("empty_column", {"column": "nothing"}),
        ("missing", {"column": "whole", "count": 1, "row": 2}),
        ("missing", {"column": "real", "count": 1, "row": 3}),
        ("infinite", {"column": "real", "count": 1, "row": 2}),
        ("boolean", {"column": "flag"}),
        ("missing", {"column": "flag", "count": 1, "row": 3}),
        ("missing", {"column": "money", "count": 1, "row": 3}),
        (
            "big_integers",
            {"column": "big", "count": 1, "row": 1, "text": str(2**53 + 1), "number": 2.0**53},
        ),
    ]


def test_parquet_as_pandas_writes_it() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(50, 3)), columns=["a", "b", "c"])
    out = io.BytesIO()
    frame.to_parquet(out)
    got = read("data.parquet", out.getvalue())
    assert got.names == ("a", "b", "c") and got.findings == ()
    same(got.values, frame.to_numpy())


def test_parquet_without_rows_or_numbers() -> None:
    assert refusal(parquet(a=pa.array([], pa.float64()))) == ("no_rows", {"columns": ("a",)})
    assert refusal(parquet(a=["x", "y"])) == (
        "no_numbers",
        {"columns": ("a",), "column": "a", "row": 1, "text": "x"},
    )
    assert refusal(parquet(a=[[1], [2]], b=pa.nulls(2)))[1] == {
        "columns": ("a", "b"),
        "column": "a",
        "row": 1,
        "text": "",
    }


def test_a_name_with_a_point_beside_a_group_with_that_field() -> None:
    got = read("x", parquet(**{"a.b": [1.0, 2.0], "a": [{"b": 3.0}, {"b": 4.0}], "c": [5, 6]}))
    assert got.names == ("a.b", "c")
    same(got.values, [[1, 5], [2, 6]])


def test_markers_in_a_parquet_file_are_asked_about_too() -> None:
    blob = parquet(a=[1.5, -200.0, 2.5], b=[1, 2, 3])
    assert [question.asked.key for question in read("x", blob).questions] == ["missing"]
    got = read("x", blob, Dialect(missing=("-200",)))
    same(got.values[:, 0], [1.5, NAN, 2.5])


def test_damage_that_ends_the_process_that_reads() -> None:
    """How often a column repeats: pyarrow 26 throws in C++, where nobody catches it."""
    blob = parquet(a=[1, None, 3], b=["x", "y", "z"])
    at = blob.index(b"%\x02\x18\x01b") + 1
    key, values = refusal(blob[:at] + b"\x01" + blob[at + 1 :])
    assert key == "damaged"
    if int(pa.__version__.partition(".")[0]) >= 26:
        assert values == {"detail": "its reader ended with -6"}


def test_a_page_that_lies_about_its_size() -> None:
    """A page of 100 numbers says that it unpacks to 2 GB; the footer, that it is small."""
    out = io.BytesIO()
    pq.write_table(pa.table({"a": [1.0] * 100}), out, compression="zstd", use_dictionary=False)
    blob, honest = out.getvalue(), b"\x15\x00\x15\xce\x0c\x15\x40"
    assert blob.count(honest) == 1
    # Four bytes more here, four bytes less of the page.
    lie = blob.replace(honest, b"\x15\x00\x15\xfe\xff\xff\xff\x0f\x15\x38")
    assert refusal(lie) == ("exhausting", {})


def test_a_file_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bnviz.files.formats.parquet.MAX_SECONDS", 0)
    assert refusal(parquet(a=[1, 2])) == ("exhausting", {})
