"""Presets are what their names say and what the issue of BN needs shown."""

import pytest

from bnviz.core.configs import ProbeConfig, TrainConfig
from bnviz.core.data.preparation import dataset_for
from bnviz.core.training.evaluation import baseline_loss
from bnviz.core.training.presets import PRESETS
from bnviz.core.training.train import train
from bnviz.core.training.verdict import verdict


def test_the_document() -> None:
    """1000 people, 64 ReLU units, batches of 128, 50 epochs, clipped scores, raw inputs."""
    config = PRESETS["document"]
    assert (config.data.samples, config.data.seed) == (1000, 42)
    assert config.data.clip_scores and not config.data.standardize
    assert (config.network.depth, config.network.width) == (1, 64)
    assert (config.network.activation, config.network.bn_position) == ("relu", "before")
    assert (config.network.eps, config.network.torch_momentum) == (1e-5, 0.1)
    assert (config.optimizer.batch_size, config.optimizer.epochs) == (128, 50)
    assert config.probes.scale == 1e-5


def test_it_opens_with_a_task_to_learn_and_a_difference_to_see() -> None:
    """Over its seeds one net beats the other, and beats answering the mean."""
    config = next(iter(PRESETS.values()))
    config = config.model_copy(update={"probes": ProbeConfig(checkpoints=0)})  # losses decide
    dataset = dataset_for(config.data)
    *_, last = train(config, dataset, lambda: False)
    told = [each.key for each in verdict(last, baseline_loss(config, dataset))]
    assert {"bn", "bn_lasts"} & set(told) and not {"useless_bn", "useless_both", "too_few"} & set(
        told
    )


def test_each_is_what_its_name_says() -> None:
    plain = PRESETS["standardized"]
    assert plain.data.standardize and not plain.data.clip_scores
    assert PRESETS["tiny_batches"].optimizer.batch_size == 2
    assert PRESETS["deep"].network.depth > plain.network.depth


@pytest.mark.parametrize("name", PRESETS)
def test_presets_differ_and_survive_json(name: str) -> None:
    config = PRESETS[name]
    assert TrainConfig.model_validate_json(config.model_dump_json()) == config
    assert [other for other, known in PRESETS.items() if known == config] == [name]


def test_the_high_rate_is_beyond_what_the_plain_nets_curvature_allows() -> None:
    """Gradient descent on a quadratic diverges above 2 / the largest eigenvalue."""
    config = PRESETS["high_rate"]
    assert config.optimizer.kind == "sgd"
    dataset = dataset_for(config.data)
    probed = next(s for s in train(config, dataset, lambda: False) if s.plain.eigenvalue_max.size)
    assert (config.optimizer.learning_rate > 2 / probed.plain.eigenvalue_max).all()
