"""Every kind of run: how its settings are read, what it learns from, what it has kept."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from safetensors import SafetensorError

from bnviz.core.configs import DataConfig, TrainConfig
from bnviz.core.fields import Config
from bnviz.core.smoothness.measure import from_bytes
from bnviz.core.smoothness.registry import MEASURES
from bnviz.core.sweep.config import SweepConfig
from bnviz.core.sweep.outcome import Finished
from bnviz.core.training import snapshots
from bnviz.store import Run, StoreProblem

C = TypeVar("C", bound=Config)
K = TypeVar("K")


@dataclass(frozen=True)
class Kind(Generic[C, K]):
    """A kind of run, by the `name` that the history has for it."""

    name: str
    parse: Callable[[str], C]
    """Its settings, from JSON; raises ValidationError."""
    data: Callable[[C], DataConfig | None]
    """What it learns from; None for a measure, which learns nothing."""
    read: Callable[[bytes], K]
    """Something that it has kept, from bytes."""

    def config_of(self, run: Run) -> C:
        """The settings of such a run; StoreProblem if this version does not understand them."""
        try:
            return self.parse(run.config)
        except ValidationError as error:
            raise _foreign(run) from error

    def understands(self, run: Run) -> bool:
        """Whether it is such a run, with settings that this version understands."""
        with suppress(StoreProblem):
            return run.kind == self.name and bool(self.config_of(run))
        return False

    def decoded(self, run_id: str, blob: bytes) -> K:
        """What such a run has kept; StoreProblem if it is damaged."""
        try:
            return self.read(blob)
        except (SafetensorError, ValueError, TypeError, LookupError, OverflowError) as error:
            raise StoreProblem("damaged", {"run": run_id}) from error

    def reads(self, blob: bytes) -> bool:
        """Whether something that such a run has kept is whole."""
        with suppress(StoreProblem):
            return bool(self.decoded("", blob))
        return False


TRAININGS = Kind(
    "train", TrainConfig.model_validate_json, lambda config: config.data, snapshots.from_bytes
)
SWEEPS = Kind(
    "sweep",
    SweepConfig.model_validate_json,
    lambda config: config.base.data,
    partial(from_bytes, Finished),
)

#: With what the names of the kinds of measures begin.
MEASURE = "measure"

_ALL: tuple[Kind[Any, Any], ...] = (
    TRAININGS,
    SWEEPS,
    *(
        Kind(
            f"{MEASURE}:{name}",
            measure.model_validate_json,
            lambda measure: None,
            partial(from_bytes, measure.result),
        )
        for name, measure in MEASURES.items()
    ),
)
KINDS: Mapping[str, Kind[Any, Any]] = {kind.name: kind for kind in _ALL}


def kind_of(run: Run) -> Kind[Any, Any]:
    """The kind of a run; StoreProblem if this version does not know it."""
    if run.kind not in KINDS:
        raise _foreign(run)
    return KINDS[run.kind]


def measured(run: Run) -> str:
    """The measure that a run is of, as links know it; "" for other runs."""
    kind, _, measure = run.kind.partition(":")
    return measure if kind == MEASURE else ""


def _foreign(run: Run) -> StoreProblem:
    return StoreProblem("foreign_config", {"run": run.id})
