"""Every field of a training config can be reached, within the config's limits."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from bnviz.core.configs import TrainConfig
from bnviz.core.training.presets import PRESETS
from bnviz.ui.config_widgets import GRIDS, decades, doubling, limits


def owner_of(path: str) -> tuple[type[BaseModel], str]:
    *parts, name = path.split(".")
    owner: type[BaseModel] = TrainConfig
    for part in parts:
        kind = owner.model_fields[part].annotation
        assert isinstance(kind, type)
        owner = kind
    return owner, name


@pytest.mark.parametrize("path", GRIDS)
def test_grids_rise_and_stay_within_the_configs_limits(path: str) -> None:
    grid = GRIDS[path]
    assert grid == sorted(set(grid))
    owner, name = owner_of(path)
    for stop in grid:
        owner(**{name: stop})


@pytest.mark.parametrize("path", GRIDS)
def test_grids_reach_to_the_limits(path: str) -> None:
    owner, name = owner_of(path)
    least, most = limits(owner, name)  # type: ignore[arg-type]
    grid = GRIDS[path]
    if least is not None:
        assert grid[0] == least
    if most is not None:
        assert grid[-1] == most


def numbers(config: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name in type(config).model_fields:
        value = getattr(config, name)
        if isinstance(value, BaseModel):
            yield from numbers(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_lie_within_the_grids(preset: str) -> None:
    for path, value in numbers(PRESETS[preset]):
        if path in GRIDS and value is not None:
            assert GRIDS[path][0] <= value <= GRIDS[path][-1], path


def test_limits_come_from_the_config() -> None:
    owner, name = owner_of("network.depth")
    least, most = limits(owner, name)  # type: ignore[arg-type]
    owner(**{name: least}), owner(**{name: most})
    for beyond in (least - 1, most + 1):
        with pytest.raises(ValidationError):
            owner(**{name: beyond})


def test_decades_are_exact() -> None:
    assert decades(-2, 1) == [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0]
    assert decades(-12, 1)[0] == 1e-12


def test_doubling() -> None:
    assert doubling(8, 3) == [1, 2, 3, 4, 8]
