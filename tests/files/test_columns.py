"""The cells of one column: numbers however they are written, gaps, words, dates."""

import csv
import io
from typing import Any

import pytest

from bnviz.files.findings import Unreadable, clip
from bnviz.files.reading import to_table
from tests.files.reading import NAN, asked, said, same, text


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
    assert values == [] and findings == {"text": {"row": 3, "text": "red"}}


@pytest.mark.parametrize(
    "cell",
    ["0x1F", "1_000", "1e", "e5", "--1", "1.2.x", "1x", "5$5", "1 2", "(5", "5)", "-(5)"],
)
def test_what_only_looks_like_a_number_is_text(cell: str) -> None:
    values, findings = column(cell, cell)
    assert values == [] and findings["text"]["text"] == cell


@pytest.mark.parametrize(
    ("cells", "expected", "said_of_it"),
    [
        (["1,234", "999", "1,234,567.5"], [1234, 999, 1234567.5], ["thousands"]),
        (["1'234", "5"], [1234, 5], ["thousands"]),
        (["1 234", "-5 678 901"], [1234, -5678901], ["thousands"]),
        (["1\u00a0234", "1\u202f234,5"], [1234, 1234.5], ["thousands"]),
        (["1,5", "2", ",25"], [1.5, 2, 0.25], []),
        (["1.234,5", "2,5"], [1234.5, 2.5], ["thousands"]),
        (["1,5e3", "-2,5"], [1500, -2.5], []),
        (["1.234", "2,5", "3,5"], [1234, 2.5, 3.5], ["thousands"]),
        (["1.234.567", "2.025"], [1234567, 2025], ["thousands"]),
        (["12,34,567.5", "1,00,000"], [1234567.5, 100000], ["thousands"]),
        (["$5", "1.5 EUR", "-£2", "CHF 1'000.50"], [5, 1.5, -2, 1000.5], ["thousands", "currency"]),
        (["(5)", "(1.50)", "2"], [-5, -1.5, 2], ["negative"]),
        (["5-", "1.5-", "2"], [-5, -1.5, 2], ["negative"]),
        (["($1,234.50)", "$ 2.5"], [-1234.5, 2.5], ["thousands", "currency", "negative"]),
        (["(5 %)", "2.5%"], [-5, 2.5], ["percent", "negative"]),
    ],
)
def test_ways_of_writing_numbers(
    cells: list[str], expected: list[float], said_of_it: list[str]
) -> None:
    values, findings = column(*cells)
    assert values == expected
    assert list(findings) == said_of_it
    for remark in findings.values():
        at = cells.index(remark["text"])
        assert (remark["row"], remark["number"]) == (at + 2, expected[at])


def test_a_point_is_no_decimal_point_between_decimal_commas() -> None:
    values, findings = column("1,5", "2,5", "3.5")
    same(values, [1.5, 2.5, NAN])
    assert findings["mixed"] == {"count": 1, "row": 4, "text": "3.5"}


def test_a_comma_that_could_be_either_is_asked_about() -> None:
    """Between semicolons it is a decimal comma, else nothing tells, unless another cell does."""
    same(text("a;b\n1,234;1\n5,678;2\n").values[:, 0], [1.234, 5.678])
    open_to_both = 'a,b\n"1,234",1\n"5,678",2\n'
    got = text(open_to_both)
    (question,) = got.questions
    assert question.asked.values == {
        "column": "a",
        "row": 2,
        "text": "1,234",
        "point": 1234.0,
        "comma": 1.234,
    }
    with pytest.raises(Unreadable):
        to_table(got, ["a"])
    for decimal, number in (("point", 1234), ("comma", 1.234)):
        answered = text(open_to_both, decimal=decimal)
        assert answered.values[0, 0] == number and not answered.questions
    assert asked(text(open_to_both.replace(",2\n", ",2.5\n"))) == []


def test_a_point_that_could_be_either_is_asked_about_where_commas_are_decimal() -> None:
    for separator in ";\t":
        table = "a,b\n1.234,1\n5.678,2\n".replace(",", separator)
        assert asked(text(table)) == ["decimal"]
        assert asked(text(table.replace("678", "67"))) == []
    assert asked(text("a,b\n1.234,1\n5.678,2\n")) == []


def test_one_column_of_decimal_commas_without_a_name_is_asked_about() -> None:
    rows = "1,5\n2,25\n-3,75\n"
    assert asked(text(rows)) == ["separator"]
    same(text(rows, separator="none").values[:, 0], [1.5, 2.25, -3.75])
    same(text(rows, separator="comma").values[:, 1], [5, 25, 75])
    for clear in (
        "sep=,\n" + rows,
        "value\n" + rows,
        "a,b\n" + rows,
        rows + "1.5,2\n",
        rows + "1,-2\n",
    ):
        assert asked(text(clear)) == [], clear


def test_columns_that_prove_different_signs_leave_a_third_one_open() -> None:
    table = "a;b;c\n1,5;1.5;2.025\n2,5;2.5;1.250\n"
    assert asked(text(table)) == ["decimal"]
    same(text(table, decimal="comma").values[0], [1.5, 1.5, 2025])
    same(text(table, decimal="point").values[0], [1.5, 1.5, 2.025])


@pytest.mark.parametrize(
    ("cells", "markers"),
    [
        (["1", "2", "-200"], ("-200",)),
        (["1", "2", "9999"], ("9999",)),
        (["1000", "-999", "2000"], ("-999",)),
        (["-5", "-99", "3"], ("-99",)),
        (["0", "-99", "200"], ("-99",)),
        (["-1", "-99", "200"], ()),
        (["-150", "-200", "-180"], ()),
        (["9000", "9999", "9500"], ()),
        (["95", "99", "97"], ()),
        (["-1", "1", "0"], ()),
    ],
)
def test_numbers_that_may_stand_for_missing_values(cells: list[str], markers: tuple[str]) -> None:
    table = "a,b\n" + "".join(f"{cell},{i}\n" for i, cell in enumerate(cells))
    got = text(table)
    assert [question.asked.values["numbers"] for question in got.questions] == (
        [markers] if markers else []
    )
    same(text(table, missing=()).values[:, 0], [float(cell) for cell in cells])
    gaps = [NAN if cell in markers else float(cell) for cell in cells]
    same(text(table, missing=markers).values[:, 0], gaps)


def test_markers_that_are_asked_for() -> None:
    """By their value where they are numbers, and as words in any case."""
    got = text("a;b\n1,5;x\n-200,0;2\n3,5;off\n", missing=("-200", "off", "X"))
    same(got.values, [[1.5, NAN], [NAN, 2], [3.5, NAN]])
    assert got.dialect.missing == ("-200", "off", "X")


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
    assert findings == {"dates": {"row": 2, "text": cell}}


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
    assert column("inf", "-inf") == ([], {"empty_column": {}})
    assert list(column("inf", "red", "green")[1]) == ["text"]


def test_a_cell_that_just_fits_is_said_whole() -> None:
    assert clip("x" * 40) == "x" * 40
    assert clip("x" * 41) == "x" * 39 + "…"
