"""The tabs below a training's curves; only the open one is computed."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from bnviz.core.configs import TrainConfig
from bnviz.core.nets.norms.names import OVER_ROWS
from bnviz.core.training.series import band
from bnviz.core.training.snapshots import ACTIVATION_ROWS, Snapshot
from bnviz.core.training.verdict import ending, running_ends
from bnviz.export.frames import per_layer_frame, per_seed_frame, running_frame
from bnviz.plots.fitness import curves
from bnviz.plots.fitness.predictions import among, predicted_against_actual
from bnviz.store import Run
from bnviz.texts.markdown import literal
from bnviz.texts.numbers import short
from bnviz.ui.controls import FITNESS
from bnviz.ui.figures import download, look, show
from bnviz.ui.fitness import code, compute
from bnviz.ui.fitness.module_code import as_module
from bnviz.ui.fitness.preview import target_of
from bnviz.ui.language import paragraph, say, say_verdict
from bnviz.ui.widgets import tabs

Tab = Callable[[Run, TrainConfig, Sequence[Snapshot]], None]


def show_tabs(run: Run, config: TrainConfig, snapshots: Sequence[Snapshot]) -> None:
    """All tabs, the open one filled."""
    fill: dict[str, Tab] = {
        "predictions": _predictions,
        "your_score": _your_score,
        "gradients": _gradients,
        "dead": _dead_units,
        "running": _running_statistics,
        "config": _config,
    }
    if config.network.norm not in OVER_ROWS:
        del fill["running"]
    for name in tabs(FITNESS["run_tab"], list(fill)):
        fill[name](run, config, snapshots)


def _predictions(run: Run, config: TrainConfig, snapshots: Sequence[Snapshot]) -> None:
    evaluation = compute.evaluation(config, run.id, run.snapshots)
    if evaluation is None:
        st.caption(say("fitness.not_yet"))
        return
    dataset = compute.dataset_of(config.data)
    unit = say("unit.points") if config.data.source == "fitness" else ""
    sides = {"bn": evaluation.bn, "plain": evaluation.plain}
    left, right = st.columns([3, 2])
    with right:
        rows = [
            {
                say("fitness.net"): say(f"net.{net}"),
                "R²": _over_seeds(side.r2, _r2),
                say("fitness.mae", unit=unit): _over_seeds(side.mean_absolute_error),
            }
            for net, side in sides.items()
        ]
        rows.append(
            {
                say("fitness.net"): say("fitness.baseline"),
                "R²": _r2(evaluation.baseline_r2),
                say("fitness.mae", unit=unit): short(evaluation.baseline_mean_absolute_error),
            }
        )
        st.table(pd.DataFrame(rows).set_index(say("fitness.net")))
        st.caption(say("fitness.predictions_caption", rows=len(evaluation.targets)))
    with left:
        middle = {net: band(np.empty(0), side.predictions.T).median for net, side in sides.items()}
        if not np.isfinite(list(middle.values())).any():
            st.caption(say("fitness.gone"))
            return
        target = target_of(config, dataset)
        figure = predicted_against_actual(evaluation.targets, middle, target, look(), say)
        names = {"bn": config.network.first_net}
        frame = pd.DataFrame({"actual": evaluation.targets} | middle).rename(columns=names)
        show(figure, "predictions", alt=say("fitness.predictions_alt"), data=lambda: frame)


def _r2(value: float) -> str:
    """Below 1 two decimals: 0.06 and not 0.0596, as it is of 1."""
    return f"{round(value, 2) + 0.0:.2f}" if abs(value) < 1 else short(value)  # no "-0.00"


def _over_seeds(values: np.ndarray, written: Callable[[float], str] = short) -> str:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return "–"
    low, middle, high = map(written, np.quantile(finite, (0.1, 0.5, 0.9)))
    return middle if len(finite) == 1 else f"{middle}  ({low} … {high})"


def _your_score(run: Run, config: TrainConfig, snapshots: Sequence[Snapshot]) -> None:
    dataset = compute.dataset_of(config.data)
    asked, answer = st.columns([1, 2], gap="large")
    with asked:
        values = [
            _value(config, name, unit, column)
            for name, unit, column in zip(dataset.names, dataset.units, dataset.x.T, strict=True)
        ]
    scores = compute.predict(config, run.id, run.snapshots, tuple(values))
    with answer:
        if scores is None:
            st.caption(say("fitness.not_yet"))
            return
        over = {net: band(np.empty(0), side) for net, side in scores.items()}
        answers = {net: float(each.median) for net, each in over.items()}
        if config.data.source == "fitness":
            answers["rule"] = compute.rule(tuple(values), config.data.clip_scores)
        everybody = dataset.y[:, 0].astype(np.float64)
        for column, (who, score) in zip(st.columns(len(answers)), answers.items(), strict=True):
            column.metric(say(f"net.{who}"), short(score))
            seeds = int(over[who].alive) if who in over else 1
            if seeds == 0:
                column.caption(say("fitness.gone"))
            elif seeds > 1:
                low, high = over[who].low, over[who].high
                ends = {"low": short(float(low)), "high": short(float(high))}
                column.caption(say("fitness.between", **ends, seeds=seeds))
            if np.isfinite(score):
                below = float((everybody < score).mean())
                rows = {"below": below, "rows": len(everybody)}
                column.caption(say("fitness.above", **rows))
        figure = among(everybody, answers, target_of(config, dataset), look(), say)
        show(
            figure,
            "among",
            alt=say("fitness.among_alt"),
            caption=say("fitness.among_caption"),
            data=lambda: pd.DataFrame({"score": everybody}),
        )


def _value(config: TrainConfig, name: str, unit: str, column: np.ndarray) -> float:
    label = literal(name)
    if config.data.source == "fitness":
        label = say(f"quantity.{name}", unit=unit)
    low, high = float(column.min()), float(column.max())
    if not low < high:
        return low
    middle = float(np.median(column))
    step = float(f"{(high - low) / 100:.0e}")
    return st.slider(label, low, high, middle, step, key=f"you-{name}", format="%.4g")


def _gradients(run: Run, config: TrainConfig, snapshots: Sequence[Snapshot]) -> None:
    left, right = st.columns(2)
    for column, field in ((left, "gradient_norm"), (right, "weight_norm")):
        with column:
            show(
                curves.per_seed(snapshots, field, look(), say),
                field,
                alt=say(f"fitness.{field}_caption"),
                caption=paragraph(
                    say(f"fitness.{field}_caption"),
                    say_verdict("fitness.ending", ending(snapshots, field)),
                ),
                data=lambda: per_seed_frame(snapshots, config.network.first_net),
            )


def _dead_units(run: Run, config: TrainConfig, snapshots: Sequence[Snapshot]) -> None:
    if config.network.activation == "tanh":
        st.caption(say("fitness.no_dead"))
        return
    rows = min(ACTIVATION_ROWS, compute.training_rows(config.data))
    caption = say("fitness.dead_caption", rows=rows)
    show(
        curves.dead_units(snapshots, look(), say),
        "dead",
        alt=caption,
        caption=paragraph(
            caption, say_verdict("fitness.ending_share", ending(snapshots, "dead_share"))
        ),
        data=lambda: per_layer_frame(snapshots, config.network.first_net),
    )


def _running_statistics(run: Run, config: TrainConfig, snapshots: Sequence[Snapshot]) -> None:
    renorm = config.network.norm == "renorm"
    captions = {
        "running_mean": say("fitness.running_mean_caption"),
        "running_variance": say(f"fitness.{'renorm' if renorm else 'running'}_variance_caption"),
    }
    for column, (field, caption) in zip(st.columns(2), captions.items(), strict=True):
        with column:
            figure = curves.running(snapshots, field, look(), say)
            told = say_verdict("fitness.ending", running_ends(snapshots, field))
            show(
                figure,
                field,
                alt=caption,
                caption=paragraph(caption, told),
                data=lambda: running_frame(snapshots),
            )


def _config(run: Run, config: TrainConfig, snapshots: Sequence[Snapshot]) -> None:
    st.markdown(say("fitness.config_caption"))  # a caption would fade the code in it
    st.code(code.training(config), language="python")
    st.code(config.model_dump_json(indent=2), language="json", height=320)
    st.markdown(say("fitness.module_caption"))
    st.code(as_module(config.network, len(compute.dataset_of(config.data).names)), "python")
    download(lambda: per_seed_frame(snapshots, config.network.first_net), "run")
