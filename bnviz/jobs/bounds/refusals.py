"""Whether a job is more than may be here, and which setting would make it less."""

from collections.abc import Callable

from bnviz.core.configs import TrainConfig
from bnviz.core.smoothness.costs import cost as smoothness_cost
from bnviz.core.smoothness.measure import Measure
from bnviz.core.sweep.config import SweepConfig
from bnviz.core.sweep.plan import groups
from bnviz.core.training.cost import GIGABYTE, Cost, cost, remedy
from bnviz.jobs.bounds import limits
from bnviz.jobs.bounds.speed import slowness
from bnviz.store import Problem, thinning
from bnviz.store.errors import Code
from bnviz.texts.numbers import short


def of_training(config: TrainConfig, rows: int, features: int) -> Problem | None:
    """Why a training on a table of that size is more than a job may be here, if it is."""
    needed = cost(config, rows, features)
    return _too_much(needed, lambda of: remedy(config, rows, features, of))


def of_measure(measure: Measure, training: TrainConfig, rows: int, features: int) -> Problem | None:
    """The same of a measure, of the nets of a training on a table of so many rows and inputs."""
    nets = training, rows, features
    needed = smoothness_cost.cost(measure, *nets)
    return _too_much(needed, lambda of: smoothness_cost.remedy(measure, *nets, of))


def of_sweep(config: SweepConfig, rows: int, features: int) -> Problem | None:
    """Why a sweep on a table of that size is more than jobs may be here, if it is."""
    plan = groups(config, rows, features)
    largest = max(plan, key=lambda group: group.cost.memory)
    cell = largest.cells[0].config  # the others of its group are as large
    taken = Cost(largest.cost.memory, 0.0, sum(group.cost.kept for group in plan))
    if problem := _too_much(taken, lambda of: remedy(cell, rows, features, of)):
        return problem
    minutes = slowness() * sum(group.cost.seconds for group in plan) / 60 / limits.at_once()
    if minutes <= limits.minutes():
        return None
    values = {"needed": short(minutes), "limit": f"{limits.minutes():g}", "remedy": "seeds"}
    return Problem("too_slow", values)


def _too_much(needed: Cost, smaller: Callable[[Callable[[Cost], float]], str]) -> Problem | None:
    def problem(code: Code, of: Callable[[Cost], float], unit: float, limit: float) -> Problem:
        values = {"needed": short(of(needed) / unit), "limit": f"{limit:g}"}
        return Problem(code, values | {"remedy": smaller(of)})

    if needed.memory > GIGABYTE * limits.gigabytes():
        return problem("too_large", lambda each: each.memory, GIGABYTE, limits.gigabytes())
    if slowness() * needed.seconds > 60 * limits.minutes():
        return problem("too_slow", lambda each: each.seconds, 60 / slowness(), limits.minutes())
    room = min(map(thinning.gigabytes, thinning.QUOTAS))
    if needed.kept > GIGABYTE * room:
        return problem("run_too_much", lambda each: each.kept, GIGABYTE, room)
    return None
