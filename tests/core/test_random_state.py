"""Nothing that draws random numbers reads or moves a random state that others use too.

Two threads that share one get each other's numbers, now and then; so each function here
runs with the global states guarded, and then twice at once.
"""

import random
import threading
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from bnviz.core.batchnorm import batch_dependence, layer_modes, mean_noise, micro_batches, stream
from bnviz.core.configs import (
    BatchConfig,
    DataConfig,
    NetworkConfig,
    OptimizerConfig,
    ProbeConfig,
    TrainConfig,
)
from bnviz.core.curvature import probes
from bnviz.core.data.batches import draw
from bnviz.core.data.document import experiment, fitness_data
from bnviz.core.data.preparation import split
from bnviz.core.data.synthetic import POPULATIONS
from bnviz.core.nets.initial import initial
from bnviz.core.pitfalls import pitfall
from bnviz.core.pitfalls.configs import CONFIGS as PITFALLS
from bnviz.core.smoothness.registry import MEASURES
from bnviz.core.smoothness.subject import document, of_state
from bnviz.core.training import precise_bn
from bnviz.core.training.train import train
from bnviz.core.types import never
from bnviz.library import quadratic

TINY = TrainConfig(
    data=DataConfig(samples=40),
    network=NetworkConfig(width=3),
    optimizer=OptimizerConfig(epochs=1, batch_size=16),
    probes=ProbeConfig(count=2, checkpoints=2),
    seeds=2,
)
BATCH = BatchConfig(batch_size=12, features=2)
SMALL = {"probes": 2, "steps": 10, "halvings": 4, "sizes": 2, "moments": 2, "points": 13}


def small(kind: str, **more: Any) -> Any:
    wanted = {k: v for k, v in SMALL.items() if k in MEASURES[kind].model_fields}
    return MEASURES[kind].model_validate({"kind": kind, **wanted, **more})


def measured(measure: Any) -> Any:
    if measure.needs == "nothing":
        subject = document()
    else:
        dataset = fitness_data(40)
        *_, last = train(TINY, dataset, lambda: False)
        subject = of_state(TINY, dataset, last.state)
    *_, progress = measure.measure(subject, lambda: False)
    return progress.result


def recalibrated() -> Any:
    config = precise_bn.small_config(16, 0.2)
    config = config.model_copy(update={"optimizer": OptimizerConfig(epochs=1), "seeds": 1})
    dataset = fitness_data(config.data.samples)
    return precise_bn.recalibrate(config, dataset, precise_bn.train_small(config, dataset), 16)


def probed() -> Any:
    torch_state = experiment()
    return list(probes.published_probes(torch_state.bn, torch_state.x, torch_state.y, 2))


DRAWS: dict[str, Callable[[], Any]] = {
    "fitness_data": lambda: fitness_data(60, seed=0),
    "experiment": experiment,
    "split": lambda: split(DataConfig(), 50),
    "initial": lambda: initial(NetworkConfig(width=4), 3, [0, 1], bn=True),
    "quadratic": quadratic,
    **{
        name: lambda name=name: draw(BatchConfig(source=name, batch_size=20, features=3))
        for name in (*POPULATIONS, "wine", "diabetes")
    },
    "stream": lambda: stream.drawn(BATCH, 5),
    "mean_noise": lambda: mean_noise.mean_noise(BATCH, batches=5),
    "batch_dependence": lambda: batch_dependence.other_rows(BatchConfig(source="wine"), 0),
    "micro_batches": lambda: micro_batches.split_ways(draw(BATCH).values, 3, 1e-5, 0.1),
    "layer_modes": lambda: layer_modes.outcome(layer_modes.Setting()),
    "train": lambda: [(s.bn, s.plain, s.state) for s in train(TINY, fitness_data(40), never)],
    "precise_bn": recalibrated,
    "published_probes": probed,
    **{kind: lambda kind=kind: measured(small(kind)) for kind in MEASURES},
}


def numbers(value: Any) -> Any:
    """All that is in a result, as something that can be compared to the bit."""
    if is_dataclass(value):
        return [numbers(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, nn.Module):
        return numbers(value.state_dict())
    if isinstance(value, dict):
        return {name: numbers(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [numbers(each) for each in value]
    if isinstance(value, Tensor):
        value = value.detach().numpy()
    return value.tobytes() if isinstance(value, np.ndarray) else repr(value)


@cache
def alone(name: str) -> Any:
    return numbers(DRAWS[name]())


def states() -> Any:
    return numbers([torch.random.get_rng_state(), np.random.get_state(), random.getstate()])


@pytest.mark.parametrize("name", DRAWS)
def test_global_random_states_are_left_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even for a moment: whatever sets or saves one is out of order here."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("touches a global random state")

    for owner, touch in (
        (torch, "manual_seed"),
        (torch, "seed"),
        (torch.random, "fork_rng"),
        (torch.random, "manual_seed"),
        (torch.random, "set_rng_state"),
        (torch, "set_rng_state"),
        (np.random, "seed"),
        (np.random, "set_state"),
        (random, "seed"),
        (random, "setstate"),
    ):
        monkeypatch.setattr(owner, touch, refuse)
    import_module("sklearn.datasets")  # Python's state moves at this import, once and for all
    before = states()
    alone(name)
    assert states() == before


def at_once(*work: Callable[[], Any]) -> list[Any]:
    """What each gives when all begin together, each in a thread of its own."""
    results: list[Any] = [None] * len(work)
    start = threading.Barrier(len(work))

    def run(place: int, each: Callable[[], Any]) -> None:
        start.wait()
        results[place] = numbers(each())

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize("name", DRAWS)
def test_two_threads_draw_what_one_does(name: str) -> None:
    assert at_once(DRAWS[name], DRAWS[name]) == [alone(name)] * 2


def test_many_draws_at_once() -> None:
    """With a shared state, half of these tables were wrong."""
    for tables in at_once(*[lambda: [fitness_data(60, seed=0) for _ in range(100)]] * 2):
        assert all(table == alone("fitness_data") for table in tables)


def test_pitfalls_wait_for_each_other() -> None:
    """Their programs seed torch's own state, as a reader's would: one at a time, and restored."""
    names = ("family", "bias_before_bn", "scale_invariance")
    work = [lambda name=name: pitfall.run(name, PITFALLS[name]()) for name in names]
    expected, before = [numbers(each()) for each in work], states()
    assert at_once(*work, *work) == expected * 2
    assert states() == before
