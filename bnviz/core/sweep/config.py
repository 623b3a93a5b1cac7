"""Two or three settings of a training against each other: what is swept, and its cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from itertools import product
from math import prod
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from bnviz.core.configs import TrainConfig
from bnviz.core.fields import Config
from bnviz.core.settings import flat

Metric = Literal["loss", "accuracy", "divergence", "sharpness", "stable_rate"]
Value = bool | int | float | str | None

RATE = "optimizer.learning_rate"

MAX_CELLS = 1024

#: What cells have in common: their seeds, and whose data they learn from.
_COMMON = ("seeds", "seed", "arena", "data.source", "data.table", "data.columns", "data.target")

#: The most values of an axis.
MAX_VALUES = 64

#: Every setting that can be swept, as its path in a TrainConfig.
FIELDS = tuple(path for path, _ in flat(TrainConfig()) if path not in _COMMON)


def _meant(name: str) -> Sequence[str]:
    """The settings that `name` may stand for: all of them where it is like none."""
    return get_close_matches(name, FIELDS) or FIELDS


class Axis(Config):
    """One setting, `field` being its path in a TrainConfig, and the `values` it takes in turn."""

    field: str = Field(max_length=100)
    values: tuple[Value, ...] = Field(min_length=1, max_length=MAX_VALUES)

    @model_validator(mode="after")
    def _is_a_setting(self) -> Self:
        if self.field not in FIELDS:
            raise PydanticCustomError(
                "sweep_no_setting",
                '"{name}" cannot be swept; use one of {known}',
                {"name": self.field, "known": ", ".join(_meant(self.field))},
            )
        if len(set(self.values)) < len(self.values):
            raise PydanticCustomError(
                "sweep_value_twice",
                "{field} takes a value twice; leave one of them out",
                {"field": self.field},
            )
        return self


class SweepConfig(Config):
    """A grid of trainings: `base` with the settings of two or three axes put in.

    Each cell trains both nets with the seeds of `base`; its probes say how sharpness is
    measured. `metric` is what the two nets are compared by: see :mod:`bnviz.core.sweep.outcome`.
    """

    base: TrainConfig = TrainConfig()
    axes: tuple[Axis, ...] = Field(min_length=2, max_length=3)
    metric: Metric = "loss"

    @model_validator(mode="after")
    def _is_a_grid(self) -> Self:
        names = [axis.field for axis in self.axes]
        if len(set(names)) < len(names):
            raise PydanticCustomError(
                "sweep_same_setting", "two axes sweep the same setting; choose another one"
            )
        if self.metric == "stable_rate" and RATE not in names:
            raise PydanticCustomError(
                "sweep_no_rates",
                'the metric "stable_rate" needs an axis of {field}',
                {"field": RATE},
            )
        if (count := prod(len(axis.values) for axis in self.axes)) > MAX_CELLS:
            raise PydanticCustomError(
                "sweep_too_many_cells",
                "{count} cells; the limit is {limit}: leave out some values",
                {"count": count, "limit": MAX_CELLS},
            )
        cells(self)
        return self


@dataclass(frozen=True)
class Cell:
    """One training of a sweep."""

    index: int
    """Among all cells, the last axis running fastest."""
    place: tuple[int, ...]
    """Which value of each axis, from 0."""
    settings: Mapping[str, Value]
    """The swept settings by their paths."""
    config: TrainConfig


@lru_cache(maxsize=64)
def cells(config: SweepConfig) -> tuple[Cell, ...]:
    """All cells in order. Raises PydanticCustomError where a cell is no training."""
    grid = []
    places = product(*(range(len(axis.values)) for axis in config.axes))
    for index, place in enumerate(places):
        pairs = zip(config.axes, place, strict=True)
        settings = {axis.field: axis.values[at] for axis, at in pairs}
        grid.append(Cell(index, place, settings, _changed(config.base, settings)))
    return tuple(grid)


def _changed(base: TrainConfig, settings: Mapping[str, Value]) -> TrainConfig:
    raw = base.model_dump()
    for field, value in settings.items():
        *path, name = field.split(".")
        part = raw
        for each in path:
            part = part[each]
        part[name] = value
    try:
        return TrainConfig.model_validate(raw)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        wrong = ".".join(map(str, problem["loc"]))
        at = {wrong: settings[wrong]} if wrong in settings else dict(settings)
        raise PydanticCustomError(
            "sweep_no_training",
            "a training cannot have {where}: {why}",
            {
                "where": ", ".join(f"{field} = {value}" for field, value in at.items()),
                "why": problem["msg"],
                "settings": at,
                "problem": problem,
            },
        ) from error
