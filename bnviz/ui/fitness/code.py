"""The code that computes what is on screen, ready to paste."""

from bnviz.core.configs import TrainConfig
from bnviz.export.code import config_code, table_code


def training(config: TrainConfig) -> str:
    """The training, its dataset and its last snapshot; a user's table is read from the store."""
    table, store = table_code(config.data.table)
    expression, imports = config_code(config)
    return f"""{imports}from bnviz.core.data.preparation import dataset_for
from bnviz.core.training.train import train
{store}
config = {expression}
dataset = dataset_for(config.data, {table})
for snapshot in train(config, dataset, should_stop=lambda: False):
    print(snapshot.epoch, snapshot.bn.validation_loss, snapshot.plain.validation_loss)
"""
