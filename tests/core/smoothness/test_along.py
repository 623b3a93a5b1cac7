"""Along a training: the same training, figures of an independent loop, verdicts either way."""

from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.data.preparation import dataset_for, prepare
from bnviz.core.smoothness import along
from bnviz.core.smoothness import subject as subjects
from bnviz.core.smoothness.along import Along, AlongConfig
from bnviz.core.smoothness.measure import Progress, from_bytes, to_bytes
from bnviz.core.training.train import Run, train
from tests.core.torch_nets import one_of

TRAINING = TrainConfig(
    data=DataConfig(samples=90, clip_scores=False, standardize=True),
    network=NetworkConfig(width=8),
    optimizer=OptimizerConfig(kind="adam", learning_rate=0.02, epochs=3, batch_size=71),
    probes=ProbeConfig(checkpoints=0),
    seeds=3,
)  # 72 training rows: each epoch has one step, and one row too few for another
RATE = TRAINING.optimizer.learning_rate
NETS = ("bn", "plain")


def subject(config: TrainConfig = TRAINING) -> subjects.Subject:
    """Its own nets do not matter: they are trained anew."""
    dataset = dataset_for(config.data)
    state = Run(config, prepare(config.data, dataset)).state()
    return subjects.of_state(config, dataset, state)


def with_optimizer(**change: object) -> TrainConfig:
    optimizer = TRAINING.optimizer.model_copy(update=change)
    return TRAINING.model_copy(update={"optimizer": optimizer})


def told(config: AlongConfig, training: TrainConfig = TRAINING) -> list[Progress]:
    return list(config.measure(subject(training), lambda: False))


@cache
def curves(grid: str = "relative") -> Along:
    config = AlongConfig(grid=grid, sizes=4, reach=0.5)  # type: ignore[arg-type]
    last = told(config, with_optimizer(batch_size=16, epochs=2))[-1]
    assert last.done == last.total == 2 * 5  # four batches of 16 and one of 8
    result: Along = last.result
    return result


def test_the_grids() -> None:
    relative = along.step_sizes(AlongConfig(sizes=4))
    np.testing.assert_allclose(relative, [0.5, 1, 2, 4])
    absolute = along.step_sizes(AlongConfig(grid="absolute", sizes=4, reach=0.5))
    np.testing.assert_allclose(absolute, [5e-4, 5e-3, 5e-2, 0.5])
    np.testing.assert_allclose(curves().sizes, relative)
    np.testing.assert_allclose(curves("absolute").sizes, absolute)


@pytest.mark.parametrize(("steps", "count"), [(350, 100), (350, 2), (5, 100), (1, 2), (1000, 1000)])
def test_moments_are_evenly_spread(steps: int, count: int) -> None:
    chosen = along.moments(steps, count)
    assert chosen[0] == 0 and chosen[-1] == steps - 1
    assert len(chosen) == min(steps, count) == len(set(chosen))
    assert np.ptp(np.diff(chosen)) <= 1 if len(chosen) > 1 else steps == 1


def test_every_step_is_counted() -> None:
    assert told(AlongConfig(sizes=2))[-1].total == 3  # the last row of each epoch makes no step
    assert told(AlongConfig(sizes=2), with_optimizer(batch_size=70))[-1].total == 6
    assert told(AlongConfig(sizes=2), with_optimizer(batch_size=500))[-1].total == 3
    assert curves().steps.tolist() == list(range(10))
    few = told(AlongConfig(sizes=2, moments=4), with_optimizer(batch_size=16, epochs=2))[-1].result
    assert few.steps.tolist() == [0, 3, 6, 9]
    np.testing.assert_allclose(few.bn.loss, curves().bn.loss[::3])


@pytest.mark.parametrize("grid", ["relative", "absolute"])
@pytest.mark.parametrize("net", NETS)
def test_figures_are_those_of_a_loop_over_modules(grid: str, net: str) -> None:
    """Each seed alone in torch, on its own batches in its own order."""
    config = with_optimizer(batch_size=16, epochs=2)
    data = prepare(config.data, dataset_for(config.data))
    run, ours = Run(config, data), getattr(curves(grid), net)
    step = 0
    for _ in range(2):
        for x, y in run.batches():
            for seed in range(3):
                module = one_of(run.nets[net].stack, seed).double().train()
                rows = x[seed].T.double(), y[seed].unsqueeze(1).double()
                expected = by_hand(module, *rows, curves(grid).sizes, grid)
                figures = [getattr(ours, name)[step, seed] for name in expected]
                np.testing.assert_allclose(figures, list(expected.values()), rtol=1e-6)
            run.step(x, y)
            step += 1


def by_hand(
    module: nn.Module, x: torch.Tensor, y: torch.Tensor, sizes: np.ndarray, grid: str
) -> dict[str, float]:
    def look() -> tuple[float, torch.Tensor]:
        loss = ((module(x) - y) ** 2).mean()
        gradient = torch.autograd.grad(loss, list(module.parameters()))
        return loss.item(), torch.cat([each.flatten() for each in gradient])

    origin = nn.utils.parameters_to_vector(module.parameters()).detach()
    begun, gradient = look()
    losses, changes, ratios = [], [], []
    for size in sizes:
        step = size * (RATE * gradient if grid == "relative" else gradient / gradient.norm())
        nn.utils.vector_to_parameters(origin - step, module.parameters())
        loss, there = look()
        losses.append(loss)
        changes.append(float((there - gradient).norm()))
        ratios.append(changes[-1] / float(step.norm()))
    return {
        "loss": begun,
        "loss_low": min(losses),
        "loss_high": max(losses),
        "change_low": min(changes),
        "change_high": max(changes),
        "smoothness": max(ratios),
    }


def test_it_is_the_training_that_the_config_describes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking changes nothing: the nets end as they do without."""
    runs = []

    class Watched(Run):
        def __init__(self, *args: object) -> None:
            super().__init__(*args)  # type: ignore[arg-type]
            runs.append(self)

    monkeypatch.setattr("bnviz.core.training.train.Run", Watched)
    config = with_optimizer(batch_size=16)
    told(AlongConfig(sizes=2), config)
    expected = list(train(config, dataset_for(config.data), lambda: False))[-1].state
    ended = runs[0].state()
    assert ended.keys() == expected.keys()
    assert all(np.array_equal(value, expected[name]) for name, value in ended.items())


def test_it_does_not_depend_on_the_checkpoint_or_on_the_seed_of_the_measure() -> None:
    one = subject(with_optimizer(batch_size=16, epochs=2))
    other = AlongConfig(sizes=4, reach=0.5, seed=8)
    one.plain.params["output.bias"].fill_(torch.nan)
    result = list(other.measure(one, lambda: False))[-1].result
    assert np.array_equal(result.plain.smoothness, curves().plain.smoothness)


def test_curves_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bnviz.core.smoothness.measure.SECONDS", 0.0)
    parts = told(AlongConfig(sizes=4), with_optimizer(batch_size=16, epochs=2))
    assert [part.done for part in parts] == [*range(1, 11), 10]
    for part in parts[:-1]:
        assert part.result.steps.tolist() == list(range(part.done))
        assert np.array_equal(part.result.bn.loss, curves().bn.loss[: part.done])
    again = from_bytes(Along, to_bytes(parts[-1].result))
    assert np.array_equal(again.plain.change_high, curves().plain.change_high)
    assert again.steps.dtype == np.int64


def test_stopping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bnviz.core.smoothness.measure.SECONDS", 0.0)
    asked = iter([False] * 4)
    config = AlongConfig(sizes=2)
    training = subject(with_optimizer(batch_size=16))
    parts = list(config.measure(training, lambda: next(asked, True)))
    assert [part.done for part in parts] == [1, 2, 3, 4]
    assert list(config.measure(training, lambda: True)) == []


def test_a_seed_that_diverges_is_nan_from_then_on() -> None:
    """At such a rate the plain net leaves the finite numbers, and nothing crashes."""
    config = with_optimizer(kind="sgd", learning_rate=5.0, batch_size=16, epochs=6)
    result = told(AlongConfig(sizes=3), config)[-1].result
    gone = np.isnan(result.plain.loss)
    assert not gone[0].any() and gone[-1].all()
    assert (np.diff(gone.astype(int), axis=0) >= 0).all()
    for name in ("loss_low", "change_high", "smoothness"):
        assert np.isnan(getattr(result.plain, name)[gone]).all()
        assert not np.isinf(getattr(result.plain, name)).any()
    said, diverged = AlongConfig().verdicts(result)
    assert (said.key, diverged.values["plain_diverged"]) == ("unknown", 3)
