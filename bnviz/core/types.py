"""What the rooms hand each other: arrays with their shapes, names, and the sign to stop.

A shape in a signature, ``Float[Tensor, "p n"]``, is an annotation: with jaxtyping loaded, as in
the tests, it is checked at every call; otherwise it is the plain array, and costs nothing.
"""

import sys
from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING or "jaxtyping" in sys.modules:
    from jaxtyping import Bool as Bool
    from jaxtyping import Float as Float
    from jaxtyping import Int as Int
else:

    class Float:
        """An array of a shape, which nobody checks."""

        def __class_getitem__(cls, array_and_shape: tuple[Any, str]) -> Any:
            return array_and_shape[0]

    Bool = Int = Float

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

R = TypeVar("R")

#: The two nets, with the norm and without, as files call them.
NETS = ("bn", "plain")
#: The quantiles by which a spread is told, lowest first; they mirror each other.
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)

#: Asked between steps of long work: True once nobody waits for it any more.
StopFlag = Callable[[], bool]


def each_array(change: Callable[..., Any], *results: R) -> R:
    """A dataclass of arrays, each of them what `change` makes of those of the `results`."""
    kind, names = type(results[0]), [field.name for field in fields(results[0])]  # type: ignore[arg-type]
    return kind(**{name: change(*(getattr(each, name) for each in results)) for name in names})


class Stopped(Exception):
    """Nobody waits for this work any more: raised out of it, wherever it is."""


def never() -> bool:
    """The stop flag of work that is always waited for."""
    return False


def check(should_stop: StopFlag) -> None:
    """Raise Stopped once `should_stop` says yes."""
    if should_stop():
        raise Stopped
