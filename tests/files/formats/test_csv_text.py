"""Text files: encodings, separators, names and rows, and what cannot be read."""

import csv
import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnviz.files import source
from bnviz.files.dialect import CHARACTERS, ENCODINGS, Dialect
from bnviz.files.findings import Unreadable
from bnviz.files.read import read
from bnviz.files.reading import to_table
from bnviz.files.source import MAX_COLUMNS
from tests.files.reading import NAN, asked, refusal, said, same, text


def test_a_plain_file_needs_no_words() -> None:
    got = text("a,b\n1,2.5\n3,-4e2\n")
    assert got.names == ("a", "b")
    same(got.values, [[1, 2.5], [3, -400]])
    assert got.rows.tolist() == [2, 3]
    assert got.dialect == Dialect("comma", "point", "utf-8", header=1, missing=())
    assert got.findings == got.questions == ()


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
    got = text(out.getvalue(), missing=(), decimal="point")
    same(got.values, grid)
    assert len(grid[0]) == 1 or CHARACTERS[got.dialect.separator or "none"] == separator
    assert {finding.key for finding in got.findings} <= {"constant", "big_integers"}


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
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-32", "utf-32"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
    ],
)
def test_encodings(encoding: str, used: str) -> None:
    got = text(CHINESE, encoding)
    assert got.dialect.encoding == used
    assert got.names == ("身高", "体重")
    assert said(got)["text"] == {"column": "姓名", "row": 2, "text": "张三"}
    assert ("encoding" in said(got)) == (used == "gb18030")
    assert text(CHINESE, encoding, encoding=used).names == got.names


@pytest.mark.parametrize("mark", ["utf-16-le", "utf-16-be"])
def test_utf16_of_both_byte_orders(mark: str) -> None:
    assert read("x.csv", ("\ufeff" + CHINESE).encode(mark)).names == ("身高", "体重")


def test_an_encoding_that_is_none() -> None:
    blob = b"a,b\n1,2\n3,\xff\xff\n"
    assert refusal(blob, encoding="utf-8") == ("encoding", {"tried": ("utf-8",), "row": 3})
    assert refusal(b"\xff\xfea,b\n1")[0] == "encoding"


def test_a_guess_is_never_in_the_way() -> None:
    """What looks Western at first and is not, further down, is read all the same."""
    blob = "größe;x\n1;2\n".encode("cp1252") + b"\x81;3\n4;5\n"
    got = read("x.csv", blob)
    same(got.values[:, 1], [2, 3, 5])
    assert "encoding" in said(got)


@pytest.mark.parametrize("name", ENCODINGS)
def test_every_encoding_can_be_asked_for(name: str) -> None:
    assert text("a,b\n1,2\n3,4\n", name, encoding=name).names == ("a", "b")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", " "])
def test_separators(separator: str) -> None:
    got = text("a,b\n1,2\n3,4".replace(",", separator))
    assert CHARACTERS[got.dialect.separator or "none"] == separator and got.names == ("a", "b")


def long_rows(columns: int, rows: int) -> str:
    """More than is looked at to judge the separator, so that a row of it is cut in two."""
    return (";".join(["98765,432109876543210"] * columns) + "\n") * rows


def test_semicolons_win_over_decimal_commas() -> None:
    got = text("a;b\n1,5;2,25\n3,5;4,75\n")
    same(got.values, [[1.5, 2.25], [3.5, 4.75]])
    without_names = text("1,5;2,25\n3,5;4,75\n")
    assert without_names.dialect.separator == "semicolon"
    long = text(";".join(["12345,678901234567890"] * 300) + "\n" + long_rows(300, 180))
    assert long.dialect.separator == "semicolon"


def test_a_separator_inside_quotes_is_text() -> None:
    got = text('name,x\n"Doe; Jane",1\n"Roe; Joe",2\n')
    assert got.dialect.separator == "comma" and got.names == ("x",)


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
    assert said(got) == {"no_header": {"columns": ("x1", "x2")}}
    assert said(text("1,2,3,4,5,6\n7,8,9,0,1,2\n"))["no_header"] == {
        "columns": ("x1", "x2", "…", "x6")
    }


@pytest.mark.parametrize(
    ("content", "names", "values"),
    [
        ("p;v\nA;12,50\nB;98,-\nC;€ 50,--\nD;1.000,—\n", ["v"], [[12.5], [98], [50], [1000]]),
        ("p;v\nA;12.50\nB;CHF 98.-\nC;7.50-\n", ["v"], [[12.5], [98], [-7.5]]),
        ("Monat;v\n01.2024;1,5\n11.2024;2,5\n", ["v"], [[1.5], [2.5]]),
        ("v;w\n1.2024;1\n0.1998;2\n", ["v", "w"], [[1.2024, 1], [0.1998, 2]]),
        ("v\n–1.5\n−2.5\n", ["v"], [[-1.5], [-2.5]]),
        ("step,loss\n0,inf\n1,2.5\n", ["step", "loss"], [[0, NAN], [1, 2.5]]),
        ("p,v\nA,<0.5\nB,1\nC,2\n", ["v"], [[NAN], [1], [2]]),
        ("p,v\nA,1k\nB,3M\nC,5\nD,6\nE,7\n", ["v"], [[NAN], [NAN], [5], [6], [7]]),
        ("drug,1h,2h\nA,1,2\nB,3,4\n", ["1h", "2h"], [[1, 2], [3, 4]]),
        ("temp,energy\n°C,kWh\n1,2\n3,4\n", ["temp", "energy"], [[1, 2], [3, 4]]),
        ("@relation r\n@attribute a real\n@data\n1.5,2\n3,4\n", ["x1", "x2"], [[1.5, 2], [3, 4]]),
        ("|a|b|\n|:--|--:|\n|1|2|\n|3|4|\n", ["a", "b"], [[1, 2], [3, 4]]),
        ("温度，湿度\n１．５，２０\n２．５，３０\n", ["温度", "湿度"], [[1.5, 20], [2.5, 30]]),  # noqa: RUF001
    ],
)
def test_as_a_careful_person_reads_it(content: str, names: list[str], values: Any) -> None:
    reading = text(content)
    assert (list(reading.names), asked(reading)) == (names, [])
    same(reading.values, values)


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
    monkeypatch.setattr(source, "MAX_ROWS", 3)
    got = text("a\n1\n2\n3\n4\n")
    same(got.values, [[1], [2], [3]])
    assert said(got) == {"too_many_rows": {"limit": 3}}


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
    assert caught.value.reason.key == "too_many_columns"
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
        (b"<!DOCTYPE html><html><body>404</body></html>", "markup"),
        (b'{"a": [1, 2]}', "markup"),
        (b'[\n {"a": 1}]', "markup"),
        (b"PK\x03\x04" + bytes(50), "spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "spreadsheet"),
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "binary"),
        (b"a,b\n1,\x00\n", "binary"),
        (b"\x00\x01" * 200, "binary"),
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
    assert values == {"columns": ("name", "born"), "column": "name", "row": 2, "text": "Anna"}
    assert refusal(b"a,b,c\n1\n2\n")[1] == {"row": 2, "expected": 3, "actual": 1}
    assert refusal(b"a,b\n")[1] == {"columns": ("a", "b")}


def test_too_many_bytes() -> None:
    blob = b"a\n" + b"1\n" * (25 * 2**20)
    assert refusal(blob) == ("too_big", {"size": len(blob), "limit": 50 * 2**20})


def test_a_name_does_not_make_a_parquet_file() -> None:
    assert refusal(b"a,b\n1,2\n", "data.parquet")[0] == "damaged"
