"""What configs are made of: their base, and fields with limits and the numbers a control offers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]


def decades(low: int, high: int, digits: tuple[int, ...] = (1, 2, 5)) -> tuple[float, ...]:
    """The digits in every power of ten from 10^low, up to 10^high itself."""
    return (*(float(f"{d}e{k}") for k in range(low, high) for d in digits), float(f"1e{high}"))


def doubling(least: int, most: int, *more: int) -> tuple[int, ...]:
    """Powers of two from `least` to `most`, and `more`."""
    powers = {2**k for k in range(most.bit_length()) if least <= 2**k}
    return tuple(sorted({*powers, *more}))


@dataclass(frozen=True)
class Stops:
    """The numbers that a field's control offers; the config accepts any between its limits."""

    values: tuple[float, ...]


EPSILONS = decades(-12, 1)
MOMENTA = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


def later(default: Any, **limits: Any) -> Any:
    """A field that younger versions know: at its default it is left out of what is written, so
    that a config is written as it was before.
    """
    return Field(default, exclude_if=lambda value: value == default, **limits)


def stops(
    default: Any, offered: Iterable[float], kind: Callable[..., Any] = Field, **limits: float
) -> Any:
    """A field whose control offers these numbers, ascending; where `limits` say nothing else, the
    first and the last of them are its limits too. `kind` is Field or :func:`later`.
    """
    numbers = tuple(offered)
    low = {} if {"ge", "gt"} & limits.keys() else {"ge": numbers[0]}
    high = {} if {"le", "lt"} & limits.keys() else {"le": numbers[-1]}
    field = kind(default, **limits, **low, **high)
    field.metadata.append(Stops(numbers))
    return field


class Config(BaseModel):
    """Base of all configs: frozen, unknown keys, NaN and infinity refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
