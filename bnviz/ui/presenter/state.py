"""What a lesson asks of a page: the state of its controls, by their names in the address."""

from collections.abc import Iterable, Mapping

from bnviz.texts.catalogue import catalogue
from bnviz.ui.control import Control, in_address
from bnviz.ui.controls import CONTROLS, LANG, PRESENT

State = Mapping[str, bool | int | float | str]


def check(state: State, page: str) -> None:
    """ValueError names a control that the page has not, or a value that it does not take."""
    rows = {row.name: row for row in CONTROLS.get(page, {}).values() if row not in (LANG, PRESENT)}
    for name, value in state.items():
        if page in CONTROLS and name not in rows:
            raise ValueError(f"{page} has no control {name!r}; it has {', '.join(rows)}")
        row = rows.get(name)
        if row is None or row.kind == "choice":
            if row and _options(row) and value not in _options(row):
                raise ValueError(f"there is no {name} {value!r}; {there_are(_options(row))}")
            continue
        try:
            row.read(in_address(value))
        except ValueError:
            raise ValueError(f"{page}'s control {name!r} does not take {value!r}") from None


def in_an_address(state: State, page: str) -> dict[str, str]:
    """The state as Streamlit writes it into an address, which has no defaults."""
    rows = {row.name: row for row in CONTROLS[page].values()}
    return {
        name: in_address(value)
        for name, value in state.items()
        if name not in rows or rows[name].default != value
    }


def there_are(names: Iterable[str]) -> str:
    """The names that a wrong one could have been."""
    return f"there are {', '.join(names)}"


def _options(row: Control) -> tuple[str, ...]:
    """What a choice offers, of tabs those with a name; none where the page alone knows."""
    before, _, after = row.option.partition("{}")
    named = (key for key in catalogue("en") if before and key.startswith(before) and not after)
    return row.options or tuple(key.removeprefix(before) for key in named)
