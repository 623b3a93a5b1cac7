"""Any bytes at all: a reading that can be trusted, or Unreadable, and nothing else."""

import io
import zipfile
from typing import get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bnviz.files.dialect import ENCODINGS, Decimal, Dialect, Separator, Total
from bnviz.files.findings import FindingCode, QuestionCode, Unreadable, UnreadableCode
from bnviz.files.read import read
from bnviz.files.reading import Filling, to_table
from tests.files.test_written import workbook


def parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(
        pa.table({"a": [1, None, 3], "b": ["x", "y", "z"], "c": [True, None, False]}), out
    )
    return out.getvalue()


WORKBOOK = workbook([["a", "b"], [1, "2,5"], [3.5, None], [True, "x"]])
dialects = st.builds(
    Dialect,
    separator=st.sampled_from([None, *get_args(Separator)]),
    decimal=st.sampled_from([None, *get_args(Decimal)]),
    encoding=st.sampled_from([None, *ENCODINGS]),
    header=st.none() | st.integers(0, 5) | st.integers(),
    missing=st.none() | st.lists(st.text(max_size=4), max_size=2).map(tuple),
    sheet=st.sampled_from([None, "Sheet", "", "nosuch"]),
    total=st.sampled_from([None, *get_args(Total)]),
    range=st.sampled_from([None, "A1:B2", "B2:A1", "A0:A0", "ZZZ1:A9999999", "x"]) | st.text(),
)


def survives(name: str, blob: bytes, asked: Dialect = Dialect()) -> None:  # noqa: B008
    try:
        got = read(name, blob, asked)
    except Unreadable as problem:
        assert problem.reason.key in get_args(UnreadableCode)
        str(problem)
        return
    assert got.values.shape == (len(got.rows), len(got.names)) and got.values.size > 0
    assert len(set(got.names)) == len(got.names)
    assert not np.isinf(got.values).any() and not np.isnan(got.values).all(axis=0).any()
    assert {finding.key for finding in got.findings} <= set(get_args(FindingCode))
    assert {question.asked.key for question in got.questions} <= set(get_args(QuestionCode))
    for way in get_args(Filling):
        try:
            table = to_table(got, got.names[:256], way)
        except Unreadable as problem:
            expected = ("open_question", way) if got.questions else ("nothing_left", "drop")
            assert (problem.reason.key, way) == expected
        else:
            assert np.isfinite(table.values).all() and len(table.values) > 0


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=200), dialects)
@example(b"\xef\xbb\xbf,\n1,2", Dialect())
@example(b"a\n\x0b1\x0b\n2", Dialect())
@example(b"1\n\xe2\x80\xa8", Dialect())
def test_any_bytes(blob: bytes, asked: Dialect) -> None:
    survives("data.csv", blob, asked)


PIECES = [
    *",;|\t\n\r\"' .-+%#()$€1230aexN",
    "\r\n",
    "inf",
    "nan",
    "1e999",
    "1,5",
    "2.025",
    "-200",
    "\n1 2  3\n",
    "\ufeff",
    "一",
    "\U0001d7d9",
    "²",
]


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.sampled_from(PIECES), max_size=60).map("".join),
    st.sampled_from(["utf-8", "utf-16", "gb18030"]),
    st.just(Dialect()) | dialects,
)
@example('1,"\n', "utf-8", Dialect())
@example("sep=;", "utf-8", Dialect())
def test_any_text_that_looks_like_a_table(content: str, encoding: str, asked: Dialect) -> None:
    survives("data.csv", content.encode(encoding), asked)


def damaged(data: st.DataObject, blob: bytes) -> bytes:
    changed = bytearray(blob)
    for _ in range(data.draw(st.integers(1, 5))):
        changed[data.draw(st.integers(0, len(blob) - 1))] = data.draw(st.integers(0, 255))
    return bytes(changed)


@settings(deadline=None, max_examples=8)  # each in a process of its own
@given(st.data())
def test_any_damage_to_a_parquet_file(data: st.DataObject) -> None:
    survives("data.parquet", damaged(data, parquet()))


@pytest.mark.filterwarnings("ignore")  # openpyxl warns of what it meets
@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_damage_to_a_workbook(data: st.DataObject) -> None:
    """To the archive, and to a part inside it."""
    if data.draw(st.booleans()):
        survives("data.xlsx", damaged(data, WORKBOOK))
        return
    out, archive = io.BytesIO(), zipfile.ZipFile(io.BytesIO(WORKBOOK))
    victim = data.draw(st.sampled_from(archive.namelist()))
    with zipfile.ZipFile(out, "w") as copy:
        for name in archive.namelist():
            part = archive.read(name)
            copy.writestr(name, damaged(data, part) if name == victim else part)
    survives("data.xlsx", out.getvalue())


@settings(deadline=None, max_examples=30)
@given(dialects)
def test_a_workbook_in_any_dialect(asked: Dialect) -> None:
    survives("data.xlsx", WORKBOOK, asked)
