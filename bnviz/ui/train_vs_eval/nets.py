"""Tabs of Train versus eval about nets: precise BN, what is frozen, one batch split K ways."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from bnviz.core.batchnorm import micro_batches
from bnviz.core.configs import StreamConfig, TrainConfig
from bnviz.core.nets.norms.names import OVER_ROWS
from bnviz.jobs import runner
from bnviz.jobs.kinds import TRAININGS
from bnviz.plots.train_vs_eval import nets
from bnviz.store import Run, open_store
from bnviz.texts.markdown import literal
from bnviz.texts.numbers import short
from bnviz.ui.controls import TRAIN_VS_EVAL
from bnviz.ui.figures import explain, look, show_pair
from bnviz.ui.language import say, say_verdict
from bnviz.ui.runs.words import named, title_of
from bnviz.ui.sources import show_sources
from bnviz.ui.train_vs_eval import code, compute
from bnviz.ui.visitor import owner
from bnviz.ui.widgets import ask

if TYPE_CHECKING:
    from bnviz.core.training.precise_bn import Recalibration

_HERE = "here"
#: Widths of the truth table's columns, in pixels.
_WIDTHS = (60, 104, 142, 58, 90, 92, 75, 75, 115, 96, 75)


def show_recalibration(answer: DeltaGenerator, main: DeltaGenerator) -> None:
    """Held-out loss before and after precise BN, and how far the running statistics were off."""
    newest = open_store().runs(limit=12, kind=TRAININGS.name, owner=owner())
    runs = {run.id: run for run in newest if _has_state(run)}
    with main:
        net = ask(
            TRAIN_VS_EVAL["net"],
            options=[*runs, _HERE],
            width=300,
            shown=lambda name: (
                say("train_vs_eval.recalibrate.here") if name == _HERE else named(runs[name])
            ),
        )
        rows = ask(TRAIN_VS_EVAL["pass_b"])
        config = _small_config() if net == _HERE else None
    if config is not None:
        with st.spinner(say("train_vs_eval.recalibrate.training")):
            recalibration = compute.recalibrated_here(config, rows)
    else:
        run = runs[net]
        answer.caption(title_of(run))
        config = TRAININGS.config_of(run)
        stored = compute.recalibrated_run(config, run.id, run.snapshots, rows)
        if stored is None:
            st.caption(say("fitness.not_yet"))
            return
        recalibration = stored
    from bnviz.core.training import precise_bn

    answer.markdown(
        say_verdict("train_vs_eval.recalibrate.verdict", *precise_bn.verdict(recalibration, rows))
    )
    _show_recalibrated(recalibration, config, rows)
    if others := len(newest) - len(runs):
        st.caption(say("train_vs_eval.recalibrate.left_out", count=others))


def _show_recalibrated(recalibration: "Recalibration", config: TrainConfig, rows: int) -> None:
    unit = say("unit.points_squared") if config.data.source == "fitness" else ""
    show_pair(
        {
            "losses": nets.losses(recalibration, unit, look(), say),
            "drifts": nets.drifts(recalibration.drift, look(), say),
        },
        say("train_vs_eval.recalibrate.alt"),
        "train_vs_eval.recalibrate.{}",
    )
    explain(
        "recalibrate",
        say("train_vs_eval.recalibrate.caption", rows=rows),
        data=lambda: pd.DataFrame({way: getattr(recalibration, way) for way in nets.WAYS}),
        code=code.RECALIBRATE,
    )
    show_sources("recalibrate")


def _has_state(run: Run) -> bool:
    over = run.status in ("done", "stopped") and run.snapshots > 0
    known = over and TRAININGS.understands(run)
    over_rows = known and TRAININGS.config_of(run).network.norm in OVER_ROWS
    return over_rows and bool(runner.checkpoints(run.id))


def _small_config() -> TrainConfig:
    from bnviz.core.training.precise_bn import small_config

    return small_config(ask(TRAIN_VS_EVAL["small_b"]), ask(TRAIN_VS_EVAL["small_momentum"]))


def show_frozen(answer: DeltaGenerator, main: DeltaGenerator) -> None:
    """One setting in words with its code, then every setting in a table."""
    from bnviz.core.batchnorm.layer_modes import Setting, code, notes, outcome, verdict

    with main:
        setting = Setting(
            training=ask(TRAIN_VS_EVAL["training"]),
            requires_grad=ask(TRAIN_VS_EVAL["requires_grad"]),
            track_running_stats=ask(TRAIN_VS_EVAL["track"]),
            affine=ask(TRAIN_VS_EVAL["affine"]),
            cumulative=ask(TRAIN_VS_EVAL["frozen_cumulative"]),
            tracking_ended=ask(TRAIN_VS_EVAL["tracking_ended"]),
        )
    frozen = outcome(setting)
    answer.markdown(say_verdict("train_vs_eval.frozen.verdict", verdict(frozen)))
    for note in notes(setting, frozen):
        st.caption(say_verdict("train_vs_eval.frozen.note", note))
    with st.expander(say("train_vs_eval.frozen.code"), icon=":material/code:"):
        st.code(code(setting), language="python")
    frame = _truth_frame()
    widths = dict(zip(frame.columns, _WIDTHS, strict=True))
    columns = {name: st.column_config.Column(width=width) for name, width in widths.items()}
    st.dataframe(frame, hide_index=True, key="truth", height=420, column_config=columns)
    explain("frozen", say("train_vs_eval.frozen.caption"), data=_truth_frame)
    show_sources("frozen")


def _truth_frame() -> pd.DataFrame:
    from bnviz.core.batchnorm.layer_modes import PARTS

    rows = []
    for setting, outcome in compute.truth_table():
        row: dict[str, Any] = {
            say("train_vs_eval.frozen.mode"): "train" if setting.training else "eval",
            "requires_grad": str(setting.requires_grad) if setting.affine else "–",
            "track_running_stats": str(setting.track_running_stats)
            + (" → False" if setting.tracking_ended else ""),
            "affine": str(setting.affine),
            "momentum": "None" if setting.cumulative else "0.1",
            say("train_vs_eval.frozen.with"): say(
                f"train_vs_eval.frozen.by_{outcome.normalized_with}"
            ),
        }
        for part in PARTS:
            row[part] = say(f"train_vs_eval.frozen.{_mark(outcome.changed[part])}")
        rows.append(row)
    return pd.DataFrame(rows)


def _mark(changed: bool | None) -> str:
    return "absent" if changed is None else "changes" if changed else "stays"


def show_split(
    answer: DeltaGenerator, main: DeltaGenerator, config: StreamConfig, feature: int, eps: float
) -> None:
    """One logical batch as micro-batches, accumulated and synchronized."""
    batch = config.batch
    most = batch.batch_size // 2
    if most < 2:
        st.caption(say("train_vs_eval.split.too_few", rows=batch.batch_size))
        return
    with main:
        asked: int = ask(TRAIN_VS_EVAL["parts"])
    parts = min(asked, most)
    if parts < asked:
        st.caption(say("train_vs_eval.split.fewer", parts=parts, rows=batch.batch_size))
    split = compute.split(batch, parts, eps, config.torch_momentum)
    ways = {
        way: micro_batches.differences(getattr(split, way), split.big)
        for way in ("accumulated", "synchronized")
    }
    answer.markdown(say_verdict("train_vs_eval.split.verdict", micro_batches.verdict(split)))
    name = compute.names(batch)[feature]
    show_pair(
        {
            "statistics": nets.micro_statistics(split, feature, name, look(), say),
            "differences": nets.split_differences(ways, look(), say),
        },
        say("train_vs_eval.split.alt"),
        "train_vs_eval.split.{}",
    )
    explain(
        "split",
        say("train_vs_eval.split.caption", feature=literal(name)),
        data=lambda: _split_frame(ways),
        code=code.split(batch, parts, eps, config.torch_momentum),
    )
    frame = _split_frame(ways)
    st.table(frame.set_index(frame.columns[0]).map(short))
    show_sources("split")


def _split_frame(ways: dict[str, dict[str, float]]) -> pd.DataFrame:
    names = [say(f"train_vs_eval.split.{name}") for name in micro_batches.COMPARED]
    columns: dict[str, Any] = {say("train_vs_eval.split.quantity"): names}
    for way, values in ways.items():
        columns[say(f"train_vs_eval.split.{way}")] = np.array(list(values.values()))
    return pd.DataFrame(columns)
