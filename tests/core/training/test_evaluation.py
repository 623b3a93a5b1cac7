"""Predictions and scores against torch modules and scikit-learn."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig
from bnviz.core.data.preparation import dataset_for, split
from bnviz.core.data.tables import Dataset
from bnviz.core.training import train as training
from bnviz.core.training.evaluation import Evaluation, baseline_loss, evaluate, predict, stack_of
from bnviz.core.training.snapshots import Snapshot, from_bytes, to_bytes
from tests.core.torch_nets import one_of

CONFIG = TrainConfig(
    data=DataConfig(samples=80, clip_scores=False, standardize=True, seed=5),
    network=NetworkConfig(depth=2, width=8, bn_position="after"),
    optimizer=OptimizerConfig(learning_rate=0.05, epochs=30, batch_size=16),
    probes=ProbeConfig(checkpoints=0),
    seeds=3,
)


@cache
def trained() -> tuple[Dataset, Snapshot, Evaluation]:
    dataset = dataset_for(CONFIG.data)
    last = list(training.train(CONFIG, dataset, lambda: False))[-1]
    return dataset, last, evaluate(CONFIG, dataset, last.state)


def test_predictions_are_those_of_torch_modules_on_raw_rows() -> None:
    dataset, last, _ = trained()
    train, _ = split(CONFIG.data, len(dataset.x))
    x = dataset.x[train].astype(np.float64)
    rows = np.array([[1.5, 60.0, 3000.0], [1.9, 110.0, 4900.0]])
    scaled = torch.tensor((rows - x.mean(0)) / x.std(0), dtype=torch.float32)
    for name, predicted in zip(
        ("bn", "plain"), predict(CONFIG, dataset, last.state, rows), strict=True
    ):
        assert predicted.shape == (3, 2) and predicted.dtype == np.float64
        for index in range(3):
            module = one_of(stack_of(CONFIG.network, last.state, name), index).eval()
            expected = module(scaled)[:, 0].detach().numpy()
            np.testing.assert_allclose(predicted[index], expected, rtol=1e-5)


def test_scores_are_those_of_scikit_learn() -> None:
    from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

    dataset, last, evaluation = trained()
    train, held = split(CONFIG.data, len(dataset.x))
    np.testing.assert_array_equal(evaluation.targets, dataset.y[held, 0])
    for side, net in ((evaluation.bn, last.bn), (evaluation.plain, last.plain)):
        assert side.predictions.shape == (3, 16)
        for index, row in enumerate(side.predictions):
            assert side.r2[index] == pytest.approx(r2_score(evaluation.targets, row))
            error = mean_absolute_error(evaluation.targets, row)
            assert side.mean_absolute_error[index] == pytest.approx(error)
            loss = mean_squared_error(evaluation.targets, row)
            assert net.validation_loss[index] == pytest.approx(loss, rel=1e-5)
    mean = np.full(len(held), dataset.y[train].mean(dtype=np.float64))
    assert evaluation.baseline_r2 == pytest.approx(r2_score(evaluation.targets, mean))
    error = mean_absolute_error(evaluation.targets, mean)
    assert evaluation.baseline_mean_absolute_error == pytest.approx(error)
    loss = mean_squared_error(evaluation.targets, mean)
    assert evaluation.baseline_loss == baseline_loss(CONFIG, dataset) == pytest.approx(loss)


def test_the_nets_have_learned_something() -> None:
    _, _, evaluation = trained()
    assert (evaluation.bn.r2 > 0.2).all() and evaluation.baseline_r2 <= 0


def test_constant_targets_have_no_r2() -> None:
    dataset, last, _ = trained()
    constant = replace(dataset, y=np.full_like(dataset.y, 0.1))
    evaluation = evaluate(CONFIG, constant, last.state)
    assert np.isnan(evaluation.bn.r2).all() and math.isnan(evaluation.baseline_r2)
    assert evaluation.baseline_mean_absolute_error == pytest.approx(0, abs=1e-6)


def test_a_diverged_seed_predicts_no_number() -> None:
    dataset, last, _ = trained()
    state = {key: value.copy() for key, value in last.state.items()}
    state["plain/output.bias"][1] = np.inf
    evaluation = evaluate(CONFIG, dataset, state)
    assert np.isnan(evaluation.plain.r2).tolist() == [False, True, False]
    assert np.isnan(evaluation.plain.mean_absolute_error).tolist() == [False, True, False]
    assert np.isfinite(evaluation.bn.r2).all()


def test_states_from_disk_serve_as_well() -> None:
    dataset, last, evaluation = trained()
    state = from_bytes(to_bytes(last)).state
    again = evaluate(CONFIG, dataset, state)
    np.testing.assert_array_equal(again.bn.predictions, evaluation.bn.predictions)
    stack = stack_of(CONFIG.network, state, "bn")
    assert list(stack.params) == list(one_named_parameters())
    assert stack.norm and not stack_of(CONFIG.network, state, "plain").norm


def one_named_parameters() -> list[str]:
    layers = ["layers.0", "layers.1"]
    parts = ["weight", "bias", "gamma", "beta"]
    names = [f"{layer}.{part}" for layer in layers for part in parts]
    return [*names, "output.weight", "output.bias"]
