"""What Train versus eval shows, in words computed from its results."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from bnviz.core.batchnorm.micro_batches import Split
from bnviz.core.batchnorm.momentum import clock
from bnviz.core.batchnorm.stream import Walk, eval_output, gap
from bnviz.core.configs import StreamConfig
from bnviz.texts.markdown import literal
from bnviz.texts.numbers import percent, short
from bnviz.ui.language import say

if TYPE_CHECKING:
    from bnviz.core.batchnorm.layer_modes import Outcome, Setting
    from bnviz.core.training.precise_bn import Recalibration

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


def recalibration_verdict(found: "Recalibration", rows: int) -> str:
    """Whether precise BN lowered the held-out loss, and what train mode gives instead."""
    alive = np.isfinite(found.before) & np.isfinite(found.after)
    if not alive.any():
        return say("train_vs_eval.recalibrate.nothing")
    before, after = found.before[alive], found.after[alive]
    wins, seeds = int((after < before).sum()), int(alive.sum())
    middle = float(np.median(before)), float(np.median(after))
    outcome = (
        "better"
        if middle[1] < middle[0] and 2 * wins > seeds
        else "worse"
        if middle[1] > middle[0] and 2 * wins < seeds
        else "even"
    )
    text = say(
        f"train_vs_eval.recalibrate.verdict_{outcome}",
        before=short(middle[0]),
        after=short(middle[1]),
        change=percent(abs(middle[1] / middle[0] - 1)),
        wins=wins,
        seeds=seeds,
    )
    train_mode = found.train_mode[np.isfinite(found.train_mode)]
    if train_mode.size:
        text += say("sentence.between") + say(
            "train_vs_eval.recalibrate.verdict_train",
            loss=short(float(np.median(train_mode))),
            rows=rows,
        )
    return text


def frozen_verdict(found: "Outcome") -> str:
    """What the layer normalized with, and what one step changed."""
    groups: dict[bool, list[str]] = {True: [], False: []}
    for part, changed in found.changed.items():
        if changed is not None:
            groups[changed].append(f"`{part}`")
    lists = {
        name: say("sentence.comma").join(groups[changed]) or say("train_vs_eval.frozen.nothing")
        for name, changed in (("changes", True), ("stays", False))
    }
    return say(
        "train_vs_eval.frozen.verdict",
        using=say(f"train_vs_eval.frozen.{found.normalized_with}"),
        **lists,
    )


def frozen_notes(setting: "Setting", found: "Outcome") -> list[str]:
    """The traps that this setting is one of, by what was found."""
    notes = []
    learns, moves = found.changed["weight"], found.changed["running_mean"]
    if not setting.requires_grad and moves:
        notes.append(say("train_vs_eval.frozen.note_moves"))
    if not setting.training and learns:
        notes.append(say("train_vs_eval.frozen.note_learns"))
    if not setting.training and found.normalized_with == "batch":
        notes.append(say("train_vs_eval.frozen.note_batch"))
    if not (learns or moves) and found.normalized_with == "running":
        notes.append(say("train_vs_eval.frozen.note_frozen"))
    return notes


def split_verdict(found: Split, ways: Mapping[str, Mapping[str, float]]) -> str:
    """How far plain accumulation is from the big batch, and how close synchronized BN."""
    worst = max(ways["synchronized"].values())
    if len(found.sizes) == 1:
        return say("train_vs_eval.split.verdict_one", same=short(worst, 1))
    return say(
        "train_vs_eval.split.verdict",
        parts=len(found.sizes),
        output=percent(ways["accumulated"]["output"]),
        to_x=percent(ways["accumulated"]["to_x"]),
        same=short(worst, 1),
    )
