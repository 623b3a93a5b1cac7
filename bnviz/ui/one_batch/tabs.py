"""The tabs below One batch's figure; only the open one is computed."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from bnviz.core.configs import BatchConfig, NormConfig
from bnviz.plots.one_batch.details import MOST_ROWS, batch_to_batch, gain_curve, matrix
from bnviz.plots.one_batch.distributions import Side
from bnviz.texts.markdown import literal
from bnviz.texts.numbers import short
from bnviz.ui.controls import ONE_BATCH
from bnviz.ui.figures import download, draw, explain, look, show, show_pair
from bnviz.ui.language import paragraph, say, say_verdict
from bnviz.ui.one_batch import compute, formulas, live
from bnviz.ui.sources import show_sources
from bnviz.ui.widgets import tabs

if TYPE_CHECKING:
    from bnviz.core.batchnorm.implementations import Implementation

Tab = Callable[[BatchConfig, NormConfig], None]
#: The table that one picks a cell from; more would only be scrolled past.
MOST_SHOWN = 1000


def show_tabs(config: BatchConfig, norm: NormConfig) -> None:
    """All tabs, the open one filled."""
    fill: dict[str, Tab] = {
        "formula": _formula,
        "statistics": _statistics,
        "steps": _steps,
        "matrix": _matrix,
        "epsilon": _epsilon,
        "jitter": _jitter,
        "implementations": _implementations,
    }
    for name in tabs(ONE_BATCH["batch_tab"], list(fill)):
        fill[name](config, norm)


def statistics_frame(config: BatchConfig, norm: NormConfig) -> pd.DataFrame:
    """Per-feature statistics before and after, one row a feature."""
    before, after = compute.statistics(config), compute.statistics_after(config, norm)
    measures = ("mean", "biased_variance", "unbiased_variance", "standard_deviation", "min", "max")
    columns: dict[str, Any] = {say("stat.feature"): list(compute.batch_of(config).names)}
    for measure in measures:
        for side, values in (("before", before), ("after", after)):
            columns[f"{say(f'stat.{measure}')} ({say(f'stat.{side}')})"] = getattr(values, measure)
    columns[say("stat.swallowed")] = compute.swallowed(config, norm)
    return pd.DataFrame(columns)


def _formula(config: BatchConfig, norm: NormConfig) -> None:
    """First, because it stays as it is while controls move: nothing here delays the figures.

    Its sources stand above the formulas because the browser searches an open tab for
    something to focus each time it draws the page, and formulas are thousands of elements.
    """
    show_sources("formula")
    forward, backward = st.columns(2, gap="large")
    forward.markdown(formulas.below(say("one_batch.formula.forward"), formulas.FORWARD))
    backward.markdown(formulas.below(say("one_batch.formula.backward"), formulas.BACKWARD))
    st.caption(say("one_batch.formula.eval"))


def _statistics(config: BatchConfig, norm: NormConfig) -> None:
    frame = statistics_frame(config, norm)
    number = st.column_config.NumberColumn(format="%.5g")
    share = st.column_config.ProgressColumn(min_value=0, max_value=1, format="percent")
    formats = dict.fromkeys(frame.columns[1:-1], number) | {frame.columns[-1]: share}
    st.dataframe(frame, hide_index=True, column_config=formats, key="statistics")
    download(lambda: frame, "statistics")


def _steps(config: BatchConfig, norm: NormConfig) -> None:
    batch, forward = compute.batch_of(config), compute.normalized(config, norm)
    st.caption(say("one_batch.steps.pick"))
    frame = pd.DataFrame(batch.values[:MOST_SHOWN], columns=_unique(batch.names))
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    left, right = st.columns([3, 2])
    with left:
        picked = st.dataframe(
            frame,
            key="cells",
            on_select="rerun",
            selection_mode="single-cell",
            height=360,
            column_config=dict.fromkeys(
                frame.columns, st.column_config.NumberColumn(format="%.5g")
            ),
        )
        if len(batch.values) > MOST_SHOWN:
            shown, rows = f"{MOST_SHOWN:,}", f"{len(batch.values):,}"
            st.caption(say("one_batch.steps.shown", shown=shown, rows=rows))
    cells = picked["selection"]["cells"] or [(0, frame.columns[0])]
    row, feature = cells[0][0], list(frame.columns).index(cells[0][1])
    with right:
        name = literal(batch.names[feature])
        x, y = (short(float(v[row, feature])) for v in (batch.values, forward.y))
        cell = "**" + say("one_batch.steps.cell", row=row + 1, feature=name, x=x, y=y) + "**"
        steps = formulas.cell_steps(batch.values, forward, norm, row, feature)
        st.markdown(formulas.below(cell, steps))
        values = ", ".join(short(float(v)) for v in batch.values[:8, feature])
        st.caption(say("one_batch.steps.column", values=values + ", …" * (len(batch.values) > 8)))


def _unique(names: tuple[str, ...]) -> list[str]:
    return [name if name not in names[:i] else f"{name} ({i + 1})" for i, name in enumerate(names)]


def _matrix(config: BatchConfig, norm: NormConfig) -> None:
    batch, forward = compute.batch_of(config), compute.normalized(config, norm)
    caption = say("one_batch.matrix.caption")
    if len(batch.values) > MOST_ROWS:
        rows = f"{len(batch.values):,}"
        caption = paragraph(caption, say("one_batch.matrix.thinned", shown=MOST_ROWS, rows=rows))
    sides: dict[Side, Any] = {"before": batch.values, "after": forward.y}
    show_pair(
        {f"matrix-{side}": matrix(batch.names, x, side, look(), say) for side, x in sides.items()},
        say("one_batch.matrix.alt"),
        "one_batch.{}",
    )
    explain("matrix", caption, data=lambda: pd.DataFrame(forward.y, columns=_unique(batch.names)))


def show_gain(config: BatchConfig, norm: NormConfig) -> None:
    """By what BN multiplies each feature's deviations, over its variance."""
    variance = compute.batch_moments_of(config, norm.precision).biased_variance
    curve = gain_curve(compute.batch_of(config).names, variance, norm.eps, look(), say)
    draw(curve, "gain", say("one_batch.gain.alt"), live.gain(curve, norm))


def _epsilon(config: BatchConfig, norm: NormConfig) -> None:
    """The numbers of the curve above: one row a feature."""
    variance = compute.batch_moments_of(config, norm.precision).biased_variance
    with np.errstate(divide="ignore"):
        factors = {"without": 1 / np.sqrt(variance), "with": 1 / np.sqrt(variance + norm.eps)}
    frame = pd.DataFrame(
        {
            say("stat.feature"): list(compute.batch_of(config).names),
            say("stat.biased_variance"): variance,
            **{say(f"one_batch.gain.{name}"): factor for name, factor in factors.items()},
            say("stat.swallowed"): compute.swallowed(config, norm),
        }
    )
    st.markdown(say(f"one_batch.gain.caption{'' if norm.eps else '_no_epsilon'}"))
    number = st.column_config.NumberColumn(format="%.5g")
    formats = dict.fromkeys(frame.columns[1:], number)
    st.dataframe(frame, hide_index=True, column_config=formats, key="factors")
    download(lambda: frame, "factors")


def _jitter(config: BatchConfig, norm: NormConfig) -> None:
    batch, jitter = compute.batch_of(config), compute.mean_noise_of(config)
    plain = config.batch_size**-0.5
    noise = say("one_batch.jitter.noise") if config.batch_size > 1 else ""
    show(
        batch_to_batch(batch.names, jitter, look(), say),
        "jitter",
        alt=say("one_batch.jitter.alt"),
        caption=paragraph(
            say(
                "one_batch.jitter.caption",
                batches=len(jitter.seeds),
                measured=short(jitter.measured),
                expected=short(jitter.expected),
                plain=short(plain),
                finite=say("one_batch.jitter.finite") if jitter.expected < plain else "",
            ),
            noise,
        ),
        data=lambda: pd.DataFrame(jitter.departures, jitter.seeds, _unique(batch.names)),
    )


def _implementations(config: BatchConfig, norm: NormConfig) -> None:
    from bnviz.core.batchnorm.implementations import verdict

    results = compute.implementations(config, norm)
    features = len(compute.batch_of(config).names)
    heads = [say(f"one_batch.implementations.{h}") for h in ("name", "difference", "time", "note")]
    differences = [
        "–" if r.max_abs_difference is None else short(r.max_abs_difference) for r in results
    ]
    columns = {
        heads[0]: [say(f"one_batch.implementations.{r.name}") for r in results],
        heads[1]: differences,
        heads[2]: [
            f"{short(1e3 * r.seconds)}\N{NO-BREAK SPACE}ms" if r.seconds else "–" for r in results
        ],
    }
    if any(notes := [_note(r, features) for r in results]):
        columns[heads[3]] = notes
    st.table(pd.DataFrame(columns).set_index(heads[0]))
    why = verdict(norm, results)
    caption = say("one_batch.implementations.caption", precision=norm.precision)
    st.caption(paragraph(caption, say_verdict("one_batch.implementations.verdict", why)))


def _note(implementation: "Implementation", features: int) -> str:
    if implementation.error:
        return literal(implementation.error)
    notes = []
    if implementation.not_finite:
        notes.append(say("one_batch.implementations.not_finite", count=implementation.not_finite))
    if implementation.features_timed < features:
        notes.append(say("one_batch.implementations.timed", count=implementation.features_timed))
    return paragraph(*notes)
