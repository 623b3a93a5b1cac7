"""The measure "landscape" on small nets, and what it says of them."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.curvature.extremes import extremes
from bnviz.core.curvature.landscape import directions
from bnviz.core.nets.gradients import Objective, objective_of
from bnviz.core.nets.stack import forward
from bnviz.core.nets.vectors import Tensors, unflatten
from bnviz.core.smoothness.landscape import DISTANCES, Landscape, LandscapeConfig, NetLandscape
from bnviz.core.smoothness.measure import Progress, from_bytes, to_bytes
from bnviz.core.smoothness.subject import Subject
from bnviz.core.types import never
from tests.core.smoothness.nets import trained

SMALL = TrainConfig(
    data=DataConfig(samples=60, clip_scores=False, standardize=True),
    network=NetworkConfig(depth=1, width=6),
    optimizer=OptimizerConfig(learning_rate=0.05, epochs=5, batch_size=16),
    probes=ProbeConfig(checkpoints=0),
    seeds=2,
    seed=3,
)
RANDOM = LandscapeConfig(points=13, lines=4, net=1)


@cache
def subject() -> Subject:
    return trained(SMALL)


def run(
    config: LandscapeConfig, of: Subject | None = None, should_stop: Callable[[], bool] = never
) -> list[Progress]:
    return list(config.measure(of or subject(), should_stop))


def landscape(config: LandscapeConfig, of: Subject | None = None) -> Landscape:
    result: Landscape = run(config, of)[-1].result
    return result


@pytest.mark.parametrize("plane", ["random", "eigen", "path"])
@pytest.mark.parametrize("mode", ["eval", "train"])
def test_the_middle_of_a_line_is_the_net(plane: str, mode: str) -> None:
    planes = landscape(RANDOM.model_copy(update={"plane": plane, "bn_mode": mode}))
    for net in ("bn", "plain"):
        stack = subject().stack(net)
        output = forward(stack, subject().x, mode).output[1]  # type: ignore[arg-type]
        loss = float((output - subject().y).square().mean())
        got: NetLandscape = getattr(planes, net)
        # A path ends where the same training ended before, up to the rounding of its stack.
        np.testing.assert_allclose(got.lines[:, DISTANCES // 2], loss, rtol=1e-3)
        if plane == "path":
            assert got.path_loss[-1] == pytest.approx(loss, rel=1e-3)
        else:
            assert got.loss[6, 6] == pytest.approx(loss, rel=1e-5)


def test_random_planes_reach_as_far_as_the_filters_are_long() -> None:
    planes = landscape(RANDOM.model_copy(update={"extent": 2.0}))
    assert planes.bn.first[[0, 6, 12]].tolist() == [-2.0, 0.0, 2.0]
    assert planes.bn.distances[[0, -1]].tolist() == [-2.0, 2.0]
    assert planes.plain.path.shape == (0, 2) and planes.plain.path_loss.shape == (0,)
    assert planes.plain.loss.shape == (13, 13) and planes.plain.lines.shape == (4, DISTANCES)


def test_planes_come_coarse_first_and_agree_with_the_fine_one() -> None:
    results = [p.result for p in run(RANDOM.model_copy(update={"points": 51})) if p.result]
    assert [len(r.bn.first) for r in results] == [13, 13, 25, 51]
    assert np.isnan(results[0].bn.lines).all() and np.isfinite(results[1].bn.lines).all()
    coarse, finer, fine = results[0].bn, results[2].bn, results[3].bn
    for part, whole, level in (
        (coarse, fine, slice(1, None, 4)),
        (finer, fine, slice(1, None, 2)),
    ):
        assert np.array_equal(part.first, whole.first[level])
        assert np.array_equal(part.loss, whole.loss[level, level])
    assert finer.first[12] == 0 and fine.first[25] == 0
    middling = [p.result for p in run(RANDOM.model_copy(update={"points": 25})) if p.result]
    assert [len(r.bn.first) for r in middling] == [13, 13, 25]


def test_progress_ends_where_it_should() -> None:
    for plane in ("random", "path"):
        steps = run(RANDOM.model_copy(update={"plane": plane}))
        done = [p.done for p in steps]
        assert done == sorted(done)
        assert steps[-1].done == steps[-1].total


def test_the_plane_of_eigenvectors_has_their_curvature() -> None:
    config = RANDOM.model_copy(update={"plane": "eigen", "extent": 0.5, "bn_mode": "train"})
    planes = landscape(config)
    for net in ("bn", "plain"):
        got: NetLandscape = getattr(planes, net)
        stack = subject().stack(net).part(slice(1, 2)).cast(torch.float64)
        objective = objective_of(stack, subject().x.double(), subject().y.double(), "train")
        ends = extremes(objective, stack.params)
        assert got.explained[0] == pytest.approx(ends.maximum[0], rel=1e-5)
        assert got.explained[0] >= got.explained[1]
        # At 1 the curvature would double the loss.
        loss = float(objective(stack.params))
        assert ends.maximum[0] * (2 * got.first[-1]) ** 2 / 2 == pytest.approx(loss, rel=1e-4)


def test_curvature_along_random_directions() -> None:
    planes = landscape(RANDOM.model_copy(update={"bn_mode": "train", "seed": 5}))
    for net in ("bn", "plain"):
        one = subject().stack(net).part(slice(1, 2))
        stack = one.cast(torch.float64)
        objective = objective_of(stack, subject().x.double(), subject().y.double(), "train")
        drawn = unflatten(directions(one.params, 2, seed=5).double(), stack.params)
        for index in range(2):
            along = {name: value[index : index + 1] for name, value in drawn.items()}

            def loss(
                t: torch.Tensor,
                along: Tensors = along,
                at: Tensors = stack.params,
                objective: Objective = objective,
            ) -> torch.Tensor:
                return objective({name: at[name] + t * step for name, step in along.items()})[0]

            second = torch.autograd.functional.hessian(loss, torch.zeros((), dtype=torch.float64))
            length = sum(float(step.square().sum()) for step in along.values())
            got = getattr(planes, net).explained[index]
            assert got == pytest.approx(float(second) / length, rel=1e-4)


def test_a_path_is_the_training_anew_on_its_plane() -> None:
    planes = landscape(RANDOM.model_copy(update={"plane": "path"}))
    for net in ("bn", "plain"):
        got: NetLandscape = getattr(planes, net)
        assert got.path_epochs.tolist() == [0, 1, 2, 3, 4, 5]
        assert got.path.shape == (6, 2) and np.abs(got.path[-1]).max() == 0
        assert 0.5 < got.explained.sum() <= 1 + 1e-9 and got.explained[0] >= got.explained[1]
        assert got.path_loss[0] > got.path_loss[-1]
        low, high = got.path.min(axis=0), got.path.max(axis=0)
        assert got.first[0] < low[0] and got.first[-1] > high[0]
        assert got.second[0] < low[1] and got.second[-1] > high[1]


def test_a_long_path_is_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bnviz.core.smoothness.planes.PATH_POINTS", 3)
    planes = landscape(RANDOM.model_copy(update={"plane": "path"}))
    assert planes.bn.path_epochs.tolist() == [0, 3, 5]
    monkeypatch.setattr("bnviz.core.smoothness.measure.SECONDS", 0.0)  # each step is reported
    done = [each.done for each in run(RANDOM.model_copy(update={"plane": "path"}))]
    assert done == sorted(done) and done[0] == 0, "progress goes forward, from nothing"
    assert len(planes.bn.path) == len(planes.bn.path_loss) == 3


@pytest.mark.parametrize("plane", ["random", "eigen", "path"])
def test_once_stopped_it_ends(plane: str) -> None:
    config = RANDOM.model_copy(update={"plane": plane})
    assert all(p.result is None for p in run(config, should_stop=lambda: True))
    asked = iter(range(10**9))
    stopped = run(config.model_copy(update={"points": 51}), should_stop=lambda: next(asked) > 100)
    assert stopped[-1].done < stopped[-1].total


@pytest.mark.parametrize("plane", ["random", "eigen", "path"])
def test_a_net_that_diverged_is_nan(plane: str) -> None:
    of = subject()
    if plane == "path":
        wild = SMALL.model_copy(
            update={"optimizer": OptimizerConfig(kind="sgd", learning_rate=100.0, epochs=9)}
        )
        of = replace(of, config=wild)
    else:
        params = {name: value * float("nan") for name, value in of.plain.params.items()}
        of = replace(of, plain=of.plain.with_params(params))
    steps = run(RANDOM.model_copy(update={"plane": plane}), of)
    assert steps[-1].done == steps[-1].total
    assert np.isnan(steps[-1].result.plain.loss).all()
    assert RANDOM.verdicts(steps[-1].result)[0].key == "unknown"
    if plane != "path":
        assert np.isfinite(steps[-1].result.bn.loss).all()


def test_a_seed_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="no seed number 7"):
        run(RANDOM.model_copy(update={"net": 7}))


def test_a_result_survives_the_disk() -> None:
    planes = landscape(RANDOM.model_copy(update={"plane": "path"}))
    again = from_bytes(Landscape, to_bytes(planes))
    assert np.array_equal(again.bn.path_epochs, planes.bn.path_epochs)
    assert np.array_equal(again.plain.loss, planes.plain.loss)
