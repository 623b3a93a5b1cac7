"""Tables that a page is built from, as text that a reviewer reads: `tests/approved/ui`."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields

from bnviz.core.sweep.config import FIELDS
from bnviz.ui.control import Control
from bnviz.ui.controls import CONTROLS, FITNESS
from bnviz.ui.navigation import PAGES
from bnviz.ui.presenter.lesson import LessonError, Measured
from bnviz.ui.presenter.measured import MEASURED, measure
from bnviz.ui.sweep import axes
from tests.approval import approve, inline, outlined

_USUAL = {field.name: field.default for field in fields(Control)}


def told(row: Control) -> dict[str, object]:
    """What of a control is set, and what it is."""
    own = {name: value for name, value in asdict(row).items() if value != _USUAL.get(name)}
    return {"kind": row.kind} | {name: value for name, value in own.items() if name != "key"}


def test_controls() -> None:
    pages = {
        page.name: {row.key: told(row) for row in CONTROLS[page.name].values()} for page in PAGES
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


#: Controls of pages as a lesson may set them, the last two away from every default.
STATES: tuple[dict[str, bool | float | str], ...] = (
    {},
    {"b": 32, "progress": 1.5, "wine": "3,9,9", "noeps": True},
    {"source": "skewed", "b": 64, "d": 5, "seed": 3, "eps": 0.1, "gamma": 2.0, "beta": -1.0}
    | {"momentum": 0.02, "steps": 50, "shift_at": 20, "shift": 2.0, "z": 2.0, "progress": 3.0}
    | {"wine": "178,4,1"},
    {"b": 16, "stream_cumulative": True, "steps": 30, "shift": 1.0, "progress": 0.5},
)


def _measured(name: str, state: Mapping[str, bool | float | str]) -> Iterator[object]:
    """The number for the first two features, or what is wrong; rounding is 0."""
    for feature in (1, 2):
        try:
            number = measure(Measured(measure=name, state=state, feature=feature))
            yield number if abs(number) > 1e-6 else 0
        except LessonError as fault:
            yield fault


def test_what_lessons_measure() -> None:
    told = {
        inline(state) or "every default": {
            name: [*_measured(name, state)] for name in MEASURED if "document" not in name
        }
        for state in STATES
    }
    approve("ui/measured", outlined(told))
