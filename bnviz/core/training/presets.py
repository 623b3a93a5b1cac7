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
    "arena": TrainConfig(
        data=_LEARNABLE,
        network=NetworkConfig(depth=4, width=32),
        optimizer=OptimizerConfig(kind="sgd", learning_rate=0.001),
        probes=ProbeConfig(checkpoints=0),
        seeds=12,
        arena=True,
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

#: The learning rates that Home offers: with the first, BN learns more slowly; with the second, the
#: net without BN stops learning; with the third, a net is lost, which one is a matter of rounding.
RATES = (0.0003, 0.01, 0.1)
#: Of a training on Home.
STEPS = 120


def small(learning_rate: float) -> TrainConfig:
    """Two nets so small that a page can train them while it is looked at."""
    return TrainConfig(
        data=_LEARNABLE.model_copy(update={"samples": 500}),
        network=NetworkConfig(depth=3, width=16, activation="tanh"),
        optimizer=OptimizerConfig(kind="sgd", learning_rate=learning_rate, batch_size=32),
        seeds=1,
    )
