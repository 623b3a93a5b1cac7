"""Tabs of Train versus eval about the layer itself: the gap, the clock, one sample in its batch."""

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from bnviz.core.batchnorm.batch_dependence import verdict
from bnviz.core.batchnorm.momentum import clock, complement, remaining, shares, weights
from bnviz.core.batchnorm.stream import Gap, Quantity, Walk
from bnviz.core.configs import BatchConfig, StreamConfig
from bnviz.core.types import LEVELS
from bnviz.plots.train_vs_eval import batch_dependence, stream
from bnviz.plots.train_vs_eval.momentum import batch_weights, decay
from bnviz.texts.markdown import literal
from bnviz.texts.numbers import plain, short
from bnviz.ui.controls import TRAIN_VS_EVAL
from bnviz.ui.figures import explain, look, show, show_pair
from bnviz.ui.language import say, say_verdict
from bnviz.ui.sources import show_sources
from bnviz.ui.train_vs_eval import code, compute, live
from bnviz.ui.widgets import ask

Reference = Literal["true", "train"]


def _show_running(config: StreamConfig, chosen: int | None) -> None:
    """Both running statistics over the batches, of one feature or of all."""
    walk, scale = compute.walk(config), compute.moments_of(config.batch).scale
    quantities: tuple[Quantity, ...] = ("mean", "variance")
    tracks = {quantity: getattr(walk, quantity) for quantity in quantities}
    show_pair(
        {
            f"running-{quantity}": stream.all_running(
                track, quantity, scale, walk.names, look(), say
            )
            if chosen is None
            else stream.running(track, quantity, chosen, walk.names[chosen], look(), say)
            for quantity, track in tracks.items()
        },
        say("train_vs_eval.walk.alt"),
        "train_vs_eval.walk.running_{}",
        {f"running-{quantity}": live.running(config, quantity, chosen) for quantity in quantities},
    )
    explain(
        "walk",
        say("train_vs_eval.walk.caption"),
        data=lambda: walk_frame(walk),
        code=code.walk(config),
    )
    show_sources("walk")


def show_gap(config: StreamConfig, chosen: int | None) -> None:
    """Both running statistics beside what they should be."""
    if _has_gap(config):
        _show_running(config, chosen)


def show_parts(main: DeltaGenerator, config: StreamConfig, feature: int, eps: float) -> None:
    """Running minus true, taken apart: over the steps, and at one step."""
    if not _has_gap(config):
        return
    with main:
        quantity: Quantity = ask(TRAIN_VS_EVAL["quantity"])
    picture = st.container()
    walk = compute.walk(config)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        step = _ask_step(len(walk.mean.batch))
        against = TRAIN_VS_EVAL["reference"]
        reference: Reference = ask(against, disabled=quantity == "mean", width=300)
    parts = compute.gap(config, quantity, reference)
    name = walk.names[feature]
    axis = say(f"train_vs_eval.gap.axis_{quantity}")
    with picture:
        show(
            stream.gap_parts(parts, feature, step, name, axis, look(), say),
            "gap",
            alt=say("train_vs_eval.gap.alt"),
            caption=say("train_vs_eval.gap.caption"),
            data=lambda: _gap_over_steps(config, quantity, reference),
            code=code.gap(config, quantity, reference),
            live=live.gap(config, quantity, reference, feature, step),
        )
    _show_step(walk, parts, feature, step)
    if before := compute.answer(config, eps)[1]:
        st.markdown(say_verdict("train_vs_eval.verdict", *before))
    show_sources("gap")


def _ask_step(last: int) -> int:
    """At which step the parts are told, up to the `last`."""
    if st.session_state.get("gap_step", last) > last:  # it was chosen on a longer stream
        st.session_state["gap_step"] = last
    step: int = ask(replace(TRAIN_VS_EVAL["gap_step"], default=last, most=last))
    return step


def _has_gap(config: StreamConfig) -> bool:
    """Whether there are batches to compare; says so where there are none."""
    if config.batch.batch_size == 1:
        st.markdown(say("train_vs_eval.gap.none"))
    return config.batch.batch_size > 1


def _show_step(walk: Walk, parts: Gap, feature: int, step: int) -> None:
    """The sum at one step: of one feature in a sentence, of every one in a table."""
    values = {part: float(getattr(parts, part)[step, feature]) for part in stream.PARTS}
    total, predicted = (float(each[step, feature]) for each in (parts.total, parts.predicted))
    name = literal(walk.names[feature])
    more = {"feature": name, "step": step, "total": total, "predicted": predicted}
    st.markdown(say("train_vs_eval.gap.sum", **more, **values))
    frame = gap_frame(walk, parts, step)
    number = st.column_config.NumberColumn(format="%.5g")
    formats = dict.fromkeys(frame.columns[1:], number)
    st.dataframe(frame, hide_index=True, column_config=formats, key="gap-table")


def gap_frame(walk: Walk, parts: Gap, step: int) -> pd.DataFrame:
    """Every feature's gap and its parts at one step."""
    columns = {say("stat.feature"): list(walk.names)}
    for part in ("total", *stream.PARTS, "predicted"):
        columns[say(f"train_vs_eval.gap.{part}")] = getattr(parts, part)[step]
    return pd.DataFrame(columns)


def _gap_over_steps(config: StreamConfig, quantity: Quantity, reference: Reference) -> pd.DataFrame:
    walk, parts = compute.walk(config), compute.gap(config, quantity, reference)
    frames = [gap_frame(walk, parts, step) for step in range(len(parts.total))]
    return pd.concat(frames, keys=range(len(frames)), names=["step", ""]).reset_index(level=0)


def walk_frame(walk: Walk) -> pd.DataFrame:
    """Both running statistics of every feature at every step, with truth and theory."""
    count = len(walk.mean.running)
    columns: dict[str, object] = {
        "step": np.repeat(np.arange(count), len(walk.names)),
        "feature": np.tile(np.array(walk.names, dtype=object), count),
    }
    for name, track in (("mean", walk.mean), ("variance", walk.variance)):
        for field in ("running", "true", "expected", "deviation"):
            columns[f"{name}_{field}"] = getattr(track, field).ravel()
    return pd.DataFrame(columns)


def show_clock(config: StreamConfig) -> None:
    """What the momentum means in batches."""
    momentum = config.torch_momentum
    times = clock(momentum)
    rows = config.batch.batch_size
    values = {
        "torch": "None" if momentum is None else plain(momentum),
        "keras": "–" if momentum is None else plain(complement(momentum)),
        "window": short(times.window),
        "half_life": short(times.half_life),
        "hundredth": short(times.hundredth),
    }
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        for name, value in values.items():
            st.metric(say(f"train_vs_eval.clock.{name}"), value, width="content")
    key = "caption" if momentum is not None else "caption_cumulative"
    count = len(compute.walk(config).mean.batch) if rows > 1 else config.steps
    show_pair(
        {
            "decay": decay(momentum, times, count, look(), say),
            "weights": batch_weights(momentum, count, look(), say),
        },
        say("train_vs_eval.clock.alt"),
        "train_vs_eval.clock.{}",
    )
    explain(
        "clock",
        say(f"train_vs_eval.clock.{key}", rows=short(times.window * rows)),
        data=lambda: _clock_frame(momentum, count),
        code=code.clock(momentum),
    )
    show_sources("clock")


def _clock_frame(momentum: float | None, count: int) -> pd.DataFrame:
    """What is left of the start after each batch, and what the batch weighs in the end."""
    taken = shares(momentum, count)
    left, weight = remaining(taken)[1:], weights(taken)
    return pd.DataFrame({"batch": np.arange(1, count + 1), "start_left": left, "weight": weight})


def show_dependence(
    answer: DeltaGenerator, main: DeltaGenerator, config: StreamConfig, feature: int, eps: float
) -> None:
    """One sample among other rows, by batch size and in batches of one size."""
    with main:
        z: float = ask(TRAIN_VS_EVAL["z"])
        size: int = ask(TRAIN_VS_EVAL["company_b"])
    batch = compute.any_size(config.batch)
    dependence = compute.dependence(batch, feature, z, eps)
    if size == 1:
        answer.markdown(say("train_vs_eval.single", message=literal(compute.refusal() or "")))
    elif size > dependence.sizes[-1]:
        st.caption(say("train_vs_eval.company.few", most=dependence.sizes[-1]))
        size = dependence.sizes[-1]
    if size > 1:
        told = verdict(dependence, size, z)
        answer.markdown(say_verdict("train_vs_eval.company.verdict", told))
    figures = {"fan": batch_dependence.fan(dependence, size, look(), say)}
    if size > 1:
        outputs = dependence.outputs[dependence.sizes.index(size)]
        density = compute.density(batch, feature, z, size, eps)
        figures["outputs"] = batch_dependence.at_size(outputs, density, size, look(), say)
    show_pair(figures, say("train_vs_eval.company.alt"), "train_vs_eval.company.{}")
    theory = "none" if dependence.theory is None else "exact" if dependence.exact else "large"
    explain(
        "company",
        say(
            f"train_vs_eval.company.theory_{theory}",
            batches=f"{len(dependence.outputs[0]):,}",
            feature=literal(compute.names(config.batch)[feature]),
        ),
        data=lambda: _dependence_frame(batch, feature, z, eps),
        code=code.dependence(config, feature, z, eps),
    )
    show_sources("company")


def _dependence_frame(batch: BatchConfig, feature: int, z: float, eps: float) -> pd.DataFrame:
    dependence = compute.dependence(batch, feature, z, eps)
    columns: dict[str, object] = {"batch_size": dependence.sizes}
    for i, level in enumerate(LEVELS):
        columns[f"measured_{level:g}"] = dependence.quantiles[:, i]
        if dependence.theory is not None:
            columns[f"theory_{level:g}"] = dependence.theory[:, i]
    return pd.DataFrame(columns)
