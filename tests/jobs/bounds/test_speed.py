"""How long a job is said to take: by CPU time, in turn with the machine's own speed.

What is sampled takes about a second; the rest is more epochs, checkpoints or networks of it.
`python -m tools.costs` samples more.
"""

from itertools import islice

import pytest

from bnviz.core.training.presets import PRESETS
from bnviz.jobs.bounds.speed import slowness
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

#: So few may be off by more than a factor of two: the number of products with the Hessian is not
#: known before, and other work of the machine disturbs its caches.
FEW = 0.2


def known(name: str, ratios: list[float]) -> bool:
    print(shown(name, ratios))
    return sum(not 0.5 < ratio < 2 for ratio in ratios) <= FEW * len(ratios)


@pytest.mark.proof
def test_the_time_of_trainings_is_known_before_within_a_factor_of_two() -> None:
    train_ratio(next(trainings(0.01, 0.1)))  # warm
    some = [*PRESETS.values(), *islice(trainings(0.2, 1.5, seed=1), 60)]
    assert known("trainings", [train_ratio(each) for each in some])


@pytest.mark.proof
def test_the_time_of_sweeps_is_known_before_within_a_factor_of_two() -> None:
    train_ratio(next(trainings(0.01, 0.1)))  # warm
    some = [*islice(sweeps(0.01, 0.2, seed=1), 24), *islice(sweeps(0.2, 4.0, seed=1), 12)]
    assert known("sweeps", [sweep_ratio(each) for each in some])


@pytest.mark.proof
@pytest.mark.parametrize("kind", OF_MEASURES)
def test_the_time_of_measures_is_known_before_within_a_factor_of_two(kind: str) -> None:
    some = list(islice(measures(kind, 0.05, 1.0, seed=1), 15))
    measure_ratio(*some[0])  # warm
    assert known(kind, [measure_ratio(*each) for each in some])


def test_a_machine_has_one_speed() -> None:
    assert slowness() > 0 and slowness() == slowness()
