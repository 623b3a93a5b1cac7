"""What Train versus eval shows, in words computed from its results."""

import numpy as np

from bnviz.core.configs import StreamConfig
from bnviz.core.momentum import clock
from bnviz.core.streaming import Walk, eval_output, gap
from bnviz.plots.numbers import percent, short
from bnviz.ui.language import literal, say

#: Means and relative deviations closer than this are called equal.
CLOSE = 0.1


def stream_verdict(found: Walk, config: StreamConfig, eps: float) -> str:
    """Whether eval mode agrees with train mode after the last batch; if not, where and why."""
    output = eval_output(found, eps)
    steps = len(found.mean.batch)
    if not np.isfinite(found.variance.true).any():
        return say("train_vs_eval.verdict.no_variance")
    away = np.abs(output.mean)
    off = np.abs(output.deviation - output.train_deviation)
    worst = int(np.maximum(away, off).argmax())
    if max(away[worst], off[worst]) <= CLOSE:
        text = say(
            "train_vs_eval.verdict.close",
            steps=f"{steps:,}",
            mean=short(float(away.max()), 2),
            off=short(float(off.max()), 2),
        )
        return text
    text = say(
        "train_vs_eval.verdict.off",
        steps=f"{steps:,}",
        feature=literal(found.names[worst]),
        mean=short(float(output.mean[worst]), 2),
        deviation=short(float(output.deviation[worst]), 2),
        expected=short(float(output.train_deviation[worst]), 2),
    )
    return text + say("sentence.between") + _cause(found, config, worst, away[worst] >= off[worst])


def _cause(found: Walk, config: StreamConfig, feature: int, of_mean: bool) -> str:
    parts = gap(found, "mean" if of_mean else "variance", "true")
    sizes = {
        name: abs(float(getattr(parts, name)[-1, feature]))
        for name in ("warm_up", "drift", "noise")
    }
    largest = max(sizes, key=lambda name: sizes[name])
    track = found.mean
    rows = min(clock(config.torch_momentum).window, len(track.batch)) * found.batch_size
    return {
        "warm_up": lambda: say(
            "train_vs_eval.cause.warm_up", share=percent(float(track.remaining[-1]))
        ),
        "drift": lambda: say("train_vs_eval.cause.drift", step=config.shift_at),
        "noise": lambda: say("train_vs_eval.cause.noise", rows=f"{round(rows):,}"),
    }[largest]()
