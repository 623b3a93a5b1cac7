"""The two nets of a sweep compared, cell by cell, with the number of cells in mind.

Each comparison is the sign test of :mod:`bnviz.core.training.comparison` over a cell's seeds.
Its q-value is the smallest false discovery rate at which it counts as a difference among all
of the sweep's comparisons (Benjamini & Hochberg 1995, the adjusted p-value of their procedure).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bnviz.core.sweep.config import RATE, SweepConfig, Value, cells
from bnviz.core.sweep.outcome import NetOutcome, Outcome
from bnviz.core.training.comparison import Comparison, compare, discovery_rates
from bnviz.core.types import Floats

#: Of these metrics more is better.
_MORE = ("accuracy", "stable_rate")


@dataclass(frozen=True)
class Result:
    """One comparison: of a cell, or, where rates are the metric, of a column of rates."""

    settings: Mapping[str, Value]
    cells: tuple[int, ...]
    """Their indices."""
    bn: Floats
    """(S,) the metric, a seed each; NaN where a seed has none, because it diverged, is stable at no
    rate, or has held-out targets that are all alike.
    """
    plain: Floats
    comparison: Comparison
    q: float
    """Its q-value among all comparisons of the sweep."""
    diverged: bool
    """Whether every seed of both nets diverged, in each of its cells."""


def results(config: SweepConfig, outcomes: Mapping[int, Outcome]) -> list[Result]:
    """Every comparison whose cells, all by their indices, are among the `outcomes`."""
    compared = []
    for settings, indices in _compared(config):
        if all(index in outcomes for index in indices):
            some = [outcomes[index] for index in indices]
            rates = [_rate(config, index) for index in indices]
            bn, plain = (
                _values(config.metric, [getattr(each, net) for each in some], rates)
                for net in ("bn", "plain")
            )
            sign = -1.0 if config.metric in _MORE else 1.0
            comparison = compare(sign * bn, sign * plain)
            gone = all(net.diverged.all() for each in some for net in (each.bn, each.plain))
            compared.append(Result(settings, indices, bn, plain, comparison, np.nan, gone))
    q = discovery_rates([each.comparison.p for each in compared])
    return [replace(each, q=value) for each, value in zip(compared, q, strict=True)]


def stable_rates(nets: Sequence[NetOutcome], rates: Sequence[float]) -> Floats:
    """(S,) the largest of `rates` at which a seed is stable, NaN if there is none."""
    stable = np.array([net.stable for net in nets])
    largest: Floats = np.where(stable, np.array(rates)[:, None], 0.0).max(axis=0)
    return np.where(largest > 0, largest, np.nan)


def _compared(config: SweepConfig) -> list[tuple[dict[str, Value], tuple[int, ...]]]:
    """What is compared: its settings, and the indices of its cells."""
    together: dict[tuple[int, ...], tuple[dict[str, Value], list[int]]] = {}
    for cell in cells(config):
        pairs = zip(config.axes, cell.place, strict=True)
        kept = [(axis.field, at) for axis, at in pairs if not _pooled(config, axis.field)]
        settings = {field: cell.settings[field] for field, _ in kept}
        _, indices = together.setdefault(tuple(at for _, at in kept), (settings, []))
        indices.append(cell.index)
    return [(settings, tuple(indices)) for settings, indices in together.values()]


def _pooled(config: SweepConfig, field: str) -> bool:
    return config.metric == "stable_rate" and field == RATE


def _rate(config: SweepConfig, index: int) -> float:
    return cells(config)[index].config.optimizer.learning_rate


def _values(metric: str, nets: Sequence[NetOutcome], rates: Sequence[float]) -> Floats:
    match metric:
        case "stable_rate":
            return stable_rates(nets, rates)
        case "divergence":
            return nets[0].diverged
        case "loss":
            last: Floats = nets[0].validation_loss[-1]
            return last
        case "accuracy":
            return nets[0].accuracy
    return nets[0].sharpness
