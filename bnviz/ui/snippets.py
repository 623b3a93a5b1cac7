"""The code that computes what is on screen, ready to paste."""

from bnviz.core.configs import BatchConfig, NormConfig, TrainConfig

_CONFIGS = ("DataConfig", "NetworkConfig", "OptimizerConfig", "ProbeConfig", "TrainConfig")


def one_batch(config: BatchConfig, norm: NormConfig) -> str:
    """The batch and its normalization; a user's table is read from the store."""
    table, store = _table(config.table)
    return f"""from bnviz.core import batches, batchnorm
from bnviz.core.configs import BatchConfig, NormConfig
{store}
config = {config!r}
batch = batches.draw(config, {table})
result = batchnorm.apply(batch.values, {norm!r})
print(batchnorm.describe(batch.values).mean)  # before
print(batchnorm.describe(result.y).mean)  # after
"""


def training(config: TrainConfig) -> str:
    """The training, its dataset and its last snapshot; a user's table is read from the store."""
    table, store = _table(config.data.table, "config.data")
    return f"""from bnviz.core.configs import {", ".join(_CONFIGS)}
from bnviz.core.training import dataset_for, train
{store}
config = {config!r}
dataset = dataset_for(config.data, {table})
for snapshot in train(config, dataset, should_stop=lambda: False):
    print(snapshot.epoch, snapshot.bn.validation_loss, snapshot.plain.validation_loss)
"""


def _table(digest: str | None, owner: str = "config") -> tuple[str, str]:
    """How to get the user's table, and the import for it."""
    if digest is None:
        return "None", ""
    return f"open_store().table({owner}.table)", "from bnviz.store import open_store\n"
