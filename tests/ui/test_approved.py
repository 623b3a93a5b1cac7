"""Tables that a page is built from, as text that a reviewer reads: `tests/approved/ui`."""

from collections.abc import Iterator
from dataclasses import asdict, fields

from bnviz.core.sweep.config import FIELDS
from bnviz.ui.control import Control
from bnviz.ui.controls import FITNESS, controls
from bnviz.ui.navigation import PAGES
from bnviz.ui.sweep import axes
from tests.approval import approve, outlined

_USUAL = {field.name: field.default for field in fields(Control)}


def told(row: Control) -> dict[str, object]:
    """What of a control is set, and what it is."""
    own = {name: value for name, value in asdict(row).items() if value != _USUAL.get(name)}
    return {"kind": row.kind} | {name: value for name, value in own.items() if name != "key"}


def test_controls() -> None:
    pages = {
        page.name: {row.key: told(row) for row in controls(page.name).values()} for page in PAGES
    }
    approve("ui/controls", outlined(pages))


#: What people type as a value of an axis.
ENTRIES = ("0.01", "1..8:4", "0..1:3", "1e-6..0.1:6", "1..2:1", "1..2:65", "7", "true", "sgd", "x")


def _axis(row: Control) -> Iterator[tuple[str, object]]:
    yield "offered", [*axes._offered(row)]
    yield "at first", [*axes._some(row)]
    for entry in ENTRIES:
        try:
            yield entry, [*axes._read(row, entry)]
        except ValueError:
            yield entry, axes._refusal(row, entry)


def test_axes_of_sweeps() -> None:
    approve("ui/axes", outlined({field: dict(_axis(FITNESS[field])) for field in FIELDS}))
