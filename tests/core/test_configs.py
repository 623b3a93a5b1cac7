"""Configs are frozen, refuse what makes no sense, and cost no torch to import."""

import subprocess
import sys
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from bnviz.core import configs
from bnviz.core.configs import (
    BatchConfig,
    DataConfig,
    NetworkConfig,
    NormConfig,
    OptimizerConfig,
    ProbeConfig,
    TrainConfig,
)
from bnviz.core.settings import differences

REFUSED: list[tuple[type[BaseModel], dict[str, Any]]] = [
    (BatchConfig, {"batch_size": 0}),
    (BatchConfig, {"batch_size": 65_537}),
    (BatchConfig, {"features": 0}),
    (BatchConfig, {"features": 257}),
    (BatchConfig, {"seed": -1}),
    (BatchConfig, {"seed": 2**32}),
    (BatchConfig, {"source": "nope"}),
    (BatchConfig, {"source": "table"}),
    (BatchConfig, {"table": "a digest"}),
    (BatchConfig, {"batchsize": 8}),
    (NormConfig, {"eps": -1e-12}),
    (NormConfig, {"eps": float("nan")}),
    (NormConfig, {"eps": 10.1}),
    (NormConfig, {"gamma": float("inf")}),
    (NormConfig, {"affine_feature": 256}),
    (NormConfig, {"precision": "float16"}),
    (DataConfig, {"samples": 9}),
    (DataConfig, {"validation": 0.0}),
    (DataConfig, {"source": "table", "table": "digest", "target": "y"}),
    (DataConfig, {"source": "table", "table": "digest", "columns": ("x",)}),
    (DataConfig, {"target": "y", "table": "digest", "columns": ("x",)}),
    (NetworkConfig, {"depth": 0}),
    (NetworkConfig, {"width": 513}),
    (NetworkConfig, {"eps": 0.0}),
    (NetworkConfig, {"torch_momentum": 0.0}),
    (OptimizerConfig, {"learning_rate": 0.0}),
    (OptimizerConfig, {"heavy_ball": 1.0}),
    (OptimizerConfig, {"batch_size": 0}),
    (NetworkConfig, {"norm": "instance"}),
    (NetworkConfig, {"norm": "group", "width": 12}),
    (NetworkConfig, {"ghost_size": 1}),
    (OptimizerConfig, {"epochs": configs.MAX_EPOCHS + 1}),
    (ProbeConfig, {"scale": 0.0}),
    (ProbeConfig, {"count": 0}),
    (ProbeConfig, {"bn_mode": "both"}),
    (TrainConfig, {"seeds": 65}),
    (TrainConfig, {"network": {"width": 0}}),
    (TrainConfig, {"momentum": 0.9}),
    (TrainConfig, {"optimizer": {"batch_size": 1}}),
    (TrainConfig, {"network": {"norm": "ghost"}, "optimizer": {"batch_size": 1}}),
    (TrainConfig, {"seeds": 64, "network": {"depth": 2, "width": 501}}),
]


@pytest.mark.parametrize(("kind", "values"), REFUSED, ids=lambda v: getattr(v, "__name__", str(v)))
def test_refused(kind: type[BaseModel], values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        kind(**values)


@pytest.mark.parametrize(
    "config",
    [
        BatchConfig(batch_size=1, features=1, seed=0),
        BatchConfig(batch_size=65_536, features=256, seed=2**32 - 1),
        BatchConfig(source="table", table="digest", columns=("a", "b")),
        NormConfig(eps=0.0),
        NormConfig(eps=10.0, gamma=-5.0, beta=5.0, affine_feature=255),
        DataConfig(source="table", table="digest", columns=("a",), target="b"),
        NetworkConfig(torch_momentum=None),
        NetworkConfig(norm="group", width=12, groups=4),
        TrainConfig(seeds=64, network={"depth": 2, "width": 500}),
        TrainConfig(network={"norm": "dyt"}, optimizer={"batch_size": 1}),
    ],
    ids=str,
)
def test_accepted_frozen_hashable_and_back_from_json(config: BaseModel) -> None:
    assert type(config).model_validate_json(config.model_dump_json()) == config
    assert hash(config) == hash(config.model_copy())
    name = next(iter(type(config).model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(config, name, getattr(config, name))


def test_a_config_repeats_itself_as_code() -> None:
    """Snippets shown on screen are made of reprs."""
    for config in (TrainConfig(), BatchConfig(source="wine"), NormConfig(affine_feature=3)):
        assert eval(repr(config), vars(configs)) == config


def test_what_younger_versions_know_is_not_written_where_it_says_nothing() -> None:
    """So an old run's config is written as it was, and a run of the same settings is found."""
    written = NetworkConfig().model_dump()
    assert list(written) == ["depth", "width", "activation", "bn_position", "eps", "torch_momentum"]
    assert NetworkConfig(norm="rms").model_dump() == written | {"norm": "rms"}


def test_the_settings_in_which_two_configs_of_a_kind_differ() -> None:
    other = TrainConfig(seeds=3, network=NetworkConfig(width=5))
    assert differences(TrainConfig(), TrainConfig()) == []
    assert differences(TrainConfig(), other) == [("network.width", 64, 5), ("seeds", 8, 3)]
    with pytest.raises(ValueError):
        differences(TrainConfig(), BatchConfig())


def test_every_source_of_batches_has_data() -> None:
    from bnviz.core.data.batches import draw

    for source in get_args(configs.Source):
        if source != "table":
            assert draw(BatchConfig(source=source, batch_size=4, features=2)).values.shape == (4, 2)


def test_the_first_page_needs_no_heavy_import() -> None:
    code = (
        "import sys; from bnviz.core import configs; from bnviz.core.batchnorm import equations;"
        "from bnviz.core.data import batches, tables;"
        "print([m for m in ('torch', 'scipy', 'sklearn', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
