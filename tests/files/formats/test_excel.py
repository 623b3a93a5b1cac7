"""Excel workbooks: which sheet and cells are read, and texts among the numbers."""

import io
import zipfile
from datetime import datetime
from typing import Any

import pytest
from openpyxl.xml.constants import SHARED_STRINGS

from bnviz.files.dialect import Dialect
from bnviz.files.findings import Unreadable
from bnviz.files.formats import excel_parts
from bnviz.files.read import read
from bnviz.files.reading import Reading
from tests.files.reading import NAN, asked, refusal, said, same

BOOK: dict[str, list[list[Any]]] = {
    "notes": [["Measured in May"], ["by hand"]],
    "data": [
        ["Station 7"],
        [],
        ["day", "flow", "kind"],
        [1, 1.5, "a"],
        [2, None, "b"],
        [3, 2.5, 1],
    ],
    "other": [["x"], [7], [8], [10]],
}


def written(sheets: dict[str, list[list[Any]]]) -> bytes:
    from openpyxl import Workbook

    made, out = Workbook(), io.BytesIO()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(out)
    return out.getvalue()


def book(sheets: dict[str, list[list[Any]]], **wanted: Any) -> Reading:
    return read("book.xlsx", written(sheets), Dialect(**wanted))


def test_the_first_sheet_with_numbers_is_read() -> None:
    got = book(BOOK)
    assert got.names == ("day", "flow")
    same(got.values, [[1, 1.5], [2, NAN], [3, 2.5]])
    assert got.rows.tolist() == [4, 5, 6]
    assert got.dialect == Dialect(header=3, sheet="data", missing=())
    assert got.sheets == ("notes", "data", "other")
    assert said(got)["sheet"] == {"sheet": "data", "sheets": ("notes", "data", "other")}
    assert said(got)["skipped"] == {"count": 1, "text": "Station 7"}


def test_a_hidden_sheet_comes_last_and_no_cell_is_lost_in_silence() -> None:
    from openpyxl import Workbook

    made = Workbook()
    assert made.active is not None
    made.active.append([99])
    made.active.sheet_state = "hidden"
    shown = made.create_sheet("shown")
    for row in [["a", "b"], *([i, i + 0.5] for i in range(250)), [1, 2, 3, 4]]:
        shown.append(row)
    stream = io.BytesIO()
    made.save(stream)
    got = read("book.xlsx", stream.getvalue())
    assert got.names == ("a", "b") and len(got.values) == 250
    assert said(got)["ragged_rows"] == {"count": 1, "row": 252, "expected": 2, "actual": 4}


def test_another_sheet_and_a_range() -> None:
    same(book(BOOK, sheet="other").values, [[7], [8], [10]])
    got = book(BOOK, sheet="data", range="b3:b6")
    assert got.names == ("flow",) and got.rows.tolist() == [4, 6]
    headed = book(BOOK, sheet="data", range="A2:B6", header=3)
    assert headed.names == ("day", "flow") and headed.rows.tolist() == [4, 5, 6]
    without_names = book(BOOK, sheet="data", range="A4:B6", header=0)
    assert without_names.names == ("x1", "x2") and without_names.rows.tolist() == [4, 5, 6]
    for wanted, key in (({"sheet": "nosuch"}, "no_sheet"), ({"range": "B3"}, "no_range")):
        with pytest.raises(Unreadable) as caught:
            book(BOOK, **wanted)
        assert caught.value.reason.key == key


def test_texts_among_numbers() -> None:
    """A number of Excel's is what it is; a text beside it is read as people write them."""
    rows = [["Ort", "Einwohner", "Anteil"], ["A", 761.5, "12,4"], ["B", "2.025", "15,0"]]
    same(book({"s": rows}).values, [[761.5, 12.4], [2025, 15]])
    doubtful = [["a"], [761.5], ["2.025"]]
    assert asked(book({"s": doubtful})) == ["decimal"]
    same(book({"s": doubtful}, decimal="comma").values, [[761.5], [2025]])


def test_dates_truths_and_errors() -> None:
    rows = [["when", "on", "x"], [datetime(2024, 1, 5), True, "#DIV/0!"]]
    got = book({"s": [*rows, [datetime(2024, 1, 6), False, 2.5]]})
    assert got.names == ("on", "x")
    same(got.values, [[1, NAN], [0, 2.5]])
    assert said(got)["dates"] == {"column": "when", "row": 2, "text": "2024-01-05 00:00:00"}


def test_a_table_away_from_the_corner() -> None:
    got = book({"s": [[], [None, None, "a", "b"], [None, None, 1, 2], [None, None, 3, 5]]})
    assert got.names == ("a", "b") and got.rows.tolist() == [3, 4]
    same(got.values, [[1, 2], [3, 5]])


def test_an_empty_sheet_is_called_empty() -> None:
    assert refusal(written({"A": []}))[0] == "empty"


def test_all_that_is_unpacked_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """However small each part: one sheet may stand there under many names."""
    words = {f"sheet {at}": [["some", "words"]] * 100 for at in range(30)}
    with pytest.raises(Unreadable) as caught:
        book(words)
    assert caught.value.reason.key == "no_numbers"
    monkeypatch.setattr(excel_parts, "MAX_UNPACKED", 100_000)
    with pytest.raises(Unreadable) as caught:
        book(words)
    assert caught.value.reason.key == "unpacked"


@pytest.mark.parametrize(
    ("limit", "part"),
    [
        ("MAX_SHEET", "xl/worksheets/sheet1.xml"),
        ("MAX_TEXTS", "xl/sharedStrings.xml"),
        ("MAX_PART", "xl/theme/theme1.xml"),
    ],
)
def test_each_part_of_a_workbook_has_its_limit(
    limit: str, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(written({"data": [["x"], [1], [2]]}))) as made:
        parts = {name: made.read(name) for name in made.namelist()}
    texts = b'PartName="/xl/sharedStrings.xml" ContentType="%s"' % SHARED_STRINGS.encode()
    types = parts["[Content_Types].xml"].replace(b"</Types>", b"<Override %s/></Types>" % texts)
    parts |= {"[Content_Types].xml": types, "xl/sharedStrings.xml": b"<sst><si></si></sst>"}
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    blob, size = out.getvalue(), len(parts[part])
    monkeypatch.setattr(excel_parts, limit, size)
    assert read("book.xlsx", blob).names == ("x",)
    monkeypatch.setattr(excel_parts, limit, size - 1)
    assert refusal(blob) == ("unpacked", {"size": size, "limit": size - 1})
