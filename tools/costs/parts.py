"""The numbers of bnviz/core/training/cost.py, found from the CPU time of the parts of trainings."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from bnviz.core.configs import TrainConfig
from bnviz.core.data.preparation import dataset_for, prepare
from bnviz.core.training import cost, probes, train
from bnviz.core.training.cost import FEATURES, Pass, Sizes
from bnviz.core.training.snapshots import PROBE_ROWS
from bnviz.jobs.bounds.speed import slowness
from tools.costs.sampling import cpu

#: Parts that are said to take more seconds are left out: the others tell as much.
LONGEST = 0.3
#: CPU time of a part, as of the machine that costs are of, and what is said of it now.
Part = tuple[str, float, Callable[[], float]]


def parts(config: TrainConfig) -> Iterator[Part]:
    """The initial nets, a step, a snapshot, probes of one seed and a search for eigenvalues."""
    rows, dataset = config.data.samples, dataset_for(config.data, None)
    small = config.model_copy(
        update={
            "probes": config.probes.model_copy(
                update={"count": min(config.probes.count, 50), "eigenvalues": False}
            ),
            "seeds": 1,
        }
    )
    sizes, one = Sizes(config, rows, FEATURES), Sizes(small, rows, FEATURES)
    steps = -(-sizes.train // sizes.batch)
    run, single = (train.Run(each, prepare(each.data, dataset)) for each in (config, small))
    norms = sizes.norms[0], sizes.norms[-1]
    nets = sizes.chunk(min(PROBE_ROWS, sizes.train), 8)

    def step() -> None:
        run.step(*next(run.batches()))

    def search() -> None:
        for name in ("bn", "plain"):
            stack = run.nets[name].stack
            probes.eigenvalues(stack, run.data, config.probes, np.ones(stack.size, bool), _never)

    first = single.snapshot(0)
    kinds: list[tuple[str, Callable[[], object], Callable[[], float]]] = [
        ("initial", lambda: train.Run(config, run.data), sizes.initial),
        ("step", step, lambda: sizes.step().seconds / steps),
        ("snapshot", lambda: run.snapshot(0), lambda: sizes.snapshot().seconds),
        ("probes", lambda: single.probed(first, _never), lambda: one.probed().seconds),
        ("search", search, lambda: sum(sizes.search(norm, sizes.seeds, nets) for norm in norms)),
    ]
    for name, work, said in kinds:
        if said() < LONGEST:
            yield name, _best(work), said


def _never() -> bool:
    return False


def _best(work: Callable[[], object]) -> float:
    return min(cpu(work) for _ in range(3)) / slowness.__wrapped__()


PAIRS = ("BATCH", "AUTOGRAD")
NUMBERS = ("TANH", "ROW", "FIGURES", "DRAW", "DRAWN", "INITIAL")


def numbers() -> list[float]:
    """Those of bnviz/core/training/cost.py that are measured, in one row."""
    pairs = [each for name in PAIRS for each in getattr(cost, name)]
    scalars = [getattr(cost, name) for name in NUMBERS]
    return [*(each for some in cost.PASSES.values() for each in some), *pairs, *scalars]


def put(row: Sequence[float]) -> None:
    """Let `row` be the :func:`numbers` of this process."""
    left = iter(row)
    for kind in cost.PASSES:
        cost.PASSES[kind] = Pass(*(next(left) for _ in Pass._fields))
    for name in PAIRS:
        setattr(cost, name, (next(left), next(left)))
    for name in NUMBERS:
        setattr(cost, name, next(left))


def fitted(measured: Sequence[Part]) -> list[float]:
    """The :func:`numbers` that say best what was measured: a factor is a factor, up or down."""
    real = np.log([seconds for _, seconds, _ in measured])

    def off(logs: Any) -> Any:
        put(np.exp(logs).tolist())
        return np.log([said() for _, _, said in measured]) - real

    best = least_squares(off, np.log(numbers()), loss="soft_l1", f_scale=0.3)
    return np.exp(best.x).tolist()  # type: ignore[no-any-return]
