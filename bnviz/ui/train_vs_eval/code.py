"""The code that computes what Train versus eval shows, ready to paste."""

from bnviz.core.configs import BatchConfig, StreamConfig
from bnviz.export.code import config_code, table_code


def _walked(config: StreamConfig) -> str:
    table, store = table_code(config.batch.table)
    expression, imports = config_code(config)
    return f"""from bnviz.core.batchnorm import stream
{imports}from bnviz.core.data.moments import moments
{store}
config = {expression}
table = {table}
drawn = stream.drawn(config.batch, config.steps, table)
walk = stream.walk(config, drawn, moments(config.batch, table))
"""


def walk(config: StreamConfig) -> str:
    """The stream and its running statistics."""
    return (
        _walked(config)
        + "print(walk.mean.running[-1], walk.mean.true[-1], walk.mean.deviation[-1])\n"
        + "print(walk.variance.running[-1], walk.variance.true[-1], walk.variance.deviation[-1])\n"
    )


def gap(config: StreamConfig, quantity: str, reference: str) -> str:
    """The gap and its parts."""
    return (
        _walked(config)
        + f"gap = stream.gap(walk, {quantity!r}, {reference!r})\n"
        + "print(gap.total[-1], gap.warm_up[-1] + gap.bessel[-1] + gap.drift[-1] + gap.noise[-1])\n"
    )


def clock(torch_momentum: float | None) -> str:
    """The times of a momentum."""
    return f"from bnviz.core.batchnorm.momentum import clock\n\nprint(clock({torch_momentum!r}))\n"


def dependence(config: StreamConfig, feature: int, z: float, eps: float) -> str:
    """One sample in random batches."""
    table, store = table_code(config.batch.table)
    expression, imports = config_code(config.batch)
    return f"""from bnviz.core.batchnorm.batch_dependence import batch_dependence
{imports}from bnviz.core.data.moments import moments
{store}
batch = {expression}
table = {table}
dependence = batch_dependence(batch, {feature}, {z!r}, {eps!r}, moments(batch, table), table)
print(dependence.sizes, dependence.quantiles, dependence.theory)
"""


def split(batch: BatchConfig, parts: int, eps: float, torch_momentum: float | None) -> str:
    """One batch split, three ways."""
    table, store = table_code(batch.table)
    expression, imports = config_code(batch)
    return f"""from bnviz.core.batchnorm import micro_batches
{imports}from bnviz.core.data import batches
{store}
batch = batches.draw({expression}, {table})
split = micro_batches.split_ways(
    batch.values, {parts}, {eps!r}, {torch_momentum!r}, seed={batch.seed}
)
print(micro_batches.differences(split.accumulated, split.big))
print(micro_batches.differences(split.synchronized, split.big))
"""


#: The repair in PyTorch's own words.
RECALIBRATE = """from torch.optim.swa_utils import update_bn

# model: the trained net; loader: batches of its training inputs
update_bn(loader, model)  # resets every BN layer, then averages over all batches alike
model.eval()
"""
