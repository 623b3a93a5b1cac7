"""How much sense each separator makes of the small files, as text that a reviewer reads.

The weights of that are nobody's equation; what is read in the end test_fixtures.py knows.
"""

from collections.abc import Iterator
from pathlib import Path

from bnviz.files.dialect import CHARACTERS
from bnviz.files.findings import Unreadable
from bnviz.files.formats.encoding import encoding_of, text_of
from bnviz.files.formats.separation import _sense, _ways
from bnviz.files.header import locate
from tests.approval import approve

FOLDER = Path(__file__).parents[1] / "fixtures/tables"


def test_how_much_sense_each_separator_makes() -> None:
    def lines() -> Iterator[str]:
        for file in sorted({*FOLDER.iterdir()} - {FOLDER / "expected.toml"}):
            blob = file.read_bytes()
            start = next(text_of(blob, encoding_of(blob, "")))
            yield file.name
            for fields in _ways(start, list(CHARACTERS)):
                try:
                    layout = locate(records := fields.records(start), None)
                except Unreadable as refused:
                    yield f"    {fields.separator}: {refused.reason.key}"
                else:
                    sense = _sense(records, layout)
                    names = " | ".join(layout.names[:6])
                    yield f"    {fields.separator} {sense:.4g}: row {layout.first} on, {names}"

    approve("files/separators", lines())
