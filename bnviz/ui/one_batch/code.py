"""The code that computes what is on screen, ready to paste."""

from bnviz.core.configs import BatchConfig, NormConfig
from bnviz.export.code import config_code, table_code


def one_batch(config: BatchConfig, norm: NormConfig) -> str:
    """The batch and its normalization; a user's table is read from the store."""
    table, store = table_code(config.table)
    drawn, batch_config = config_code(config)
    normalized, norm_config = config_code(norm)
    return f"""from bnviz.core.batchnorm import equations
{batch_config}{norm_config}from bnviz.core.data import batches
{store}
config = {drawn}
batch = batches.draw(config, {table})
result = equations.apply(batch.values, {normalized})
print(equations.describe(batch.values).mean)  # before
print(equations.describe(result.y).mean)  # after
"""
