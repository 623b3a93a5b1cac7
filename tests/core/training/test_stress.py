"""Trainings on tables whose numbers are hard: figures that are right, or a net that diverged."""

from dataclasses import fields
from typing import get_args

import numpy as np
import pytest

from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.data.preparation import dataset_for, prepare
from bnviz.core.data.tables import Table
from bnviz.core.nets.norms.names import Norm
from bnviz.core.nets.stack import forward
from bnviz.core.training import train


def training(scale: float, which: int, norm: str = "batch") -> tuple[TrainConfig, Table]:
    """On three normal columns, of which the inputs (0) or the target (2) have another scale."""
    values = np.random.default_rng(0).normal(size=(80, 3))
    values[:, [0, 1] if which == 0 else 2] *= scale
    table = Table("t", ("a", "b", "target"), values)
    config = TrainConfig(
        data=DataConfig(source="table", table="t", columns=("a", "b"), target="target"),
        network=NetworkConfig.model_validate({"width": 8, "norm": norm}),
        optimizer=OptimizerConfig(epochs=1, batch_size=16, kind="sgd", learning_rate=1e-3),
        probes=ProbeConfig(count=2, checkpoints=1),
        seeds=2,
    )
    return config, table


@pytest.mark.parametrize("which", [0, 2])
@pytest.mark.parametrize("norm", get_args(Norm))
def test_a_net_is_right_or_diverged(norm: str, which: int) -> None:
    """Its losses are those of float64 to float32's rounding, or all its figures are NaN."""
    seen = set()
    for exponent in (-36, -30, -12, 0, 6, 12, 18, 24, 30, 38):
        config, table = training(10.0**exponent, which, norm)
        run = train.Run(config, prepare(config.data, dataset_for(config.data, table)))
        run.train_epoch(lambda: False)
        snapshot = run.snapshot(1)
        for name, net in (("bn", snapshot.bn), ("plain", snapshot.plain)):
            stack, gone = run.nets[name].stack, net.diverged > 0
            seen |= set(gone.tolist())
            for field in fields(net):
                figure = getattr(net, field.name)
                if field.name != "diverged" and figure.size:
                    assert np.isnan(figure[:, gone] if figure.ndim > 1 else figure[gone]).all()
            wide = forward(stack.cast(run.data.train_x.double().dtype), run.data.train_x.double())
            errors = wide.output - run.data.train_y.double()
            exact = errors.square().mean(1).numpy()
            size = wide.output.abs().amax(1).numpy() * errors.abs().amax(1).numpy()
            off = np.abs(net.train_loss - exact) <= 1e-4 * (exact + size)
            assert (off | gone).all(), (exponent, net.train_loss, exact)
    assert seen == {False, True}, "both happen"


def test_what_float32_cannot_hold_is_refused_by_name() -> None:
    for scale, told in (
        (1e40, "'a' holds values too large"),
        (1e-50, "'a' holds values too small"),
    ):
        config, table = training(scale, 0)
        with pytest.raises(ValueError, match=told):
            dataset_for(config.data, table)
