"""Users' files, friendly and hostile: what is read, what is said, and what is never raised."""

import csv
import io
import pickle
from datetime import datetime
from decimal import Decimal
from typing import Any, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bnviz.core.configs import BatchConfig
from bnviz.core.data.batches import draw
from bnviz.files import read as tables
from bnviz.files.csv_text import MAX_COLUMNS
from bnviz.files.findings import FindingCode, UnreadableCode
from bnviz.files.read import Missing, Reading, Unreadable, read, to_table

NAN = float("nan")


def text(content: str, encoding: str = "utf-8") -> Reading:
    return read("data.csv", content.encode(encoding))


def said(reading: Reading) -> dict[str, dict[str, Any]]:
    """The findings by code; a test that uses it expects each code once."""
    codes = [finding.code for finding in reading.findings]
    assert len(codes) == len(set(codes)), codes
    return {finding.code: dict(finding.values) for finding in reading.findings}


def refusal(blob: bytes, name: str = "data.csv") -> tuple[str, dict[str, Any]]:
    with pytest.raises(Unreadable) as caught:
        read(name, blob)
    return caught.value.code, caught.value.values


def same(got: Any, expected: Any) -> None:
    np.testing.assert_array_equal(got, np.array(expected, dtype=np.float64))


# ---------------------------------------------------------------- well-formed files


def test_a_plain_file_needs_no_words() -> None:
    got = text("a,b\n1,2.5\n3,-4e2\n")
    assert got.names == ("a", "b")
    same(got.values, [[1, 2.5], [3, -400]])
    assert got.rows.tolist() == [2, 3]
    assert (got.encoding, got.separator, got.findings) == ("utf-8", ",", ())


numbers = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e30, max_value=1e30)
grids = st.integers(1, 5).flatmap(
    lambda width: st.lists(st.lists(numbers, min_size=width, max_size=width), min_size=2)
)


@settings(deadline=None, max_examples=60)
@given(grids, st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_what_was_written_is_read_to_the_last_bit(
    grid: list[list[float]], separator: str, ending: str, quoted: bool
) -> None:
    out = io.StringIO()
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(out, delimiter=separator, lineterminator=ending, quoting=quoting)
    writer.writerow([f"feature {i}" for i in range(len(grid[0]))])
    writer.writerows(grid)
    got = text(out.getvalue())
    same(got.values, grid)
    assert len(grid[0]) == 1 or got.separator == separator
    assert {finding.code for finding in got.findings} <= {"constant", "big_integers"}


def test_pandas_reads_the_same() -> None:
    content = 'n,"a ""quoted"" name",c\n1,"2",\n-3.5,4e-3,NA\n"5",.25,7\n'
    got, oracle = text(content), pd.read_csv(io.StringIO(content))
    assert list(got.names) == list(oracle.columns)
    same(got.values, oracle.to_numpy())


def test_cells_over_several_lines_count_as_one_row() -> None:
    got = text('note,x\n"two\nlines",1\n"",2\nend,NA\n')
    assert got.rows.tolist() == [2, 3, 4]
    assert said(got)["missing"]["row"] == 4


# ---------------------------------------------------------------- encodings and separators

CHINESE = "姓名,身高,体重\n张三,1.75,70\n李四,1.62,55\n"


@pytest.mark.parametrize(
    ("encoding", "used"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-32", "utf-32"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
    ],
)
def test_encodings(encoding: str, used: str) -> None:
    got = text(CHINESE, encoding)
    assert got.encoding == used
    assert got.names == ("身高", "体重")
    assert said(got)["text"] == {"column": "姓名", "count": 2, "row": 2, "text": "张三"}
    assert ("encoding" in said(got)) == (used not in ("utf-8", "utf-8-sig"))


@pytest.mark.parametrize("mark", ["utf-16-le", "utf-16-be"])
def test_utf16_of_both_byte_orders(mark: str) -> None:
    assert read("x.csv", ("\ufeff" + CHINESE).encode(mark)).names == ("身高", "体重")


def test_an_encoding_that_is_none() -> None:
    code, values = refusal(b"a,b\n1,2\n3,\xff\xff\n")
    assert code == "encoding" and values == {"tried": ["utf-8", "gb18030"], "row": 3}
    assert refusal(b"\xff\xfea,b\n1")[0] == "encoding"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators(separator: str) -> None:
    got = text("a,b\n1,2\n3,4".replace(",", separator))
    assert got.separator == separator and got.names == ("a", "b")


def long_rows(columns: int, rows: int) -> str:
    """More than is looked at to judge the separator, so that a row of it is cut in two."""
    return (";".join(["98765,432109876543210"] * columns) + "\n") * rows


def test_semicolons_win_over_decimal_commas() -> None:
    got = text("a;b\n1,5;2,25\n3,5;4,75\n")
    same(got.values, [[1.5, 2.25], [3.5, 4.75]])
    without_names = text("1,5;2,25\n3,5;4,75\n")
    assert without_names.separator == ";"
    long = text(";".join(["12345,678901234567890"] * 300) + "\n" + long_rows(300, 180))
    assert long.separator == ";"


def test_a_separator_inside_quotes_is_text() -> None:
    got = text('name,x\n"Doe; Jane",1\n"Roe; Joe",2\n')
    assert got.separator == "," and got.names == ("x",)


def test_excels_own_declaration() -> None:
    got = text("sep=;\na;b\n1;2\n3;4\n")
    assert got.names == ("a", "b") and got.rows.tolist() == [3, 4]


def test_one_column_needs_no_separator() -> None:
    same(text("x\n1\n2\n").values, [[1], [2]])
    same(text("x\n1,5\n2,5\n").values, [[1.5], [2.5]])


# ---------------------------------------------------------------- names


def test_names_are_made_up_where_there_are_none() -> None:
    got = text("1,2\n3,4\n")
    assert got.names == ("x1", "x2") and got.rows.tolist() == [1, 2]
    assert said(got) == {"no_header": {"columns": ["x1", "x2"]}}
    assert said(text("1,2,3,4,5,6\n7,8,9,0,1,2\n"))["no_header"] == {
        "columns": ["x1", "x2", "…", "x6"]
    }


def test_duplicate_and_missing_names() -> None:
    got = text("a,a,,a (2),a\n1,2,3,4,5\n6,7,8,9,0\n")
    assert got.names == ("a", "a (3)", "x3", "a (2)", "a (4)")
    same(got.values, [[1, 2, 3, 4, 5], [6, 7, 8, 9, 0]])
    assert [dict(finding.values) for finding in got.findings] == [
        {"position": 2, "column": "a", "renamed": "a (3)"},
        {"position": 3, "renamed": "x3"},
        {"position": 5, "column": "a", "renamed": "a (4)"},
    ]


def test_an_invented_name_does_not_take_anothers() -> None:
    assert text(",x1\n1,2\n3,4\n").names == ("x1 (2)", "x1")


def test_hostile_names_stay_as_they_are() -> None:
    names = ("![x](https://evil.example/a.png)", "<script>", "é" * 500, "=1+1", "a\nb")
    quoted = ",".join(f'"{name}"' for name in names)
    assert text(f"{quoted}\n1,2,3,4,5\n6,7,8,9,0\n").names == names


def test_row_names_as_r_writes_them() -> None:
    got = text('"x","y"\n"r1",1,2\n"r2",3,4\n')
    assert got.names == ("x", "y")
    same(got.values, [[1, 2], [3, 4]])
    with_a_gap = text('"x","y"\n"r1",1,2\n"r2",3,\n')
    assert with_a_gap.names == ("x", "y")
    same(with_a_gap.values, [[1, 2], [3, NAN]])


def test_a_separator_too_many_at_the_end_of_rows_or_names() -> None:
    rows = text("x,y\n1,2,\n3,4,\n")
    assert rows.names == ("x", "y")
    same(rows.values, [[1, 2], [3, 4]])
    names = text("x,y,\n1,2\n3,4\n")
    assert names.names == ("x", "y") and names.findings == ()


# ---------------------------------------------------------------- rows


def test_ragged_rows_are_left_out_and_counted() -> None:
    got = text("a,b\n1,2\n3\n4,5,6\n7,8\n")
    same(got.values, [[1, 2], [7, 8]])
    assert got.rows.tolist() == [2, 5]
    assert said(got) == {"ragged_rows": {"count": 2, "row": 3, "expected": 2, "actual": 1}}


def test_blank_lines_count_but_do_not_matter() -> None:
    got = text("\n\na,b\n\n1,2\n,\nx,4\n5,6\n\n\n")
    assert got.rows.tolist() == [5, 7, 8]
    assert said(got)["mixed"] == {"column": "a", "count": 1, "row": 7, "text": "x"}


def test_one_row() -> None:
    got = text("a,b\n1,2\n")
    same(got.values, [[1, 2]])
    assert said(got) == {"one_row": {"row": 2}}


def test_too_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_ROWS", 3)
    got = text("a\n1\n2\n3\n4\n")
    same(got.values, [[1], [2], [3]])
    assert said(got) == {"too_many_rows": {"count": 4, "limit": 3}}


# ---------------------------------------------------------------- cells


def column(*cells: str) -> tuple[list[float], dict[str, dict[str, Any]]]:
    """The numbers of one column among two, and what was said of it."""
    out = io.StringIO()
    csv.writer(out).writerows([("a", "b"), *((cell, i) for i, cell in enumerate(cells))])
    got = text(out.getvalue())
    findings = said(got)
    assert all(values.pop("column") == "a" for values in findings.values())
    return got.values[:, got.names.index("a")].tolist() if "a" in got.names else [], findings


@pytest.mark.parametrize(
    "gap", ["", " ", "NA", "n/a", "N/A", "NaN", "nan", "null", "NULL", "None", "-", "?", "#N/A"]
)
def test_gaps(gap: str) -> None:
    values, findings = column("1", gap, "2", gap)
    same(values, [1, NAN, 2, NAN])
    assert findings == {"missing": {"count": 2, "row": 3}}


@pytest.mark.parametrize("cell", ["inf", "-Inf", "+INF", "Infinity", "∞", "1e400", "-1e999"])
def test_infinities(cell: str) -> None:
    values, findings = column("1", "2", cell)
    same(values, [1, 2, NAN])
    assert findings == {"infinite": {"count": 1, "row": 4}}


def test_numbers_beyond_reason() -> None:
    values, findings = column("1", "-2e30", "3")
    same(values, [1, NAN, 3])
    assert findings == {"huge": {"count": 1, "row": 3, "limit": 1e30}}


def test_a_few_words_among_numbers_are_gaps() -> None:
    values, findings = column("1", "2", "oops " * 20, "4", "err")
    same(values, [1, 2, NAN, 4, NAN])
    assert findings == {"mixed": {"count": 2, "row": 4, "text": ("oops " * 20)[:39] + "…"}}


def test_a_few_numbers_among_words_are_text() -> None:
    values, findings = column("1", "red", "green")
    assert values == [] and findings == {"text": {"count": 2, "row": 3, "text": "red"}}


@pytest.mark.parametrize(
    "cell", ["0x1F", "1_000", "1e", "e5", "--1", "1.2.x", "\uff11x", "$5", "1 2"]
)
def test_what_only_looks_like_a_number_is_text(cell: str) -> None:
    values, findings = column(cell, cell)
    assert values == [] and findings["text"]["text"] == cell


@pytest.mark.parametrize(
    ("cells", "expected", "code"),
    [
        (["1,234", "999", "1,234,567.5"], [1234, 999, 1234567.5], "thousands"),
        (["1'234", "5"], [1234, 5], "thousands"),
        (["1 234", "-5 678 901"], [1234, -5678901], "thousands"),
        (["1\u00a0234", "1\u202f234,5"], [1234, 1234.5], "decimal_comma"),
        (["1,5", "2", ",25"], [1.5, 2, 0.25], "decimal_comma"),
        (["1.234,5", "2,5"], [1234.5, 2.5], "decimal_comma"),
        (["1,5e3", "-2,5"], [1500, -2.5], "decimal_comma"),
        (["1.234", "2,5", "3,5"], [1234, 2.5, 3.5], "decimal_comma"),
    ],
)
def test_ways_of_writing_numbers(cells: list[str], expected: list[float], code: str) -> None:
    values, findings = column(*cells)
    assert values == expected
    assert list(findings) == [code]
    first = findings[code]
    assert (first["text"], first["number"]) == (cells[0], expected[0])


def test_a_point_is_no_decimal_point_between_decimal_commas() -> None:
    values, findings = column("1,5", "2,5", "3.5")
    same(values, [1.5, 2.5, NAN])
    assert findings["mixed"] == {"count": 1, "row": 4, "text": "3.5"}


def test_a_comma_that_could_be_either() -> None:
    """Between semicolons it is a decimal comma, elsewhere it marks thousands."""
    same(text("a;b\n1,234;1\n5,678;2\n").values[:, 0], [1.234, 5.678])
    same(text('a,b\n"1,234",1\n"5,678",2\n').values[:, 0], [1234, 5678])


def test_percent_signs_and_spaces() -> None:
    values, findings = column("10%", "12.5 %")
    assert values == [10, 12.5]
    assert findings == {"percent": {"count": 2, "row": 2, "text": "10%", "number": 10.0}}
    values, findings = column("10%", "20 %", "x%")
    same(values, [10, 20, NAN])
    assert (findings["percent"]["count"], findings["mixed"]["text"]) == (2, "x%")
    values, findings = column(" 1", "2 ", "3", "\t4")
    assert values == [1, 2, 3, 4] and findings == {"spaces": {"count": 3, "row": 2}}


def test_full_width_digits_and_typographic_minus() -> None:
    values, findings = column("\uff11\uff12", "\uff13\uff0e\uff15", "\u22124", "\uff0b6")
    assert values == [12, 3.5, -4, 6] and findings == {}


def test_true_and_false() -> None:
    values, findings = column("True", "false", "", "yes", "NO")
    same(values, [1, 0, NAN, 1, 0])
    assert list(findings) == ["boolean", "missing"]


@pytest.mark.parametrize(
    "cell", ["2024-01-05", "5/1/24", "05.01.2024", "2024-01-05T12:30:00Z", "12:30", "2024年1月5日"]
)
def test_dates(cell: str) -> None:
    values, findings = column(cell, cell)
    assert values == []
    assert findings == {"dates": {"count": 2, "row": 2, "text": cell}}


def test_integers_that_lose_digits() -> None:
    values, findings = column("9007199254740993", "1", "99999999999999999999")
    assert values == [9007199254740992, 1, 1e20]
    assert findings["big_integers"] == {
        "count": 2,
        "row": 2,
        "text": "9007199254740993",
        "number": 9007199254740992.0,
    }
    assert column("12345678901234567.5", "1")[1] == {}


def test_constant_and_empty_columns() -> None:
    assert column("5", "5.0", "") == (
        pytest.approx([5, 5, NAN], nan_ok=True),
        {"missing": {"count": 1, "row": 4}, "constant": {"number": 5.0}},
    )
    assert column("", "NA") == ([], {"empty_column": {}})
    assert column("inf", "-inf") == ([], {"infinite": {"count": 2, "row": 2}, "empty_column": {}})
    assert list(column("inf", "red", "green")[1]) == ["text"]


# ---------------------------------------------------------------- columns by the hundred


def wide(count: int) -> bytes:
    return "\n".join(
        [",".join(f"c{i}" for i in range(count))]
        + [",".join(str(i * row) for i in range(1, count + 1)) for row in (1, 2, 3)]
    ).encode()


def test_300_columns_are_to_choose_from() -> None:
    got = read("wide.csv", wide(300))
    assert said(got) == {"too_many_columns": {"count": 300, "limit": 256}}
    assert got.values.shape == (3, 300)
    table = to_table(got, got.names[44:])
    assert table.values.shape == (3, 256)
    same(table.values[0], np.arange(45, 301))
    with pytest.raises(Unreadable) as caught:
        to_table(got, got.names[:257])
    assert caught.value.code == "too_many_columns"
    assert said(read("wide.csv", wide(256))) == {}


def test_more_columns_than_are_looked_at() -> None:
    count = MAX_COLUMNS + 1
    assert refusal(wide(count)) == ("too_wide", {"count": count, "limit": MAX_COLUMNS})


# ---------------------------------------------------------------- files that cannot be read


@pytest.mark.parametrize(
    ("blob", "code"),
    [
        (b"", "empty"),
        (b" \n\t\r\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\xef\xbb\xbf\n\n", "empty"),
        (b"a,b\n", "no_rows"),
        (b"a,b", "no_rows"),
        (b"a,b\n,\n,\n", "no_rows"),
        (b"a,b,c\n1\n2\n", "ragged"),
        (b"a,b,c\n1,2,3,4,5\n1,2,3,4,5\n", "ragged"),
        (b"a,b\nx,y\nz,w\n", "no_numbers"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "no_rows"),
        (b'{"a": [1, 2]}', "no_rows"),
        (b"PK\x03\x04" + bytes(50), "spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "spreadsheet"),
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "binary"),
        (b"a,b\n1,\x00\n", "binary"),
        (b"PAR1 and no more", "damaged"),
        (b"PAR1", "damaged"),
        (b'"' * 500_000, "damaged"),
    ],
)
def test_refusals(blob: bytes, code: str) -> None:
    assert refusal(blob)[0] == code


def test_a_refusal_says_where() -> None:
    code, values = refusal(b"name,born\nAnna,2001-02-03\nBob,2002-03-04\n")
    assert code == "no_numbers"
    assert values == {"columns": ["name", "born"], "column": "name", "row": 2, "text": "Anna"}
    assert refusal(b"a,b,c\n1\n2\n")[1] == {"row": 2, "expected": 3, "actual": 1}
    assert refusal(b"a,b\n")[1] == {"columns": ["a", "b"]}


def test_too_many_bytes() -> None:
    blob = b"a\n" + b"1\n" * (25 * 2**20)
    assert refusal(blob) == ("too_big", {"size": len(blob), "limit": 50 * 2**20})


def test_a_name_does_not_make_a_parquet_file() -> None:
    assert refusal(b"a,b\n1,2\n", "data.parquet")[0] == "damaged"


# ---------------------------------------------------------------- Parquet


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
    assert got.encoding is got.separator is None
    found = [(finding.code, dict(finding.values)) for finding in got.findings]
    first = {"count": 3, "row": 1}
    assert found == [
        ("text", {"column": "name", **first, "text": "Anna"}),
        ("text", {"column": "kind", **first, "text": "u"}),
        ("dates", {"column": "when", **first, "text": "2024-01-01 00:00:00"}),
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
    assert refusal(parquet(a=pa.array([], pa.float64()))) == ("no_rows", {"columns": ["a"]})
    assert refusal(parquet(a=["x", "y"])) == (
        "no_numbers",
        {"columns": ["a"], "column": "a", "row": 1, "text": "x"},
    )
    assert refusal(parquet(a=[[1], [2]], b=pa.nulls(2)))[1] == {
        "columns": ["a", "b"],
        "column": "a",
        "row": 1,
        "text": "",
    }


def test_a_small_parquet_file_that_unpacks_to_a_huge_one() -> None:
    out = io.BytesIO()
    zeros = pa.table({f"c{i}": pa.array(np.zeros(1_000_000)) for i in range(2)})
    with pq.ParquetWriter(out, zeros.schema, compression="zstd") as writer:
        for _ in range(70):
            writer.write_table(zeros)
    assert len(out.getvalue()) < 2**20
    assert refusal(out.getvalue()) == ("too_big", {"size": 1_120_000_000, "limit": 2**30})


# ---------------------------------------------------------------- anything at all

GOOD = parquet(a=[1, None, 3], b=["x", "y", "z"], c=[True, None, False])


def survives(name: str, blob: bytes) -> None:
    try:
        got = read(name, blob)
    except Unreadable as problem:
        assert problem.code in get_args(UnreadableCode)
        str(problem)
        return
    assert got.values.shape == (len(got.rows), len(got.names)) and got.values.size > 0
    assert len(set(got.names)) == len(got.names)
    assert not np.isinf(got.values).any() and not np.isnan(got.values).all(axis=0).any()
    assert {finding.code for finding in got.findings} <= set(get_args(FindingCode))
    for way in get_args(Missing):
        try:
            table = to_table(got, got.names[:256], way)
        except Unreadable as problem:
            assert (problem.code, way) == ("nothing_left", "drop")
        else:
            assert np.isfinite(table.values).all() and len(table.values) > 0


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf,\n1,2")
@example(b"a\n\x0b1\x0b\n2")
@example(b"1\n\xe2\x80\xa8")
def test_any_bytes(blob: bytes) -> None:
    survives("data.csv", blob)


@settings(deadline=None, max_examples=400)
@given(
    st.lists(
        st.sampled_from(
            [
                *",;\t\n\r\"' .-+%1230aexN",
                "\r\n",
                "inf",
                "nan",
                "1e999",
                "1,5",
                "\ufeff",
                "一",
                "\U0001d7d9",
            ]
        ),
        max_size=60,
    ).map("".join),
    st.sampled_from(["utf-8", "utf-16", "gb18030"]),
)
@example('1,"\n', "utf-8")
@example("sep=;", "utf-8")
def test_any_text_that_looks_like_a_table(content: str, encoding: str) -> None:
    survives("data.csv", content.encode(encoding))


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_any_damage_to_a_parquet_file(data: st.DataObject) -> None:
    blob = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 5))):
        blob[data.draw(st.integers(0, len(blob) - 1))] = data.draw(st.integers(0, 255))
    survives("data.parquet", bytes(blob))


# ---------------------------------------------------------------- tables

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
def test_ways_to_close_gaps(way: Missing, expected: list[list[float]]) -> None:
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
    assert reading.complete_rows(["c", "a"]) == 2 and reading.complete_rows(["a", "b", "c"]) == 1


def test_nothing_left() -> None:
    reading = text("a,b\n1,\n2,\n,3\n")
    with pytest.raises(Unreadable) as caught:
        to_table(reading, ["a", "b"])
    assert caught.value.code == "nothing_left"
    assert caught.value.values == {"column": "b", "count": 2, "rows": 3}
    same(to_table(reading, ["a", "b"], "zero").values, [[1, 0], [2, 0], [0, 3]])


def test_impossible_choices() -> None:
    reading = text(GAPS)
    for choice, code in (([], "no_columns"), (["z"], "unknown_column")):
        with pytest.raises(Unreadable) as caught:
            to_table(reading, choice)
        assert caught.value.code == code


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
    assert (problem.code, problem.values) == ("no_rows", {"columns": ["a"]})
    assert str(problem) == "no_rows: columns=['a']"
    reading = text(GAPS)
    assert pickle.loads(pickle.dumps(reading)).findings == reading.findings
