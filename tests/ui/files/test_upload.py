"""Every remark on a file can be said in both languages, with its column and row."""

from typing import Any, get_args

import pytest

from bnviz.files.findings import Finding, FindingCode, Unreadable, UnreadableCode
from bnviz.files.read import read
from bnviz.files.reading import to_table
from bnviz.texts.catalogue import LANGUAGES, worded

ROWS = "".join(f"{i},{i * i},{i % 7}.5\n" for i in range(1, 30))


def csv(head: str, *cells: str) -> bytes:
    """A numeric file whose third column begins with `cells`."""
    rows = ROWS.splitlines()
    for place, cell in enumerate(cells):
        rows[place] = ",".join([*rows[place].split(",")[:2], cell])
    return "\n".join([head, *rows, ""]).encode()


#: A file for each finding; the row and column that its sentence must name.
FILES: dict[FindingCode, tuple[bytes, tuple[str, ...]]] = {
    "encoding": ("高,重\n1,2\n3,4\n".encode("gb18030"), ("gb18030",)),
    "no_header": (ROWS.encode(), ()),
    "ragged_rows": (csv("a,b,c", "1,9"), ("2",)),
    "unnamed_column": (csv("a,,c"), ("2",)),
    "duplicate_name": (csv("a,c,c"), ("c",)),
    "one_row": (b"a,b\n1,2\n", ("2",)),
    "too_many_columns": (
        (
            ",".join(f"c{i}" for i in range(300)) + "\n" + (",".join(["1"] * 300) + "\n") * 2
        ).encode(),
        ("300", "256"),
    ),
    "text": (csv("a,b,c", *["word"] * 29), ("c", "2", "word")),
    "dates": (csv("a,b,c", *["2024-01-31"] * 29), ("c", "2")),
    "empty_column": (csv("a,b,c", *[""] * 29), ("c",)),
    "mixed": (csv("a,b,c", "word"), ("c", "2", "word")),
    "missing": (csv("a,b,c", "1", ""), ("c", "3")),
    "infinite": (csv("a,b,c", "1", "inf"), ("c", "3")),
    "huge": (csv("a,b,c", "1e300"), ("c", "2")),
    "big_integers": (csv("a,b,c", "12345678901234567891"), ("c", "2")),
    "constant": (csv("a,b,c", *["4.5"] * 29), ("c", "4.50")),
    "day_numbers": (csv("a,b,c", *map(str, range(20240101, 20240130))), ("c", "20240101")),
    "boolean": (csv("a,b,c", *["yes", "no"] * 14, "yes"), ("c",)),
    "percent": (csv("a,b,c", *["12 %"] * 29), ("c",)),
    "spaces": (csv("a,b,c", " 1 "), ("c", "2")),
    "thousands": (csv("a,b,c", "1.5", '"1,234"'), ("c", "3", "1234")),
    "skipped": (b"from station 7\na,b\n1,2\n3,4\n", ("station 7",)),
    "other_decimal": (csv("a,b,c", *['"2,5"'] * 29).replace(b"\n1,1,", b"\n1.5,1,"), ("c", "2.5")),
    "currency": (csv("a,b,c", "$5"), ("c", "2", "$5")),
    "negative": (csv("a,b,c", "(5)"), ("c", "2", "(5)", "-5")),
}
REFUSED: dict[UnreadableCode, tuple[bytes, tuple[str, ...]]] = {
    "empty": (b" \n", ()),
    "binary": (b"\x00\x01\x02" * 50, ()),
    "spreadsheet": (b"PK\x03\x04" + b"0" * 50, ()),
    "markup": (b'{"a": 1}\n{"a": 2}\n', ()),
    "compressed": (b"\x1f\x8b" + b"0" * 50, ()),
    "damaged": (b"PAR1" + b"0" * 50, ()),
    "no_rows": (b"a,b\n", ("a", "b")),
    "ragged": (b"a,b\n1,2,3,4\n", ("2", "4")),
    "no_numbers": (b"a,b\nred,blue\ngreen,grey\n", ("a", "red")),
    "too_wide": (
        (",".join(f"c{i}" for i in range(6000)) + "\n" + ",".join(["1"] * 6000)).encode(),
        ("6,000",),
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", FILES)
def test_findings_in_words(key: FindingCode, language: str) -> None:
    blob, named = FILES[key]
    about = [finding for finding in read("data.csv", blob).findings if finding.key == key]
    assert about, "the file does not show this finding"
    complete(worded(language, "finding", about[0]), named)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", REFUSED)
def test_refusals_in_words(key: UnreadableCode, language: str) -> None:
    blob, named = REFUSED[key]
    with pytest.raises(Unreadable) as caught:
        read("data.csv", blob)
    assert caught.value.reason.key == key
    complete(worded(language, "unreadable", caught.value.reason), named)


@pytest.mark.parametrize("language", LANGUAGES)
def test_refusals_of_a_choice_in_words(language: str) -> None:
    full, gaps = read("data.csv", csv("a,b,c")), read("data.csv", b"a,b\n1,\n,2\n3,\n,4\n")
    for reading, columns, named in ((full, ["nope"], "nope"), (gaps, ["a", "b"], "4")):
        with pytest.raises(Unreadable) as caught:
            to_table(reading, columns, "drop")
        complete(worded(language, "unreadable", caught.value.reason), (named,))


def complete(text: str, named: tuple[str, ...]) -> None:
    assert all(part in text.replace("\\", "") for part in named), text
    assert "{" not in text and "None" not in text.removeprefix("None of"), text


@pytest.mark.parametrize(
    "value", ["![](http://example.org/x.png)", "<script>", "[a](javascript:x)", "$x$"]
)
def test_words_from_a_file_are_made_harmless(value: str) -> None:
    values: dict[str, Any] = {"column": value, "row": 2, "text": value}
    assert value not in worded("en", "finding", Finding("text", values))


def test_which_remarks_have_no_file_here() -> None:
    """Files too large or too odd to make for a test of words; tests/files knows them."""
    assert set(get_args(FindingCode)) - set(FILES) == {"too_many_rows", "no_numbers_type", "sheet"}
    choices = {"open_question", "no_columns", "unknown_column", "too_many_columns", "nothing_left"}
    asked = {"encoding", "no_names"}
    large, books = {"too_big", "unpacked", "exhausting"}, {"no_sheet", "no_range"}
    assert set(get_args(UnreadableCode)) - set(REFUSED) == choices | large | books | asked
