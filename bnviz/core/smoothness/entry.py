"""From a measure's config and its subject to results, coarse ones first."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from bnviz.core.sentence import Sentence
from bnviz.core.smoothness.configs import Measure
from bnviz.core.smoothness.subjects import Subject

StopFlag = Callable[[], bool]


@dataclass(frozen=True)
class Progress:
    """How far a measure is: `done` of `total` equal parts, and what it has found so far.

    `result` is None until there is something to show; each result replaces the one before.
    """

    done: int
    total: int
    result: Any = None


def measure(config: Measure, subject: Subject, should_stop: StopFlag) -> Iterator[Progress]:
    """The measure that `config` describes.

    Once `should_stop` says yes it ends soon, and the last result stands. The last Progress of
    a measure that was not stopped has `done` equal to `total` and a result.
    """
    yield from _module(config).measure(config, subject, should_stop)


def verdict(config: Measure, result: Any) -> Sentence:
    """What a result of that measure says, in one sentence."""
    found: Sentence = _module(config).verdict(config, result)
    return found


def _module(config: Measure) -> Any:
    """Each measure's module stands beside this one, has its config's kind for a name, and
    functions ``measure`` and ``verdict`` like those here.
    """
    return import_module(f"bnviz.core.smoothness.{config.kind}")
