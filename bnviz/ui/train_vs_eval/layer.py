"""Tabs of Train versus eval about the layer itself: the gap, the clock, company in the batch."""

from typing import Literal

import numpy as np
import pandas as pd
import streamlit as st

from bnviz.core.batchnorm.batch_dependence import LEVELS, verdict
from bnviz.core.batchnorm.momentum import clock, complement
from bnviz.core.batchnorm.stream import Quantity, Walk
from bnviz.core.configs import StreamConfig
from bnviz.plots.train_vs_eval import batch_dependence, stream
from bnviz.plots.train_vs_eval.momentum import batch_weights, decay
from bnviz.texts.markdown import literal
from bnviz.texts.numbers import plain, short
from bnviz.ui.controls import TRAIN_VS_EVAL
from bnviz.ui.figures import explain, look, show, show_pair
from bnviz.ui.language import say, say_verdict
from bnviz.ui.sources import show_sources
from bnviz.ui.train_vs_eval import code, compute
from bnviz.ui.widgets import ask


def show_gap(config: StreamConfig, feature: int) -> None:
    """Running minus true, taken apart: one feature over the steps, all features at one step."""
    if config.batch.batch_size == 1:
        st.markdown(say("train_vs_eval.gap.none"))
        return
    found = compute.walk(config)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        quantity: Quantity = ask(TRAIN_VS_EVAL["quantity"])
        reference: Literal["true", "train"] = ask(
            TRAIN_VS_EVAL["reference"], disabled=quantity == "mean"
        )
        asked = ask(TRAIN_VS_EVAL["gap_step"], width=260)
    parts = compute.gap(config, quantity, reference)
    step = min(asked, len(parts.total) - 1)
    name = found.names[feature]
    values = {part: float(getattr(parts, part)[step, feature]) for part in stream.PARTS}
    st.markdown(
        say(
            "train_vs_eval.gap.sum",
            feature=literal(name),
            step=step,
            total=float(parts.total[step, feature]),
            predicted=float(parts.predicted[step, feature]),
            **values,
        )
    )
    axis = say(f"train_vs_eval.gap.axis_{quantity}")
    show(
        stream.gap_parts(parts, feature, name, axis, look(), say),
        "gap",
        alt=say("train_vs_eval.gap.alt"),
        caption=say("train_vs_eval.gap.caption"),
        data=lambda: _gap_over_steps(config, quantity, reference),
        code=code.gap(config, quantity, reference),
    )
    frame = gap_frame(found, parts, step)
    number = st.column_config.NumberColumn(format="%.5g")
    formats = dict.fromkeys(frame.columns[1:], number)
    st.dataframe(frame, hide_index=True, column_config=formats, key="gap-table")
    show_sources("gap")


def gap_frame(found: Walk, parts: object, step: int) -> pd.DataFrame:
    """Every feature's gap and its parts at one step."""
    columns = {say("stat.feature"): list(found.names)}
    for part in ("total", *stream.PARTS, "predicted"):
        columns[say(f"train_vs_eval.gap.{part}")] = getattr(parts, part)[step]
    return pd.DataFrame(columns)


def _gap_over_steps(
    config: StreamConfig, quantity: Quantity, reference: Literal["true", "train"]
) -> pd.DataFrame:
    found, parts = compute.walk(config), compute.gap(config, quantity, reference)
    frames = [gap_frame(found, parts, step) for step in range(len(parts.total))]
    return pd.concat(frames, keys=range(len(frames)), names=["step", ""]).reset_index(level=0)


def walk_frame(found: Walk) -> pd.DataFrame:
    """Both running statistics of every feature at every step, with truth and theory."""
    count = len(found.mean.running)
    columns: dict[str, object] = {
        "step": np.repeat(np.arange(count), len(found.names)),
        "feature": np.tile(np.array(found.names, dtype=object), count),
    }
    for name, track in (("mean", found.mean), ("variance", found.variance)):
        for field in ("running", "true", "expected", "deviation"):
            columns[f"{name}_{field}"] = getattr(track, field).ravel()
    return pd.DataFrame(columns)


def show_clock(config: StreamConfig) -> None:
    """What the momentum means in batches."""
    momentum = config.torch_momentum
    found = clock(momentum)
    rows = config.batch.batch_size
    values = {
        "torch": "None" if momentum is None else plain(momentum),
        "keras": "–" if momentum is None else plain(complement(momentum)),
        "window": short(found.window),
        "half_life": short(found.half_life),
        "hundredth": short(found.hundredth),
    }
    for column, (name, value) in zip(st.columns(5), values.items(), strict=True):
        column.metric(say(f"train_vs_eval.clock.{name}"), value)
    key = "caption" if momentum is not None else "caption_cumulative"
    count = len(compute.walk(config).mean.batch) if rows > 1 else config.steps
    show_pair(
        {
            "decay": decay(momentum, found, look(), say),
            "weights": batch_weights(momentum, count, look(), say),
        },
        say("train_vs_eval.clock.alt"),
        lambda name: say(f"train_vs_eval.clock.{'start' if name == 'decay' else name}"),
    )
    explain(
        "clock",
        say(f"train_vs_eval.clock.{key}", rows=short(found.window * rows)),
        code=code.clock(momentum),
    )
    show_sources("clock")


def show_company(config: StreamConfig, feature: int, eps: float) -> None:
    """One sample among strangers, by batch size and in batches of one size."""
    left, right = st.columns(2)
    with left:
        z: float = ask(TRAIN_VS_EVAL["z"])
    with right:
        size: int = ask(TRAIN_VS_EVAL["company_b"])
    found = compute.company(config.batch, feature, z, eps)
    if size == 1:
        st.markdown(say("train_vs_eval.single", message=literal(compute.refusal() or "")))
    elif size > found.sizes[-1]:
        st.caption(say("train_vs_eval.company.few", most=found.sizes[-1]))
        size = found.sizes[-1]
    if size > 1:
        told = verdict(found, size, z)
        st.markdown(say_verdict("train_vs_eval.company.verdict", told))
    figures = {"fan": batch_dependence.fan(found, size, look(), say)}
    if size > 1:
        outputs = found.outputs[found.sizes.index(size)]
        density = compute.density(config.batch, feature, z, size, eps)
        figures["outputs"] = batch_dependence.at_size(outputs, density, size, look(), say)
    show_pair(figures, say("train_vs_eval.company.alt"), lambda name: name)
    theory = "none" if found.theory is None else "exact" if found.exact else "large"
    explain(
        "company",
        say(
            f"train_vs_eval.company.theory_{theory}",
            batches=f"{len(found.outputs[0]):,}",
            feature=literal(compute.names(config.batch)[feature]),
        ),
        data=lambda: _company_frame(config, feature, z, eps),
        code=code.company(config, feature, z, eps),
    )
    show_sources("company")


def _company_frame(config: StreamConfig, feature: int, z: float, eps: float) -> pd.DataFrame:
    found = compute.company(config.batch, feature, z, eps)
    columns: dict[str, object] = {"batch_size": found.sizes}
    for i, level in enumerate(LEVELS):
        columns[f"measured_{level:g}"] = found.quantiles[:, i]
        if found.theory is not None:
            columns[f"theory_{level:g}"] = found.theory[:, i]
    return pd.DataFrame(columns)
