"""What a sweep shows: in how many cells either net does better, where, and where that is open."""

from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Literal

from bnviz.core.nets.norms.names import NORM_SETTINGS, OVER_ROWS, Norm
from bnviz.core.settings import flat
from bnviz.core.sweep.config import FIELDS, Axis, SweepConfig, Value
from bnviz.core.sweep.results import Result
from bnviz.core.training.comparison import FEWEST, leader
from bnviz.core.verdict import Verdict

Words = dict[str, float | str | tuple[str | Verdict[str], ...] | Verdict[str]]

Key = Literal[
    "nothing_yet",
    "too_few",
    "nowhere",
    "counts",
    "bn_only",
    "plain_only",
    "diverged",
    "unused",
    "used_at",
    "unused_at",
]


def _norms_with(setting: str) -> tuple[Norm, ...]:
    return tuple(norm for norm, settings in NORM_SETTINGS.items() if setting in settings)


#: By a swept setting: other ones, and their values with which a training uses it. Of the probes a
#: cell takes none but, where sharpness is the metric, the exact largest eigenvalue.
USED_WITH: dict[str, tuple[tuple[str, tuple[Value, ...]], ...]] = {
    **{field: (("metric", ()),) for field in FIELDS if field.startswith("probes.")},
    "probes.bn_mode": (("metric", ("sharpness",)), ("network.norm", OVER_ROWS)),
    "optimizer.heavy_ball": (("optimizer.kind", ("momentum",)),),
    "data.samples": (("data.source", ("fitness",)),),
    "data.clip_scores": (("data.source", ("fitness",)),),
    **{
        f"network.{setting}": (("network.norm", _norms_with(setting)),)
        for settings in NORM_SETTINGS.values()
        for setting in settings
    },
}


def better(result: Result) -> Literal["bn", "plain", "undecided"]:
    """The net that does better in a comparison, where all of the sweep's together bear that out."""
    return leader(result.comparison, result.q)


def verdict(config: SweepConfig, results: Sequence[Result]) -> tuple[Verdict[Key], ...]:
    """Who does better in how many cells, where these lie, and in how many nobody is known to."""
    if not results:
        return (Verdict("nothing_yet"),)
    ahead = {net: [each for each in results if better(each) == net] for net in ("bn", "plain")}
    counts = {net: len(some) for net, some in ahead.items()}
    values: Words = {"metric": config.metric, "cells": len(results), "seeds": config.base.seeds}
    values |= {"fewest": FEWEST, "open": len(results) - sum(counts.values())}
    if config.base.seeds < FEWEST:
        first: Verdict[Key] = Verdict("too_few", values)
    else:
        first = Verdict("counts" if any(counts.values()) else "nowhere", {**values, **counts})
    return (
        first,
        *_only(config, ahead["bn"], "bn_only"),
        *_only(config, ahead["plain"], "plain_only"),
        *_diverged(results),
        *unused(config),
    )


def unused(config: SweepConfig) -> Iterator[Verdict[Key]]:
    """Of each axis whose setting not every cell uses: that none does, or which of them do.

    Cells that do not use it and differ in it alone are equal.
    """
    taken: dict[str, tuple[Value, ...]] = {field: (value,) for field, value in flat(config.base)}
    taken |= {"metric": (config.metric,)} | {axis.field: axis.values for axis in config.axes}
    for axis in config.axes:
        for other, users in USED_WITH.get(axis.field, ()):
            using = [value for value in taken[other] if value in users]
            idle = [value for value in taken[other] if value not in users]
            if not using:
                yield Verdict("unused", {"field": axis.field})
                break
            if idle:
                shorter = min(using, idle, key=len)
                values: Words = {"values": tuple(map(value_name, shorter)), "by": other}
                values |= {"field": axis.field}
                yield Verdict("used_at" if shorter is using else "unused_at", values)


def _only(config: SweepConfig, some: Sequence[Result], key: Key) -> Iterator[Verdict[Key]]:
    """Where alone a net is ahead, if that is not at every value of every axis: one sentence."""
    limits = []
    for axis in config.axes if some else ():
        if axis.field not in some[0].settings:
            continue
        at = {each.settings[axis.field] for each in some}
        if len(at) < len(axis.values):
            limits.append(_at(axis, [value for value in axis.values if value in at]))
    if limits:
        yield Verdict(key, {"where": reduce(_both, limits)})


def _both(one: Verdict[str], other: Verdict[str]) -> Verdict[str]:
    return Verdict("sweep.where.both", {"one": one, "other": other})


def _at(axis: Axis, values: Sequence[object]) -> Verdict[str]:
    """These values of an axis: from which to which where none lies between, else each."""
    numbers = [each for each in values if isinstance(each, int | float)]
    if len(numbers) == len(values) > 1 and _side_by_side(axis, numbers):
        ends: Words = {"field": axis.field, "low": float(min(numbers)), "high": float(max(numbers))}
        return Verdict("sweep.where.between", ends)
    names: Words = {"field": axis.field, "values": tuple(map(value_name, values))}
    return Verdict("sweep.where.at", names)


def value_name(value: object) -> str | Verdict[str]:
    """A value of a setting: a number as it is, anything else by the sentence that names it."""
    match value:
        case bool():
            return Verdict("setting.on" if value else "setting.off")
        case None:
            return Verdict("train.network.cumulative")
        case str():
            return Verdict(f"option.{value}")
        case float():
            return f"{value:.12g}".replace("e-0", "e-")
    return str(value)


def _side_by_side(axis: Axis, values: Sequence[float]) -> bool:
    """Whether these are all of the axis's values between the least and the largest of them."""
    others = [v for v in axis.values if isinstance(v, int | float) and v not in values]
    return not any(min(values) < other < max(values) for other in others)


def _diverged(results: Sequence[Result]) -> Iterator[Verdict[Key]]:
    """In how many comparisons no net of either kind is left."""
    gone = sum(each.diverged for each in results)
    if gone:
        yield Verdict("diverged", {"cells": gone})
