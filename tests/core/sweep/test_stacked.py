"""Cells as one stack against each of them trained alone."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch

from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.data.preparation import dataset_for
from bnviz.core.nets.norms.names import NORM_SETTINGS, Norm
from bnviz.core.sweep.config import FIELDS, RATE, Axis, SweepConfig, cells
from bnviz.core.sweep.outcome import Outcome, moments
from bnviz.core.sweep.plan import groups
from bnviz.core.sweep.stacked import train_cells
from bnviz.core.sweep.verdict import unused
from bnviz.core.training.evaluation import evaluate
from bnviz.core.training.train import train
from bnviz.core.types import Stopped, never
from bnviz.core.verdict import Verdict

BASE = TrainConfig(
    data=DataConfig(samples=120, clip_scores=False, standardize=True),
    network=NetworkConfig(depth=2, width=8),
    optimizer=OptimizerConfig(epochs=3, batch_size=16),
    probes=ProbeConfig(count=1, checkpoints=1, bn_mode="train"),
    seeds=3,
)


def sweep(kind: str, bn_position: str) -> SweepConfig:
    base = BASE.model_copy(
        update={
            "optimizer": BASE.optimizer.model_copy(update={"kind": kind}),
            "network": BASE.network.model_copy(update={"bn_position": bn_position}),
        }
    )
    axes = (
        Axis(field="network.eps", values=(1e-7, 1e-3)),
        Axis(field="network.torch_momentum", values=(0.1, 0.7)),
        Axis(field=RATE, values=(0.5, 1e-4)),
    )
    return SweepConfig(base=base, axes=axes, metric="sharpness")


def outcomes(config: SweepConfig) -> dict[int, Outcome]:
    return {
        cell.index: outcome
        for group in groups(config, BASE.data.samples, 3)
        for cell, outcome in zip(
            group.cells,
            train_cells(
                [cell.config for cell in group.cells],
                dataset_for(group.cells[0].config.data),
                config.metric == "sharpness",
                never,
            ),
            strict=True,
        )
    }


@pytest.mark.parametrize(
    ("kind", "bn_position"), [("sgd", "before"), ("momentum", "after"), ("adam", "before")]
)
def test_a_cell_of_a_stack_is_to_the_bit_its_training_alone(kind: str, bn_position: str) -> None:
    torch.set_num_threads(1)
    config = sweep(kind, bn_position)
    assert len(groups(config, BASE.data.samples, 3)) == 1
    every = outcomes(config)
    for cell in cells(config):
        *_, last = train(cell.config, dataset_for(cell.config.data), never)
        for net in ("bn", "plain"):
            ours, theirs = getattr(every[cell.index], net), getattr(last, net)
            np.testing.assert_array_equal(ours.validation_loss[-1], theirs.validation_loss)
            np.testing.assert_array_equal(ours.train_loss[-1], theirs.train_loss)
            np.testing.assert_array_equal(ours.sharpness, theirs.eigenvalue_max)
            np.testing.assert_array_equal(ours.diverged, theirs.diverged)
        if cell.index == 0:
            accuracy = evaluate(cell.config, dataset_for(cell.config.data), last.state).bn.r2
            np.testing.assert_allclose(every[0].bn.accuracy, accuracy, rtol=1e-4)
    assert any(outcome.plain.diverged.any() for outcome in every.values()) or kind != "sgd"


def test_rows_that_fill_no_line_of_memory_move_the_last_digits_alone() -> None:
    """The product with a single output adds up in an order that depends on where a row begins."""
    odd = {"data": DataConfig(samples=90, clip_scores=False, standardize=True)}
    config = sweep("sgd", "before")
    config = config.model_copy(update={"base": config.base.model_copy(update=odd)})
    for index, outcome in outcomes(config).items():
        *_, last = train(cells(config)[index].config, dataset_for(config.base.data), never)
        for ours, theirs in ((outcome.bn, last.bn), (outcome.plain, last.plain)):
            np.testing.assert_allclose(ours.validation_loss[-1], theirs.validation_loss, rtol=1e-5)


def test_targets_that_are_all_alike_have_no_r2() -> None:
    """0.1 in float32, whose mean is off by rounding: a spread that is none."""
    dataset = dataset_for(BASE.data)
    alike = replace(dataset, y=np.full_like(dataset.y, 0.1))
    (outcome,) = train_cells([BASE], alike, False, never)
    for net in (outcome.bn, outcome.plain):
        assert np.isnan(net.accuracy).all() and not net.diverged.any()


def test_losses_are_taken_at_moments_of_which_the_ends_are_two() -> None:
    assert moments(3) == [0, 1, 2, 3]
    long = moments(1000)
    assert (long[0], long[-1], len(long)) == (0, 1000, 11)


def test_inputs_are_scaled_after_they_were_standardized() -> None:
    raw = dataset_for(BASE.data)
    once, scaled = (
        train_cells(
            [BASE.model_copy(update={"data": DataConfig(samples=120, **data)})], raw, False, never
        )[0]
        for data in (
            {"standardize": True, "input_scale": 0.25},
            {"standardize": True},
        )
    )
    assert (once.plain.train_loss[0] != scaled.plain.train_loss[0]).all()


def test_a_stack_ends_when_nobody_waits_for_it() -> None:
    asked = iter([False] * 5 + [True] * 1000)
    with pytest.raises(Stopped):
        train_cells([BASE], dataset_for(BASE.data), True, lambda: next(asked))


#: Of every setting that can be swept two values at which whatever uses it comes out differently.
TWO = {
    "data.samples": (120, 60),
    "data.clip_scores": (False, True),
    "data.seed": (0, 1),
    "data.standardize": (True, False),
    "data.input_scale": (1.0, 2.0),
    "data.validation": (0.2, 0.5),
    "network.depth": (1, 2),
    "network.width": (8, 16),
    "network.activation": ("relu", "tanh"),
    "network.bn_position": ("before", "after"),
    "network.eps": (1e-3, 1.0),
    "network.torch_momentum": (0.1, 0.7),
    "network.norm": ("layer", "rms"),
    "network.ghost_size": (4, 8),
    "network.groups": (2, 4),
    "network.renorm_r": (1.0, 5.0),
    "network.renorm_d": (0.0, 5.0),
    "network.renorm_warmup": (0, 100),
    "network.dyt_alpha": (0.5, 2.0),
    "optimizer.kind": ("sgd", "adam"),
    "optimizer.learning_rate": (1e-4, 1e-3),
    "optimizer.heavy_ball": (0.5, 0.9),
    "optimizer.epochs": (2, 3),
    "optimizer.batch_size": (16, 32),
    "probes.count": (1, 2),
    "probes.scale": (1e-5, 1e-3),
    "probes.precision": ("float64", "float32"),
    "probes.bn_mode": ("eval", "train"),
    "probes.checkpoints": (1, 2),
    "probes.eigenvalues": (True, False),
}


def swept(field: str, norm: str, metric: str, kind: str) -> SweepConfig:
    """Both values of a setting, of nets with a norm."""
    raw = BASE.model_dump() | {"seeds": 1}
    raw["network"] |= {"norm": norm, "groups": 2, "renorm_warmup": 0, "ghost_size": 8}
    raw["optimizer"] |= {"kind": kind, "epochs": 2, "learning_rate": 1e-4}
    axes = (Axis(field=field, values=TWO[field]), Axis(field="data.seed", values=(5,)))
    if field == "data.seed":
        axes = (axes[0], Axis(field=RATE, values=(0.01,)))
    return SweepConfig(base=TrainConfig.model_validate(raw), axes=axes, metric=metric)


#: What can be set of any norm.
OF_NORMS = {f"network.{name}" for names in NORM_SETTINGS.values() for name in names}


@pytest.mark.parametrize("norm", get_args(Norm))
def test_cells_are_equal_where_and_only_where_a_setting_is_said_to_be_unused(norm: Norm) -> None:
    """Each setting of a norm with each norm, and with BN every other one, trained at two values."""
    torch.set_num_threads(1)
    assert set(TWO) == set(FIELDS)
    asked = [(field, "loss", "momentum") for field in TWO if norm == "batch" or field in OF_NORMS]
    asked += [("probes.bn_mode", "sharpness", "sgd")]
    asked += [(f, "sharpness", "sgd") for f in TWO if norm == "batch" and f.startswith("probes")]
    asked += [("optimizer.heavy_ball", "loss", "adam")] if norm == "batch" else []
    for field, metric, kind in asked:
        config = swept(field, norm, metric, kind)
        one, other = outcomes(config).values()
        assert not one.bn.diverged.any() and np.isfinite(one.bn.validation_loss).all()
        equal = repr(one) == repr(other)
        assert equal == (list(unused(config)) == [Verdict("unused", {"field": field})]), field
