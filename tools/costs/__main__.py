"""``python -m tools.costs [SECONDS]``: what trainings and measures take, beside what is said.

First the parts of trainings from all over the controls are measured, and the numbers of
bnviz/core/training/cost.py found that say their CPU time best; they are printed. Then whole
trainings and measures, with the numbers that are in use. Each takes so many seconds in all.
"""

import sys
import time
from collections.abc import Iterator
from typing import TypeVar

import torch

from bnviz.core.training import cost
from tools.costs.parts import NUMBERS, PAIRS, Part, fitted, numbers, parts, put
from tools.costs.sampling import (
    OF_MEASURES,
    measure_ratio,
    measures,
    shown,
    sweep_ratio,
    sweeps,
    train_ratio,
    trainings,
)

Item = TypeVar("Item")


def main(seconds: float) -> None:
    """Measure, fit and print."""
    torch.set_num_threads(1)
    measured: list[Part] = []
    for config in _until(seconds, trainings(0.0, 100.0)):
        measured += parts(config)
    in_use = numbers()
    for name in ("initial", "step", "snapshot", "probes", "search"):
        print(shown(name, [real / said() for part, real, said in measured if part == name]))
    put(fitted(measured))
    print(cost.PASSES, *(f"{name} {getattr(cost, name)}" for name in (*PAIRS, *NUMBERS)), sep="\n")
    put(in_use)
    print(shown("trainings", [train_ratio(each) for each in _until(seconds, trainings(0.1, 2.0))]))
    print(shown("sweeps", [sweep_ratio(each) for each in _until(seconds, sweeps(0.2, 4.0))]))
    for kind in OF_MEASURES:
        some = _until(seconds / len(OF_MEASURES), measures(kind, 0.05, 1.0))
        print(shown(kind, [measure_ratio(*each) for each in some]), flush=True)


def _until(seconds: float, items: Iterator[Item]) -> Iterator[Item]:
    end = time.monotonic() + seconds
    for item in items:
        if time.monotonic() > end:
            return
        yield item


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 120.0)
