"""Stacked training against single torch networks, and what its snapshots promise."""

from collections.abc import Callable
from dataclasses import fields, replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.data.preparation import dataset_for, prepare
from bnviz.core.training import train
from bnviz.core.training.evaluation import stack_of
from bnviz.core.training.snapshots import NetSnapshot, Snapshot, from_bytes, to_bytes
from bnviz.core.types import LEVELS, never
from tests.core.torch_nets import module_of, one_of

UNPROBED = ProbeConfig(checkpoints=0)
SMALL = TrainConfig(
    data=DataConfig(samples=90, clip_scores=False, standardize=True),
    network=NetworkConfig(depth=2, width=8),
    optimizer=OptimizerConfig(kind="adam", learning_rate=0.02, epochs=3, batch_size=16),
    probes=UNPROBED,
    seeds=3,
)
OPTIMIZERS = [
    OptimizerConfig(kind="sgd", learning_rate=1e-4, epochs=3, batch_size=16),
    OptimizerConfig(kind="momentum", learning_rate=1e-5, epochs=3, batch_size=16),
    SMALL.optimizer,
]


def run(config: TrainConfig, should_stop: Callable[[], bool] = never) -> list[Snapshot]:
    return list(train.train(config, dataset_for(config.data), should_stop))


@cache
def small() -> list[Snapshot]:
    return run(SMALL)


def assert_close(
    one: Snapshot, two: Snapshot, which: object = slice(None), **tolerance: float
) -> None:
    """The same figures for the seeds `which` of `one` as for all of `two`."""
    for field in (field.name for field in fields(NetSnapshot)):
        for net in ("bn", "plain"):
            ours, theirs = (getattr(getattr(s, net), field) for s in (one, two))
            if ours.size:
                ours = ours[:, which] if ours.ndim > 1 else ours[which]
            np.testing.assert_allclose(ours, theirs, err_msg=f"{net} {field}", **tolerance)


def alone(config: TrainConfig, seed: int, *, bn: bool) -> list[tuple[nn.Sequential, float]]:
    """One network trained with torch.optim over the same batches: (module, loss) every epoch."""
    data = prepare(config.data, dataset_for(config.data))
    x, y = data.train_x.T, data.train_y
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = module_of(config.network, x.shape[1], bn=bn)
    chosen, rate = config.optimizer, config.optimizer.learning_rate
    heavy_ball = chosen.heavy_ball if chosen.kind == "momentum" else 0.0
    optimizer: torch.optim.Optimizer = (
        torch.optim.Adam(module.parameters(), lr=rate)
        if chosen.kind == "adam"
        else torch.optim.SGD(module.parameters(), lr=rate, momentum=heavy_ball)
    )
    order, losses = np.random.default_rng([seed, 1]), []
    for _ in range(chosen.epochs):
        for batch in np.array_split(order.permutation(len(x)), range(16, len(x), 16)):
            if len(batch) > 1:
                optimizer.zero_grad()
                (module.train()(x[batch])[:, 0] - y[batch]).square().mean().backward()
                for layer, following in pairwise(module):
                    # BN cancels the bias before it. The rounding errors that torch leaves for
                    # its gradient would become steps of Adam.
                    if isinstance(following, nn.BatchNorm1d):
                        layer.bias.grad.zero_()  # type: ignore[union-attr, operator]
                optimizer.step()
        with torch.no_grad():
            losses.append(float((module.eval()(x)[:, 0] - y).square().mean()))
    return [(module, loss) for loss in losses]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda config: config.kind)
@pytest.mark.parametrize("net", ["bn", "plain"])
def test_a_seed_is_trained_as_a_single_network(optimizer: OptimizerConfig, net: str) -> None:
    config = SMALL.model_copy(update={"optimizer": optimizer})
    snapshots = run(config)
    for index in range(config.seeds):
        epochs = alone(config, index, bn=net == "bn")
        for snapshot, (_, loss) in zip(snapshots[1:], epochs, strict=True):
            assert getattr(snapshot, net).train_loss[index] == pytest.approx(loss, rel=2e-4)
        stack, module = stack_of(config.network, snapshots[-1].state, net), epochs[-1][0]
        ours = stack.params | stack.buffers
        theirs = (*module.parameters(), *module.buffers())
        for (name, value), expected in zip(ours.items(), theirs, strict=True):
            np.testing.assert_allclose(
                value[index], expected.detach(), rtol=2e-3, atol=2e-4, err_msg=name
            )


def test_snapshots_come_at_epoch_0_and_after_each_epoch() -> None:
    assert [(s.epoch, s.step) for s in small()] == [(0, 0), (1, 5), (2, 10), (3, 15)]
    seconds = [s.seconds for s in small()]
    assert seconds == sorted(seconds) and seconds[0] > 0
    assert [bool(s.state) for s in small()] == [False, False, False, True]


def entering(module: nn.Sequential, x: torch.Tensor) -> list[torch.Tensor]:
    """What enters each activation function of a module."""
    seen: list[torch.Tensor] = []
    for layer in module:
        if isinstance(layer, nn.ReLU):
            layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        module(x)
    return seen


@pytest.mark.parametrize("net", ["bn", "plain"])
@pytest.mark.parametrize("index", range(3))
def test_figures_of_a_snapshot(net: str, index: int) -> None:
    """Recomputed from the state with torch modules."""
    last, data = small()[-1], prepare(SMALL.data, dataset_for(SMALL.data))
    side: NetSnapshot = getattr(last, net)
    module = one_of(stack_of(SMALL.network, last.state, net), index)

    (module.train()(data.train_x.T)[:, 0] - data.train_y).square().mean().backward()
    gradients = torch.cat([p.grad.flatten() for p in module.parameters() if p.grad is not None])
    assert side.gradient_norm[index] == pytest.approx(float(gradients.norm()), rel=1e-4)
    weights = [layer.weight.detach().flatten() for layer in module if isinstance(layer, nn.Linear)]
    assert side.weight_norm[index] == pytest.approx(float(torch.cat(weights).norm()), rel=1e-5)

    module = one_of(stack_of(SMALL.network, last.state, net), index).eval()
    for field, x, y in (
        ("train_loss", data.train_x, data.train_y),
        ("validation_loss", data.validation_x, data.validation_y),
    ):
        loss = (module(x.T)[:, 0] - y).square().mean()
        assert getattr(side, field)[index] == pytest.approx(loss.item(), rel=1e-5)
    for depth, z in enumerate(entering(module, data.train_x.T)):
        assert side.activation_mean[depth, index] == pytest.approx(float(z.mean()), abs=1e-5)
        deviation = float(z.std(correction=0))
        assert side.activation_std[depth, index] == pytest.approx(deviation, rel=1e-5)
        assert side.dead_share[depth, index] == float((z <= 0).all(0).double().mean())
        np.testing.assert_allclose(
            side.activation_quantiles[depth, index],
            np.quantile(z[:64].numpy(), LEVELS),
            rtol=1e-4,
            atol=1e-5,
        )


def test_dead_units_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    made = train.make_net

    def with_two_dead(*args: object, bn: bool) -> train.Net:
        net = made(*args, bn=bn)  # type: ignore[arg-type]
        weight, bias = net.stack.params["layers.1.weight"], net.stack.params["layers.1.bias"]
        weight[0, :2], bias[0, :2] = 0, -1
        return net

    monkeypatch.setattr(train, "make_net", with_two_dead)
    first, usual = run(SMALL)[0], small()[0]
    more = first.plain.dead_share - usual.plain.dead_share
    assert more[1, 0] > 0 and first.plain.dead_share[1, 0] >= 2 / 8
    assert more[0].tolist() == [0, 0, 0] and more[1, 1:].tolist() == [0, 0]


def test_running_statistics_of_a_snapshot() -> None:
    last = small()[-1]
    for name in ("mean", "variance"):
        values = np.stack([last.state[f"bn/layers.{depth}.running_{name}"] for depth in range(2)])
        quantiles = np.moveaxis(np.quantile(values.astype(float), LEVELS, axis=2), 0, 2)
        np.testing.assert_allclose(getattr(last.bn, f"running_{name}"), quantiles, rtol=1e-6)
        assert getattr(last.plain, f"running_{name}").shape == (0,)


def test_shapes_and_the_way_to_disk_and_back() -> None:
    probed = run(
        SMALL.model_copy(update={"probes": ProbeConfig(count=2, checkpoints=1), "seeds": 2})
    )[-1]
    for net in (probed.bn, probed.plain):
        for field in fields(NetSnapshot):
            value = getattr(net, field.name)
            assert value.dtype == np.float64
            if field.name.startswith("running") and net is probed.plain:
                shape: tuple[int, ...] = (0,)
            elif field.name.startswith("running") or field.name == "activation_quantiles":
                shape = (2, 2, 5)
            elif field.name.startswith(("activation", "dead")):
                shape = (2, 2)
            else:
                shape = (2,)
            assert value.shape == shape, field.name
    again = from_bytes(to_bytes(probed))
    assert_close(again, probed)
    assert {key: value.tolist() for key, value in again.state.items()} == {
        key: value.tolist() for key, value in probed.state.items()
    }


def test_dead_units_of_tanh_are_no_number() -> None:
    network = NetworkConfig(width=4, activation="tanh")
    last = run(SMALL.model_copy(update={"network": network}))[-1]
    assert np.isnan(last.bn.dead_share).all() and np.isnan(last.plain.dead_share).all()


def test_a_seeds_figures_do_not_depend_on_its_company() -> None:
    for index in (0, 2):
        single = run(SMALL.model_copy(update={"seeds": 1, "seed": index}))
        for ours, theirs in zip(small(), single, strict=True):
            assert_close(ours, theirs, slice(index, index + 1), rtol=1e-3, atol=1e-5)


def test_a_diverging_seed_is_marked_and_leaves_the_others_as_they_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = train.make_net

    def poisoned(*args: object, bn: bool) -> train.Net:
        net = made(*args, bn=bn)  # type: ignore[arg-type]
        net.parameters[1, 0] = np.inf
        return net

    config = SMALL.model_copy(update={"probes": ProbeConfig(count=3, checkpoints=2)})
    well = run(config)
    monkeypatch.setattr(train, "make_net", poisoned)
    for ill, other in zip(run(config), well, strict=True):
        for net in ("bn", "plain"):
            side: NetSnapshot = getattr(ill, net)
            assert side.diverged.tolist() == [0, 1, 0]
            for field in fields(NetSnapshot):
                values = getattr(side, field.name)
                if values.size and field.name != "diverged":
                    assert np.isnan(values[:, 1] if values.ndim > 1 else values[1]).all()
        keep = np.array([0, 2])
        for ours, theirs in ((ill.bn, other.bn), (ill.plain, other.plain)):
            for field in fields(NetSnapshot):
                one, two = getattr(ours, field.name), getattr(theirs, field.name)
                if one.size:
                    pick = (slice(None), keep) if one.ndim > 1 else keep
                    np.testing.assert_array_equal(one[pick], two[pick], field.name)


def test_divergence_by_itself_is_seen_and_final() -> None:
    optimizer = OptimizerConfig(kind="sgd", learning_rate=5.0, epochs=4, batch_size=16)
    snapshots = run(SMALL.model_copy(update={"optimizer": optimizer}))
    gone = np.array([s.plain.diverged for s in snapshots])
    assert gone[0].sum() == 0 and gone[-1].sum() > 0
    assert (np.diff(gone, axis=0) >= 0).all()
    losses = np.array([s.plain.train_loss for s in snapshots])
    np.testing.assert_array_equal(np.isnan(losses), gone > 0)


def test_a_last_batch_of_one_row_is_skipped() -> None:
    data = SMALL.data.model_copy(update={"samples": 81, "validation": 0.2})  # 65 rows to train on
    assert run(SMALL.model_copy(update={"data": data}))[-1].step == 3 * 4


def test_stopping_between_steps_keeps_what_is_there() -> None:
    asked = iter([False] * 7)
    snapshots = run(SMALL, lambda: next(asked, True))
    assert [(s.epoch, s.step) for s in snapshots] == [(0, 0), (1, 5), (1, 7)]
    assert snapshots[-1].state and not snapshots[1].state
    assert np.isfinite(snapshots[-1].bn.train_loss).all()


def test_stopping_at_once_yields_the_untrained_nets() -> None:
    snapshots = run(SMALL, lambda: True)
    assert [(s.epoch, s.step, bool(s.state)) for s in snapshots] == [(0, 0, False), (0, 0, True)]


@pytest.mark.parametrize(
    ("count", "epochs"),
    [(0, []), (1, [10]), (2, [0, 10]), (5, [0, 2, 5, 8, 10]), (100, list(range(11)))],
)
def test_checkpoints_are_spread_evenly(count: int, epochs: list[int]) -> None:
    config = TrainConfig(
        optimizer=OptimizerConfig(epochs=10), probes=ProbeConfig(checkpoints=count)
    )
    assert sorted(train.checkpoints(config)) == epochs


def test_probes_leave_no_trace() -> None:
    """A run with probes ends with the very bits of a run without."""
    for mode in ("train", "eval"):
        probes = ProbeConfig(count=3, checkpoints=4, bn_mode=mode)  # type: ignore[arg-type]
        probed = run(SMALL.model_copy(update={"probes": probes}))
        for key, value in probed[-1].state.items():
            np.testing.assert_array_equal(value, small()[-1].state[key], key)
        ours = [replace(s, state={}) for s in probed[1:]]
        for one, two in zip(ours, small(), strict=True):
            np.testing.assert_array_equal(one.bn.train_loss, two.bn.train_loss)


def test_epoch_0_comes_at_once_and_again_with_its_probes() -> None:
    probes = ProbeConfig(count=3, checkpoints=2)
    snapshots = run(SMALL.model_copy(update={"probes": probes}))
    assert [s.epoch for s in snapshots] == [0, 0, 1, 2, 3]
    assert [s.bn.lipschitz_max.size for s in snapshots] == [0, 3, 0, 0, 3]
    assert [s.plain.eigenvalue_max.size for s in snapshots] == [0, 3, 0, 0, 3]
    assert [bool(s.state) for s in snapshots] == [False, True, False, False, True]


def test_chunks_change_nothing_but_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    probes = ProbeConfig(count=5, checkpoints=2)
    config = SMALL.model_copy(update={"probes": probes})
    whole = run(config)
    monkeypatch.setattr("bnviz.core.nets.chunks.CHUNK_BYTES", 1)  # every network by itself
    for one, two in zip(whole, run(config), strict=True):
        assert_close(one, two, rtol=1e-3, atol=1e-5)


def test_large_data_are_judged_by_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    last, data = small()[-1], prepare(SMALL.data, dataset_for(SMALL.data))
    monkeypatch.setattr("bnviz.core.training.figures.LOSS_ROWS", 10)
    monkeypatch.setattr("bnviz.core.training.figures.ACTIVATION_ROWS", 20)
    sampled = run(SMALL)[-1]
    module = one_of(stack_of(SMALL.network, last.state, "bn"), 0).eval()
    with torch.no_grad():
        for field, x, y in (
            ("train_loss", data.train_x, data.train_y),
            ("validation_loss", data.validation_x, data.validation_y),
        ):
            loss = (module(x.T[:10])[:, 0] - y[:10]).square().mean()
            assert getattr(sampled.bn, field)[0] == pytest.approx(loss.item(), rel=1e-5)
    assert (sampled.bn.activation_mean != last.bn.activation_mean).all()
