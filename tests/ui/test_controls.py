"""The table of controls: within the configs' limits, with words for all, and its own inverse."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from bnviz.core.configs import TrainConfig
from bnviz.core.fields import Config, Stops, decades, doubling
from bnviz.core.pitfalls.configs import CONFIGS as PITFALL_CONFIGS
from bnviz.core.smoothness.registry import MEASURES as MEASURE_CONFIGS
from bnviz.core.training.presets import PRESETS
from bnviz.texts.catalogue import LANGUAGES, catalogue
from bnviz.ui.control import Control, in_address, of
from bnviz.ui.controls import CONTROLS, FITNESS, LANG, PRESENT
from bnviz.ui.navigation import PAGES

ROWS = [(page.name, row) for page in PAGES for row in CONTROLS[page.name].values()]
NUMBERS = [row for _, row in ROWS if row.kind in ("steps", "slider", "whole")]


def field_of(path: str) -> tuple[type[BaseModel], str]:
    """A config and its field, from the key of a control that is named after both."""
    name, _, rest = path.partition(".")
    owner: Any = (PITFALL_CONFIGS | MEASURE_CONFIGS).get(name)
    if owner is None:
        owner, rest = TrainConfig, path
    *parts, name = rest.split(".")
    for part in parts:
        owner = owner.model_fields[part].annotation
    return owner, name


PATHS = [row.key for row in NUMBERS if "." in row.key or row.key == "seeds"]


@pytest.mark.parametrize(("page", "row"), ROWS, ids=lambda v: getattr(v, "key", v))
def test_every_row_has_its_words(page: str, row: Control) -> None:
    for language in LANGUAGES:
        words = catalogue(language)
        assert row.label in words
        if row.option != "{}":
            assert {row.option.format(option) for option in row.options} <= set(words)


@pytest.mark.parametrize("page", [page.name for page in PAGES])
def test_names_in_an_address_mean_one_thing(page: str) -> None:
    rows = CONTROLS[page].values()
    assert len({row.name for row in rows}) == len(rows)
    own = [row for row in rows if row not in (LANG, PRESENT)]
    assert not own or any(row.main for row in own), "something matters most"


@pytest.mark.parametrize("row", NUMBERS, ids=lambda row: row.key)
def test_what_is_offered_rises_and_holds_the_default(row: Control) -> None:
    assert list(row.stops) == sorted(set(row.stops))
    ends = (row.stops[0], row.stops[-1]) if row.stops else (row.least, row.most)
    assert None not in ends and ends[0] <= row.default <= ends[1]
    assert {type(stop) for stop in row.stops} <= {type(row.default)}
    if row.kind == "slider" and isinstance(row.default, int):
        assert row.step == 1, "each whole number can be chosen"


@pytest.mark.parametrize("key", PATHS)
def test_what_is_offered_the_config_accepts(key: str) -> None:
    owner, name = field_of(key)
    for page in PAGES:
        row = CONTROLS[page.name].get(key)
        for value in (*row.stops, row.default) if row else ():
            assert getattr(owner(**{name: value}), name) == value


@pytest.mark.parametrize("path", [row.key for row in FITNESS.values() if row.stops])
def test_a_training_can_be_asked_for_up_to_the_limits(path: str) -> None:
    row = FITNESS[path]
    assert row.least is None or row.stops[0] == row.least
    assert row.most is None or row.stops[-1] == row.most


@pytest.mark.parametrize("name", PITFALL_CONFIGS)
def test_beyond_the_ends_of_a_pitfalls_scale_the_config_refuses(name: str) -> None:
    owner = PITFALL_CONFIGS[name]
    for field in owner.model_fields:
        stops = of(owner, field).stops
        for beyond in (stops[-1] * 1.0001 + 1, -1) if stops else ():
            with pytest.raises(ValidationError):
                owner(**{field: int(beyond) if isinstance(stops[0], int) else beyond})


def numbers(config: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name in type(config).model_fields:
        value = getattr(config, name)
        if isinstance(value, BaseModel):
            yield from numbers(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_can_be_reached(preset: str) -> None:
    for path, value in numbers(PRESETS[preset]):
        if path in FITNESS and value is not None:
            assert FITNESS[path].read(in_address(value)) == value, path


# ---------------------------------------------------------------- in an address


@given(data=st.data(), row=st.sampled_from(NUMBERS))
def test_a_number_is_read_as_it_was_written(data: st.DataObject, row: Control) -> None:
    least, most = (row.stops[0], row.stops[-1]) if row.stops else (row.least, row.most)
    kind = st.integers if isinstance(row.default, int) else st.floats
    value = data.draw(kind(least, most))  # type: ignore[operator]
    read = row.read(in_address(value))
    assert read == value and type(read) is type(row.default)


@given(text=st.text() | st.floats().map(str) | st.integers().map(str), row=st.sampled_from(ROWS))
def test_whatever_is_read_is_within_the_limits(text: str, row: tuple[str, Control]) -> None:
    control = row[1]
    try:
        value = control.read(text)
    except ValueError:
        return
    if control.kind == "choice":
        assert value in control.options
    elif control.kind != "switch":
        ends = control.stops or (control.least or 0, control.most or 0)
        assert ends[0] <= value <= ends[-1]


@pytest.mark.parametrize("text", ["", "nan", "inf", "1e309", "9" * 10_000, "3.5", "2,5", "0x10"])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        FITNESS["network.depth"].read(text)


def test_limits_come_from_the_config() -> None:
    row = FITNESS["network.depth"]
    owner, name = field_of(row.key)
    for beyond in ((row.least or 0) - 1, (row.most or 0) + 1):
        with pytest.raises(ValidationError):
            owner(**{name: beyond})


# ---------------------------------------------------------------- scales


def test_decades_are_exact() -> None:
    assert decades(-2, 1) == (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
    assert decades(-12, 1)[0] == 1e-12
    assert decades(0, 2, (1, 3)) == (1.0, 3.0, 10.0, 30.0, 100.0)


def test_doubling() -> None:
    assert doubling(1, 8, 3) == (1, 2, 3, 4, 8)
    assert doubling(3, 9) == (4, 8)


def test_every_number_of_a_pitfall_has_its_scale() -> None:
    for owner in PITFALL_CONFIGS.values():
        for name, info in owner.model_fields.items():
            if isinstance(info.default, (int, float)):
                assert any(isinstance(rule, Stops) for rule in info.metadata), f"{owner}.{name}"


def test_fields_without_a_row_are_asked_for_elsewhere() -> None:
    """A table's columns come from the file."""
    fields = {path for path, _ in numbers(TrainConfig())}
    files = {"data.table", "data.columns", "data.target"}
    assert fields - set(FITNESS) == files | {"seed"} and "first_seed" in FITNESS


def test_a_config_that_is_no_number_has_no_scale() -> None:
    class Odd(Config):
        word: str = "a"

    assert of(Odd, "word").kind == "choice"
