"""A sweep's results as rows, for files and for JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bnviz.core.sweep.config import SweepConfig, cells
from bnviz.core.sweep.outcome import NetOutcome, Outcome
from bnviz.core.sweep.results import Result
from bnviz.core.types import Floats


def described(result: Result) -> dict[str, Any]:
    """A comparison: settings, seeds, both nets' values, and the test; NaN where there is none."""
    test = result.comparison
    nets = {
        net: {
            "median": median(values),
            "values": values.tolist(),
            "wins": getattr(test, f"{net}_wins"),
            "without": int(np.isnan(values).sum()),
        }
        for net, values in (("bn", result.bn), ("plain", result.plain))
    }
    return {
        "settings": dict(result.settings),
        "seeds": test.seeds,
        **nets,
        "difference": test.difference,
        "interval": [test.low, test.high],
        "p": test.p,
        "q": result.q,
    }


def rows(
    config: SweepConfig, outcomes: Mapping[int, Outcome], results: Sequence[Result]
) -> list[dict[str, Any]]:
    """One row a finished cell: its settings, both nets' medians over seeds, and the test.

    Where rates are the metric the cells of a column share their test.
    """
    tests = {index: result for result in results for index in result.cells}
    table = []
    for cell in cells(config):
        if cell.index not in outcomes:
            continue
        row: dict[str, Any] = {**cell.settings, "seeds": outcomes[cell.index].seeds}
        for net in ("bn", "plain"):
            row |= {f"{net}_{n}": v for n, v in _figures(getattr(outcomes[cell.index], net))}
        if cell.index in tests:
            test = tests[cell.index]
            row |= {"difference": test.comparison.difference, "low": test.comparison.low}
            row |= {"high": test.comparison.high, "p": test.comparison.p, "q": test.q}
        table.append(row)
    return table


def median(values: Floats) -> float:
    """Over the seeds that have a value; NaN if none has."""
    there = values[np.isfinite(values)]
    return float(np.median(there)) if there.size else float("nan")


def _figures(net: NetOutcome) -> list[tuple[str, float]]:
    return [
        ("loss", median(net.validation_loss[-1])),
        ("accuracy", median(net.accuracy)),
        ("sharpness", median(net.sharpness)),
        ("diverged", float(net.diverged.mean())),
        ("stable", float(net.stable.mean())),
    ]
