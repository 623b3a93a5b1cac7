"""Trainings worth starting from, each a whole config. What they show is for the run to say."""

from bnviz.core.configs import DataConfig, NetworkConfig, OptimizerConfig, ProbeConfig, TrainConfig

_LEARNABLE = DataConfig(clip_scores=False, standardize=True)
#: The curvature that training meets, unlike the document's eval mode.
_IN_TRAINING = ProbeConfig(bn_mode="train")

#: The first is what Fitness opens with: a task with something to learn, and a difference to see.
PRESETS: dict[str, TrainConfig] = {
    "deep": TrainConfig(
        data=_LEARNABLE,
        network=NetworkConfig(depth=4, width=32),
        optimizer=OptimizerConfig(kind="sgd", learning_rate=0.001),
        probes=ProbeConfig(bn_mode="train", checkpoints=4),
    ),
    "document": TrainConfig(),
    "standardized": TrainConfig(
        data=_LEARNABLE, optimizer=OptimizerConfig(learning_rate=0.1), probes=_IN_TRAINING
    ),
    "high_rate": TrainConfig(
        data=_LEARNABLE,
        optimizer=OptimizerConfig(kind="sgd", learning_rate=0.01),
        probes=_IN_TRAINING,
    ),
    "tiny_batches": TrainConfig(
        data=_LEARNABLE,
        optimizer=OptimizerConfig(batch_size=2, epochs=10),
        probes=_IN_TRAINING,
        seeds=4,
    ),
}
