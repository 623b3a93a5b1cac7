"""Trainings worth starting from, each a whole config."""

from bnviz.core.configs import (
    DataConfig,
    NetworkConfig,
    OptimizerConfig,
    ProbeConfig,
    TrainConfig,
)

_LEARNABLE = DataConfig(clip_scores=False)
_STANDARD = DataConfig(clip_scores=False, standardize=True)

PRESETS: dict[str, TrainConfig] = {
    "document": TrainConfig(),
    "standardized": TrainConfig(data=_STANDARD),
    "high_rate": TrainConfig(
        data=_STANDARD, optimizer=OptimizerConfig(kind="sgd", learning_rate=0.5)
    ),
    "tiny_batches": TrainConfig(
        data=_STANDARD, optimizer=OptimizerConfig(batch_size=2, epochs=10), seeds=4
    ),
    "deep": TrainConfig(
        data=_LEARNABLE,
        network=NetworkConfig(depth=5, width=32),
        probes=ProbeConfig(bn_mode="train"),
    ),
}
