"""Whether eval mode agrees with train mode along a stream of batches; where not, when and why."""

from collections.abc import Mapping
from typing import Literal

import numpy as np

from bnviz.core.batchnorm.momentum import clock
from bnviz.core.batchnorm.stream import Quantity, Walk, eval_output, gap
from bnviz.core.configs import StreamConfig
from bnviz.core.types import Bools, Floats
from bnviz.core.verdict import Verdict

#: Means and relative deviations closer than this are called equal.
CLOSE = 0.1

Cause = Literal["warm_up", "drift", "noise", "bessel"]
Key = Literal[
    "no_variance",
    "close",
    "agrees",
    "was_warm_up",
    "was_drift",
    "was_noise",
    "was_bessel",
    "off",
    "warm_up",
    "drift",
    "noise",
    "bessel",
]
#: What is said of each cause where eval mode agrees by now.
WAS: Mapping[Cause, Key] = {
    "warm_up": "was_warm_up",
    "drift": "was_drift",
    "noise": "was_noise",
    "bessel": "was_bessel",
}


def verdict(walk: Walk, config: StreamConfig, eps: float) -> tuple[Verdict[Key], ...]:
    """Agreement after each batch; or after the last, and what kept them apart before; or none."""
    if not np.isfinite(walk.variance.true).any():
        return (Verdict("no_variance"),)
    output = eval_output(walk, eps)
    away, off = np.abs(output.mean), np.abs(output.deviation - output.train_deviation)
    furthest = np.fmax(away, off)
    apart = np.flatnonzero(np.nanmax(furthest, axis=1) > CLOSE).tolist()  # the first batch is 0
    last = len(furthest) - 1
    values: dict[str, float | str] = {"steps": last + 1}

    def worst(batch: int) -> dict[str, float | str]:
        feature = int(np.nanargmax(furthest[batch]))
        return {
            "feature": walk.names[feature],
            "mean": float(output.mean[batch, feature]),
            "deviation": float(output.deviation[batch, feature]),
            "expected": float(output.train_deviation[batch, feature]),
            **_times(walk, config, batch),
        }

    causes = _causes(walk, away, off)
    if last in apart:
        values |= worst(last)
        return Verdict("off", values), Verdict(causes[last], values)
    held = slice(None) if not len(apart) else slice(last, None)
    values |= {"mean": float(np.nanmax(away[held])), "off": float(np.nanmax(off[held]))}
    if not len(apart):
        return (Verdict("close", values),)
    told = []
    for cause, key in WAS.items():
        batches = [batch for batch in apart if causes[batch] == cause]
        if batches:
            batch = max(batches, key=lambda batch: float(np.nanmax(furthest[batch])))
            told.append(Verdict(key, {"count": len(batches), "batch": batch + 1, **worst(batch)}))
    return Verdict("agrees", values), *told


@np.errstate(invalid="ignore")
def _causes(walk: Walk, away: Floats, off: Floats) -> list[Cause]:
    """(T,) what pulls the running statistic that is furthest off most to the side it is on."""
    causes = list(WAS)
    batches = np.arange(len(away))
    features = np.nanargmax(np.fmax(away, off), axis=1)
    of_mean = ~(off[batches, features] > away[batches, features])
    pulls = np.zeros((len(causes), len(away)))
    of_quantity: dict[Quantity, Bools] = {"mean": of_mean, "variance": ~of_mean}
    for quantity, chosen in of_quantity.items():
        parts = gap(walk, quantity, "true")
        for row, cause in enumerate(causes[:3]):
            pulls[row, chosen] = getattr(parts, cause)[1:][batches, features][chosen]
    bessel = walk.variance.true[1:] - walk.spread
    pulls[3, ~of_mean] = bessel[batches, features][~of_mean]
    return [causes[row] for row in (pulls * np.sign(pulls.sum(axis=0))).argmax(axis=0)]


def _times(walk: Walk, config: StreamConfig, batch: int) -> dict[str, float]:
    """How far back the running statistics reach after that batch."""
    window = min(clock(config.torch_momentum).window, batch + 1)
    return {
        "share": float(walk.mean.remaining[batch + 1]),
        "step": config.shift_at,
        "rows": round(window * walk.batch_size),
        "more": 1 / (walk.rows - 1) if walk.rows else 0.0,
    }
