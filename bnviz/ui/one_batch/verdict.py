"""Verdicts in words: results in, one sentence or two out."""

from collections.abc import Sequence

import numpy as np

from bnviz.core.batchnorm.effect import Effect
from bnviz.core.batchnorm.equations import affine
from bnviz.core.configs import BatchConfig, NormConfig
from bnviz.core.data.batches import Batch, feature_limit, row_limit
from bnviz.texts.markdown import literal
from bnviz.texts.numbers import percent, short
from bnviz.ui import cache
from bnviz.ui.language import say
from bnviz.ui.one_batch import data


def batch_verdict(
    names: Sequence[str], effect: Effect, config: BatchConfig, norm: NormConfig
) -> str:
    """What BN did to this batch, exceptions named."""
    if config.batch_size == 1:
        parts = [_single(norm), _one_affine(names, norm)]
    else:
        parts = [
            _overall(names, effect, norm),
            _swallowed(names, effect),
            *_constant(names, effect, norm),
            _one_affine(names, norm),
        ]
    return say("sentence.between").join(part for part in parts if part)


def _single(norm: NormConfig) -> str:
    if not norm.eps:
        return say("one_batch.verdict.single_undefined")
    beta = norm.beta if norm.affine_feature is None else 0.0
    return say("one_batch.verdict.single", beta=short(beta))


def _overall(names: Sequence[str], effect: Effect, norm: NormConfig) -> str:
    every = norm.affine_feature is None
    gamma, beta = (abs(norm.gamma), norm.beta) if every else (1.0, 0.0)
    good = int(effect.normalized.sum())
    if good == 0:
        return say("one_batch.verdict.none", gamma=short(gamma))
    figures = {
        "gamma": short(gamma),
        "beta": short(beta),
        "tolerance": short(max(gamma * effect.tolerance, 1e-16), 1),
    }
    if good < len(names):
        return say("one_batch.verdict.most", good=good, all=len(names), **figures)
    return say("one_batch.verdict.normal", **figures)


def _one_affine(names: Sequence[str], norm: NormConfig) -> str:
    if norm.affine_feature is None:
        return ""
    feature = literal(names[norm.affine_feature])
    gamma, beta = short(norm.gamma), short(norm.beta)
    return say("one_batch.verdict.one_affine", feature=feature, gamma=gamma, beta=beta)


def _constant(names: Sequence[str], effect: Effect, norm: NormConfig) -> list[str]:
    """One sentence for each value that constant features get."""
    betas = affine(norm, len(names))[1]
    if not norm.eps:
        betas = np.zeros(len(names))  # all get NaN alike
    key = "constant" if norm.eps else "undefined"
    return [
        say(
            f"one_batch.verdict.{key}",
            features=_named(names, effect.constant & (betas == beta)),
            beta=short(float(beta)),
        )
        for beta in np.unique(betas[effect.constant])
    ]


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
    table = cache.table(config.table) if config.table else None
    rows = len(table.values) if table else row_limit(config.source)
    if rows is not None and config.batch_size > rows:
        notes.append(say("one_batch.replaced", limit=rows, asked=f"{config.batch_size:,}"))
    if config.batch_size == 1:
        notes.append(say("one_batch.verdict.torch_says", message=data.torch_refusal(config)))
    return notes
