"""The code that computes what is on screen, ready to paste."""

from bnviz.core.configs import BatchConfig, NormConfig, TrainConfig

_CONFIGS = ("DataConfig", "NetworkConfig", "OptimizerConfig", "ProbeConfig", "TrainConfig")


def one_batch(config: BatchConfig, norm: NormConfig) -> str:
    """The batch and its normalization."""
    return f"""from bnviz.core import batches, batchnorm
from bnviz.core.configs import BatchConfig, NormConfig, TrainConfig

_CONFIGS = ("DataConfig", "NetworkConfig", "OptimizerConfig", "ProbeConfig", "TrainConfig")

batch = batches.draw({config!r})
result = batchnorm.apply(batch.values, {norm!r})
print(batchnorm.describe(batch.values).mean)  # before
print(batchnorm.describe(result.y).mean)  # after
"""


def training(config: TrainConfig) -> str:
    """The training, its dataset and its last snapshot; a user's table is read from the store."""
    table = "open_store().table(config.data.table)" if config.data.table else "None"
    store = "from bnviz.store import open_store\n" if config.data.table else ""
    return f"""from bnviz.core.configs import {", ".join(_CONFIGS)}
from bnviz.core.training import dataset_for, train
{store}
config = {config!r}
dataset = dataset_for(config.data, {table})
for snapshot in train(config, dataset, should_stop=lambda: False):
    print(snapshot.epoch, snapshot.bn.validation_loss, snapshot.plain.validation_loss)
"""
