"""A sweep as a picture has it: two of its axes, one value a cell."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bnviz.core.sweep.config import RATE, Axis, Cell, Metric, SweepConfig, cells
from bnviz.core.sweep.outcome import Outcome
from bnviz.core.sweep.results import results, stable_rates
from bnviz.core.sweep.table import median
from bnviz.core.sweep.verdict import better
from bnviz.core.types import Floats, Ints


@dataclass(frozen=True)
class Grid:
    """R values of the axis `down` and C of the axis `across`; NaN where a cell is not finished.

    Values are medians over the seeds that have one, of divergence the share of seeds: NaN too
    where no seed has one.
    """

    metric: Metric
    across: Axis
    down: Axis
    cells: Ints
    """(R, C) the cells' indices."""
    finished: Floats
    """(R, C) 1 where the cell is, else 0."""
    bn: Floats
    plain: Floats
    difference: Floats
    """(R, C) positive where the normalized net does better: see core.training.comparison; of
    divergence the difference of the shares.
    """
    clear: Floats
    """(R, C) 1 where the nets are told apart, with the number of cells in mind, else 0."""


@dataclass(frozen=True)
class Rates:
    """The largest stable rate over the C values of the `across` axis, (C, S) for each net."""

    across: Axis
    bn: Floats
    plain: Floats


def grid(
    config: SweepConfig, outcomes: Mapping[int, Outcome], metric: Metric, third: int = 0
) -> Grid:
    """The first two axes of a sweep; of a third axis, its value number `third`."""
    across, down = config.axes[:2]
    shape = len(down.values), len(across.values)
    arrays = {name: np.full(shape, np.nan) for name in ("bn", "plain", "difference")}
    index, finished, clear = np.zeros(shape, np.int64), np.zeros(shape), np.zeros(shape)
    shown = {cell.index: (cell.place[1], cell.place[0]) for cell in _slice(config, third)}
    for cell, at in shown.items():
        index[at] = cell
    for each in results(config.model_copy(update={"metric": metric}), outcomes):
        if (place := shown.get(each.cells[0])) is None:
            continue
        for name, values in (("bn", each.bn), ("plain", each.plain)):
            arrays[name][place] = values.mean() if metric == "divergence" else median(values)
        if metric == "divergence":
            arrays["difference"][place] = each.plain.mean() - each.bn.mean()
        else:
            arrays["difference"][place] = each.comparison.difference
        finished[place], clear[place] = 1.0, float(better(each) != "undecided")
    return Grid(metric, across, down, index, finished, clear=clear, **arrays)


def rates(config: SweepConfig, outcomes: Mapping[int, Outcome], third: int = 0) -> Rates | None:
    """The largest stable rate of each seed along the other axis; None if rates are not swept.

    Of the columns whose cells are all finished; NaN elsewhere.
    """
    fields = [axis.field for axis in config.axes[:2]]
    if RATE not in fields:
        return None
    at = 1 - fields.index(RATE)
    across = config.axes[at]
    largest = np.full((2, len(across.values), config.base.seeds), np.nan)
    for column in range(len(across.values)):
        some = [cell for cell in _slice(config, third) if cell.place[at] == column]
        if all(cell.index in outcomes for cell in some):
            speeds = [cell.config.optimizer.learning_rate for cell in some]
            for row, net in enumerate(("bn", "plain")):
                nets = [getattr(outcomes[cell.index], net) for cell in some]
                largest[row, column] = stable_rates(nets, speeds)
    return Rates(across, *largest)


def _slice(config: SweepConfig, third: int) -> list[Cell]:
    return [cell for cell in cells(config) if cell.place[2:] in ((), (third,))]
