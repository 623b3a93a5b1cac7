"""Verdicts in words: results in, one sentence or two out."""

from collections.abc import Sequence

import numpy as np

from bnviz.core.batches import Batch, feature_limit, row_limit
from bnviz.core.configs import BatchConfig, NormConfig
from bnviz.core.effects import Effect
from bnviz.plots.numbers import percent, short
from bnviz.ui import cached
from bnviz.ui.language import literal, say


def batch_verdict(
    names: Sequence[str], effect: Effect, config: BatchConfig, norm: NormConfig
) -> str:
    """What BN did to this batch, exceptions named."""
    every = norm.affine_feature is None
    gamma, beta = (short(abs(norm.gamma)), short(norm.beta)) if every else ("1", "0")
    if config.batch_size == 1:
        return say(
            "one_batch.verdict.single" if norm.eps else "one_batch.verdict.single_undefined",
            beta=beta,
        )
    parts = [_overall(names, effect, norm, gamma, beta), _swallowed(names, effect)]
    if effect.constant.any():
        key = "constant" if norm.eps else "undefined"
        parts.append(
            say(f"one_batch.verdict.{key}", features=_named(names, effect.constant), beta=beta)
        )
    return say("sentence.between").join(part for part in parts if part)


def _overall(names: Sequence[str], effect: Effect, norm: NormConfig, gamma: str, beta: str) -> str:
    good, tolerance = int(effect.normalized.sum()), short(max(effect.tolerance, 1e-16), 1)
    figures = {"gamma": gamma, "beta": beta, "tolerance": tolerance}
    if good == 0:
        return say("one_batch.verdict.none", **figures)
    if good < len(names):
        return say("one_batch.verdict.most", good=good, all=len(names), **figures)
    if norm.affine_feature is not None:
        one = literal(names[norm.affine_feature])
        figures |= {"gamma": short(abs(norm.gamma)), "beta": short(norm.beta)}
        return say("one_batch.verdict.one_affine", feature=one, **figures)
    return say("one_batch.verdict.normal", **figures)


def _swallowed(names: Sequence[str], effect: Effect) -> str:
    if not effect.swallowed.any():
        return ""
    deviation = np.where(effect.swallowed, effect.deviation, np.inf)
    worst = int(deviation.argmin())
    text = say(
        "one_batch.verdict.swallowed",
        feature=literal(names[worst]),
        deviation=short(effect.deviation[worst]),
        share=percent(1 - effect.deviation[worst] ** 2),
    )
    more = int(effect.swallowed.sum()) - 1
    if more:
        text += say("sentence.between") + say("one_batch.verdict.swallowed_more", count=more)
    return text


def _named(names: Sequence[str], mask: np.ndarray) -> str:
    chosen = [literal(name) for name, taken in zip(names, mask, strict=True) if taken]
    more = [say("sentence.and_more", count=len(chosen) - 4)] if len(chosen) > 4 else []
    return say("sentence.comma").join([*chosen[:4], *more])


def batch_notes(batch: Batch, config: BatchConfig) -> list[str]:
    """Where the batch is not quite what was asked for, and what torch says to it."""
    notes = []
    if len(batch.names) < config.features and config.source != "table":
        limit = feature_limit(config.source)
        notes.append(say("one_batch.limited", limit=limit, asked=config.features))
    table = cached.table(config.table) if config.table else None
    rows = len(table.values) if table else row_limit(config.source)
    if rows is not None and config.batch_size > rows:
        notes.append(say("one_batch.replaced", limit=rows, asked=f"{config.batch_size:,}"))
    if config.batch_size == 1:
        notes.append(say("one_batch.verdict.torch_says", message=cached.torch_refusal(config)))
    return notes
