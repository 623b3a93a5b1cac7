"""Whether eval mode agrees with train mode after a stream of batches; if not, where and why."""

from typing import Literal

import numpy as np

from bnviz.core.batchnorm.momentum import clock
from bnviz.core.batchnorm.stream import Walk, eval_output, gap
from bnviz.core.configs import StreamConfig
from bnviz.core.verdict import Verdict

#: Means and relative deviations closer than this are called equal.
CLOSE = 0.1

Key = Literal["no_variance", "close", "off", "warm_up", "drift", "noise"]


def verdict(walk: Walk, config: StreamConfig, eps: float) -> tuple[Verdict[Key], ...]:
    """After the last batch: agreement, or the worst feature and the largest cause of its gap."""
    if not np.isfinite(walk.variance.true).any():
        return (Verdict("no_variance"),)
    output, steps = eval_output(walk, eps), len(walk.mean.batch)
    away = np.abs(output.mean)
    off = np.abs(output.deviation - output.train_deviation)
    worst = int(np.maximum(away, off).argmax())
    if max(away[worst], off[worst]) <= CLOSE:
        values = {"steps": steps, "mean": float(away.max()), "off": float(off.max())}
        return (Verdict("close", values),)
    disagreement: Verdict[Key] = Verdict(
        "off",
        {
            "steps": steps,
            "feature": walk.names[worst],
            "mean": float(output.mean[worst]),
            "deviation": float(output.deviation[worst]),
            "expected": float(output.train_deviation[worst]),
        },
    )
    return disagreement, _cause(walk, config, worst, bool(away[worst] >= off[worst]))


def _cause(walk: Walk, config: StreamConfig, feature: int, of_mean: bool) -> Verdict[Key]:
    parts = gap(walk, "mean" if of_mean else "variance", "true")
    causes: tuple[Key, ...] = ("warm_up", "drift", "noise")
    largest = max(causes, key=lambda cause: abs(float(getattr(parts, cause)[-1, feature])))
    window = min(clock(config.torch_momentum).window, len(walk.mean.batch))
    values = {
        "share": float(walk.mean.remaining[-1]),
        "step": config.shift_at,
        "rows": round(window * walk.batch_size),
    }
    return Verdict(largest, values)
