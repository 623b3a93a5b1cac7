"""Measures a ratio: ours and a reference in turn, round after round.

Absolute times drift with whatever else the machine does, so the two take turns
and each round gives one ratio. The median of the rounds is reported, with
their quartiles.
"""

import json
import os
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bnviz.store import open_store

Sample = Callable[[], float]
"""Does the work once and returns the seconds it took."""


@dataclass(frozen=True)
class Measured:
    """`ours` and `reference` are median seconds, `ratio` the median of ours / reference."""

    name: str
    ours: float
    reference: float
    ratio: float
    low: float
    high: float
    target: float

    @property
    def met(self) -> bool:
        """Whether the ratio is at most the target."""
        return self.ratio <= self.target


@contextmanager
def own_history() -> Iterator[None]:
    """An empty run history; afterwards that of before is there again."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder, history_in(folder):
        yield


@contextmanager
def history_in(folder: str) -> Iterator[None]:
    """The run history that is kept in `folder`; afterwards that of before is there again."""
    before = os.environ.get("BNVIZ_HOME")
    os.environ["BNVIZ_HOME"] = folder
    try:
        yield
        open_store().close()
    finally:
        os.environ.pop("BNVIZ_HOME")
        if before is not None:
            os.environ["BNVIZ_HOME"] = before


def timed(work: Callable[[], object]) -> Sample:
    """`work` as a sample: its wall-clock time."""

    def sample() -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    return sample


def ratio(
    name: str, ours: Sample, reference: Sample, *, target: float, rounds: int, warm_up: int = 1
) -> Measured:
    """Both in turn, `rounds` times after `warm_up` rounds that do not count."""
    pairs = []
    for turn in range(warm_up + rounds):
        if turn % 2:  # who goes first changes too
            theirs, mine = reference(), ours()
        else:
            mine, theirs = ours(), reference()
        pairs.append((mine, theirs))
    return from_pairs(name, pairs[warm_up:], target)


def from_pairs(name: str, pairs: Iterable[tuple[float, float]], target: float) -> Measured:
    """The result of rounds already measured, as (ours, reference) in seconds."""
    mine, theirs = zip(*pairs, strict=True)
    ratios = [a / b for a, b in zip(mine, theirs, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    return Measured(
        name, statistics.median(mine), statistics.median(theirs), middle, low, high, target
    )


def table(results: list[Measured]) -> str:
    """The results as aligned lines, a missed target named as missed."""
    width = max(len(result.name) for result in results)
    head = f"{'':{width}}   ours ms    ref. ms    ratio (quartiles)        target"
    lines = [
        f"{result.name:{width}} {1000 * result.ours:9.1f}  {1000 * result.reference:9.1f}"
        f"  {result.ratio:7.3f} ({result.low:.3f}-{result.high:.3f})".ljust(width + 48)
        + f"  <= {result.target:<7.3f} {'met' if result.met else 'MISSED'}"
        for result in results
    ]
    return "\n".join([head, *lines])


def write(results: list[Measured], path: Path) -> None:
    """The results as JSON, times in seconds."""
    rows = [
        {
            "name": result.name,
            "ours": result.ours,
            "reference": result.reference,
            "ratio": result.ratio,
            "target": result.target,
            "met": result.met,
        }
        for result in results
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
