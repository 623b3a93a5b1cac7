"""What every kind of work looks like to the worker who does it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bnviz.core.types import StopFlag
from bnviz.store import Run, Store


@dataclass(frozen=True)
class Step:
    """Some of a job's work, which the store has already: `done` of `total` parts."""

    done: int
    total: int


#: Does a run's work step by step. It ends soon once the function given says that it should
#: stop, and at once when its run is gone.
Work = Callable[[Store, Run, StopFlag], Iterator[Step]]
