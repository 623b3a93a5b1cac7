"""How much a batch's means move from one batch to the next."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bnviz.core.configs import BatchConfig
from bnviz.core.data.batches import draw, row_limit
from bnviz.core.data.tables import Table

#: Drawing more numbers than this would keep the reader waiting.
MOST_CELLS = 20_000_000


@dataclass(frozen=True)
class MeanNoise:
    """Means of N batches of D features, in standard deviations of the pooled rows.

    `measured` is their root mean square over batches and features (unbiased, N - 1);
    `expected` is 1 / sqrt(B), smaller where rows are drawn without replacement from
    few (Cochran, *Sampling Techniques*, 1977, theorem 2.2).
    """

    seeds: list[int]
    departures: NDArray[np.float64]
    measured: float
    expected: float


def mean_noise(config: BatchConfig, table: Table | None = None, batches: int = 40) -> MeanNoise:
    """The `batches` draws that end with `config`'s own, fewer where they would be huge."""
    size = config.batch_size * config.features
    count = max(2, min(batches, MOST_CELLS // size))
    seeds = [config.seed - back for back in range(count - 1, -1, -1) if config.seed >= back]
    if len(seeds) < 2:
        seeds = [config.seed, config.seed + 1]
    drawn = [draw(config.model_copy(update={"seed": seed}), table).values for seed in seeds]
    means = np.array([x.mean(axis=0) for x in drawn])
    center = means.mean(axis=0)
    deviation = np.sqrt(np.mean([((x - center) ** 2).mean(axis=0) for x in drawn], axis=0))
    departures = (means - center) / np.where(deviation > 0, deviation, 1.0)
    moving = departures[:, deviation > 0]
    degrees = (len(seeds) - 1) * max(moving.shape[1], 1)
    rows = row_limit(config.source, table)
    few = rows is not None and config.batch_size <= rows
    correction = (rows - config.batch_size) / (rows - 1) if rows and few and rows > 1 else 1.0
    return MeanNoise(
        seeds,
        departures,
        float(np.sqrt((moving**2).sum() / degrees)),
        float(np.sqrt(correction / config.batch_size)),
    )
