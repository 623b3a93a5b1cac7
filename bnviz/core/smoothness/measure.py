"""What every measure of smoothness is: a frozen config that costs, measures and judges.

A measure is one file of the same name in each layer: here its config, its results and how they
come about; its figures in :mod:`bnviz.plots.smoothness`, its section of the page in
:mod:`bnviz.ui.smoothness`. The page needs configs and results before its first paint and must
not wait for torch, so whatever needs torch is imported inside the functions that use it.

Letters: S seeds, n parameters, P probes, Q scales or step sizes, T moments, E epochs. Losses
are mean squared errors in squared target units, eigenvalues and Lipschitz estimates in those
per squared parameter unit. A seed that diverged is NaN.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields, is_dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from safetensors.numpy import load, save

from bnviz.core.configs import TrainConfig
from bnviz.core.fields import Config, Seed
from bnviz.core.smoothness.costs.nets import Nets
from bnviz.core.training.cost import Cost
from bnviz.core.types import StopFlag, Stopped
from bnviz.core.verdict import Verdict

if TYPE_CHECKING:
    from bnviz.core.smoothness.subject import Subject

R = TypeVar("R")

Needs = Literal["nets", "training", "nothing"]

#: Gradients x parameters x rows that one core of a small machine does in about two seconds.
#: Smaller nets are slower than their size says, larger ones faster.
LIGHT = 2e9

#: Gradients that Lanczos counts for at the ends of a spectrum, as a rule: 60 products.
LANCZOS = 2 * 60

#: A progress bar moves, and figures grow, about as often, where the work allows.
SECONDS = 0.25


class SubjectConfig(Config):
    """Both nets of a stored `run` at the checkpoint `epoch` (None: its last); no run: the
    document's nets, whose weights are untrained and whose running statistics are warmed up.
    """

    run: str | None = None
    epoch: int | None = Field(None, ge=0)


@dataclass(frozen=True)
class Progress:
    """How far a measure is: `done` of `total` equal parts, and what it has found so far.

    `result` is None until there is something to show; each result replaces the one before.
    """

    done: int
    total: int
    result: Any = None


@dataclass(frozen=True)
class Gradients:
    """How many are taken; a product with the Hessian counts as two, a loss as one at most."""

    count: int
    """Of one net each, both nets and all seeds together."""
    parameters: int
    """Of one net."""
    rows: int
    """That a loss is taken on."""
    trains: bool = False
    """Whether nets are trained for it, which comes on top."""

    @property
    def light(self) -> bool:
        """Whether one may wait for them."""
        return not self.trains and self.count * self.parameters * self.rows <= LIGHT


class Measure(Config, ABC):
    """Base of all measures: its subject, and what is done to it."""

    needs: ClassVar[Needs] = "nets"
    """Of its subject: its nets at a checkpoint; its training, to begin anew; nothing, for the
    document's nets are all it measures.
    """
    draws: ClassVar[bool] = True
    """Whether it draws random directions, which `seed` starts."""
    result: ClassVar[type[Any]]
    """The dataclass of what it finds."""

    kind: str
    """What stores and links call it."""
    subject: SubjectConfig = SubjectConfig()
    seed: Seed = 0

    @classmethod
    def name(cls) -> str:
        """Its file in every layer, which is also the name of its tab and of its sentences."""
        return cls.__module__.rpartition(".")[2]

    def of(self, subject: SubjectConfig) -> Self:
        """The same measure of another subject, without what it does not need of it."""
        if self.needs == "nothing":
            subject = SubjectConfig()
        elif self.needs == "training" or subject.run is None:
            subject = SubjectConfig(run=subject.run)
        return self.model_copy(update={"subject": subject})

    @abstractmethod
    def gradients(self, parameters: int, rows: int, seeds: int) -> Gradients:
        """Of both nets with so many parameters each, whose loss is taken on so many rows."""

    @abstractmethod
    def cost(self, nets: Nets) -> Cost:
        """What it holds beside the nets, takes, and keeps; without what is trained anew."""

    def trainings(self, training: TrainConfig) -> list[TrainConfig]:
        """What is trained anew for it, if anything: the subject's `training`, or some seeds."""
        return []

    def measure(self, subject: "Subject", should_stop: StopFlag) -> Iterator[Progress]:
        """The work, part by part.

        Once `should_stop` says yes it ends soon, and the last result stands. The last Progress
        of a measure that was not stopped has `done` equal to `total` and a result.
        """
        with suppress(Stopped):
            yield from self.work(subject, should_stop)

    @abstractmethod
    def work(self, subject: "Subject", should_stop: StopFlag) -> Iterator[Progress]:
        """:meth:`measure`, but that it raises Stopped once `should_stop` says yes."""

    @abstractmethod
    def verdicts(self, result: Any) -> tuple[Verdict[Any], ...]:
        """What a result of this measure says, a sentence each."""


def which(nets: Collection[str]) -> Literal["neither", "bn", "plain", "both"]:
    """Which of the two nets are among `nets`."""
    if len(nets) == 1:
        return "bn" if "bn" in nets else "plain"
    return "both" if nets else "neither"


class Throttle:
    """Says when to report: :meth:`due` is true when SECONDS have passed since it last was."""

    def __init__(self) -> None:
        self._last = perf_counter()

    def due(self) -> bool:
        """Whether it is time to report."""
        now = perf_counter()
        if now - self._last < SECONDS:
            return False
        self._last = now
        return True


def to_bytes(result: object) -> bytes:
    """A result as one safetensors blob."""
    return save(dict(_flat(result, "")))


def from_bytes(kind: type[R], blob: bytes) -> R:
    """The inverse of :func:`to_bytes`, for a result of that dataclass."""
    return _built(kind, load(blob), "")


def _flat(result: Any, prefix: str) -> Iterator[tuple[str, NDArray[Any]]]:
    for field in fields(result):
        value = getattr(result, field.name)
        name = prefix + field.name
        if is_dataclass(value):
            yield from _flat(value, f"{name}/")
        else:
            yield name, np.ascontiguousarray(value)


def _built(kind: type[R], arrays: Mapping[str, NDArray[Any]], prefix: str) -> R:
    values: dict[str, Any] = {}
    for field in fields(kind):  # type: ignore[arg-type]
        name = prefix + field.name
        if name not in arrays and field.default is not MISSING:
            continue  # stored by a release that did not have it yet
        if isinstance(field.type, type) and is_dataclass(field.type):
            values[field.name] = _built(field.type, arrays, f"{name}/")
        elif field.type in (int, float):
            values[field.name] = field.type(arrays[name].item())
        else:
            values[field.name] = arrays[name]
    return kind(**values)
