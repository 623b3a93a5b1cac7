"""The code that computes what is on screen, ready to paste."""

from bnviz.core.configs import BatchConfig, NormConfig
from bnviz.export.code import table_code


def one_batch(config: BatchConfig, norm: NormConfig) -> str:
    """The batch and its normalization; a user's table is read from the store."""
    table, store = table_code(config.table)
    return f"""from bnviz.core.batchnorm import equations
from bnviz.core.configs import BatchConfig, NormConfig
from bnviz.core.data import batches
{store}
config = {config!r}
batch = batches.draw(config, {table})
result = equations.apply(batch.values, {norm!r})
print(equations.describe(batch.values).mean)  # before
print(equations.describe(result.y).mean)  # after
"""
