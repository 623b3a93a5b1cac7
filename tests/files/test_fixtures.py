"""Small files as people and programs write them, each with its right numbers.

They lie in tests/fixtures/tables; expected.toml says of each what it holds.
"""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from bnviz.files.dialect import Dialect
from bnviz.files.read import read
from tests.files.reading import asked, same

FOLDER = Path(__file__).parents[1] / "fixtures" / "tables"
EXPECTED: dict[str, Any] = tomllib.loads((FOLDER / "expected.toml").read_text(encoding="utf-8"))


def test_every_file_is_expected() -> None:
    assert {file.name for file in FOLDER.iterdir()} == {*EXPECTED, "expected.toml"}
    assert len(EXPECTED) >= 60


@pytest.mark.parametrize("name", EXPECTED)
def test_small_files(name: str) -> None:
    right, blob = EXPECTED[name], (FOLDER / name).read_bytes()
    reading = read(name, blob)
    assert asked(reading) == right.get("asks", [])
    answers = {
        key: tuple(answer) if isinstance(answer, list) else answer
        for key, answer in right.get("answers", {}).items()
    }
    for question in reading.questions:
        assert answers[question.asked.key] in question.answers.values()
    if answers:
        reading = read(name, blob, Dialect(**answers))
        assert reading.questions == ()
    assert list(reading.names) == right["names"]
    same(reading.values, right["values"])
    for field in ("separator", "decimal", "encoding", "header"):
        if field in right:
            assert getattr(reading.dialect, field) == right[field], field
    assert set(right.get("says", [])) <= {finding.key for finding in reading.findings}
    # What was understood, asked for, is read the same: the command line prints it as options.
    again = read(name, blob, reading.dialect)
    assert again.names == reading.names and again.questions == ()
    same(again.values, reading.values)
