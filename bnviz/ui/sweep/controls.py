"""What to sweep: a preset, its seeds and metric, or a config of one's own; and its launch."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, get_args

import streamlit as st
from pydantic import ValidationError
from streamlit.delta_generator import DeltaGenerator

from bnviz.core.nets.norms.names import Norm
from bnviz.core.sweep import atlas
from bnviz.core.sweep.config import RATE, Axis, Metric, SweepConfig, cells
from bnviz.core.sweep.plan import groups
from bnviz.core.sweep.presets import PRESETS
from bnviz.core.sweep.verdict import unused
from bnviz.jobs import cluster, runner
from bnviz.jobs.bounds import limits, refusals
from bnviz.jobs.bounds.speed import slowness
from bnviz.jobs.kinds import SWEEPS
from bnviz.store import ELSEWHERE, Run, open_store
from bnviz.texts.catalogue import speaking_of
from bnviz.texts.numbers import short
from bnviz.ui.controls import SHOWN, SWEEP
from bnviz.ui.errors import refusable
from bnviz.ui.fitness.compute import size
from bnviz.ui.language import paragraph, say, say_verdict
from bnviz.ui.runs.current import leave_run, offer_launch, show_run
from bnviz.ui.sweep.axes import ask_axes
from bnviz.ui.sweep.refusal import refused
from bnviz.ui.sweep.settings import settings_of
from bnviz.ui.visitor import visitor
from bnviz.ui.widgets import ask

#: Characters of a config of one's own.
_LONGEST = 100_000


def sweep_config(main: DeltaGenerator, shown: SweepConfig | None) -> SweepConfig:
    """The sweep that the controls describe, or a config pasted instead; stops where it is none.

    They start from a preset or from the sweep `shown`.
    """
    starts = PRESETS | ({SHOWN: shown} if shown else {})
    with st.sidebar:
        start = ask(
            SWEEP["sweep_preset"], at=main, options=list(starts), on_change=_fill, args=(starts,)
        )
        preset = starts[start]
        norm: Norm = ask(SWEEP["sweep_norm"], default=preset.base.network.norm)
        with speaking_of(norm):
            axes, wrong = ask_axes(preset.axes)
        metrics = [m for m in get_args(Metric) if m != "stable_rate" or _rates_among(axes)]
        usual = preset.metric if preset.metric in metrics else metrics[0]
        metric = ask(SWEEP["sweep_metric"], at=main, options=metrics, default=usual)
        seeds = ask(SWEEP["sweep_seeds"], default=preset.base.seeds)
        epochs = ask(SWEEP["sweep_epochs"], default=preset.base.optimizer.epochs)
        optimizer = preset.base.optimizer.model_copy(update={"epochs": epochs})
        network = preset.base.network.model_copy(update={"norm": norm})
        base = preset.base.model_copy(
            update={"seeds": seeds, "optimizer": optimizer, "network": network}
        )
        with st.expander(say("sweep.own"), icon=":material/data_object:"):
            st.caption(say("sweep.own_caption"))
            text = st.text_area(
                say("sweep.own_label"), "", height=240, key="own", max_chars=_LONGEST
            )
            config = {"base": base, "axes": axes, "metric": metric}
            if not wrong:
                written = json.dumps(config, default=lambda each: each.model_dump(), indent=1)
                st.code(written, language="json", height=200)
    with speaking_of(norm):
        if not text.strip():
            return _config(config, wrong)
        try:
            own = json.loads(text)
        except (ValueError, RecursionError) as error:  # a number or a nesting may have no end
            line, column = getattr(error, "lineno", 1), getattr(error, "colno", 1)
            return _config({}, [say("sweep.own_no_json", line=line, column=column)])
        return _config(own, [])


def _rates_among(axes: Sequence[Axis]) -> bool:
    return any(axis.field == RATE for axis in axes)


def _fill(starts: Mapping[str, SweepConfig]) -> None:
    """Set every control to the start just chosen; a label of the language before is none."""
    start = st.session_state["sweep_preset"]
    if start in starts:
        st.session_state.update(settings_of(start, starts[start]))


def _config(raw: Any, wrong: list[str]) -> SweepConfig:
    """The config of `raw`; says what is wrong instead, and stops, where it is none."""
    if not wrong:
        try:
            return SweepConfig.model_validate(raw)
        except ValidationError as error:
            wrong = list(map(refused, error.errors(include_url=False)))
    for each in wrong:
        st.error(each, icon=":material/error:")
    st.stop()


def launch_button(main: DeltaGenerator, config: SweepConfig, run: Run | None, new: bool) -> str:
    """Launch the sweep, or go on with the one on screen where it is not `new`.

    Returns what a new one will take.
    """
    with st.sidebar:
        scheduler = _place()
    problem = refusals.of_sweep(config, *size(config.base.data))
    unfinished = not new and run is not None and not run.active and run.done < run.total
    if unfinished and run is not None and open_store().owns(ELSEWHERE, run.id):
        unfinished = False  # a sweep that came from a file is not continued
    label = say("sweep.resume" if unfinished else "sweep.launch")
    offer_launch(main, label, problem, new or unfinished, _launch, config, scheduler)
    if problem is not None or not new:
        return ""
    with speaking_of(config.base.network.norm):
        if nothing_changes := say_verdict("sweep.verdict", *unused(config)):
            st.warning(nothing_changes, icon=":material/equal:")
    if run is not None:
        return _plan(config)
    known = say("sweep.atlas" if atlas.preset_of(config) else "sweep.no_atlas")
    return paragraph(_plan(config), known)


def _place() -> str | None:
    """Where its cells are trained: the scheduler of a cluster that the operator names, or here."""
    places = (*cluster.schedulers(), None)
    more: dict[str, Any] = {"key": "place", "persist_state": "session"}
    if len(places) == 1:
        return None
    return st.selectbox(say("sweep.place"), places, format_func=_named, **more)


def _named(scheduler: str | None) -> str:
    return scheduler or say("sweep.place_here")


def _plan(config: SweepConfig) -> str:
    """How many cells and trainings a sweep has, and about how long they take here."""
    plan, count = groups(config, *size(config.base.data)), len(cells(config))
    seconds = slowness() * sum(group.cost.seconds for group in plan)
    seconds /= min(limits.at_once(), len(plan))
    long = seconds >= 100
    return say(
        "sweep.plan_long" if long else "sweep.plan",
        cells=count,
        trainings=2 * count * config.base.seeds,
        stacks=len(plan),
        time=short(seconds / 60 if long else seconds, 2),
    )


def _launch(config: SweepConfig, scheduler: str | None) -> None:
    """Start the sweep and show it; a file's settings are the controls' from now on."""
    with refusable():
        show_run(runner.submit_sweep(config, visitor(), scheduler), SWEEPS.name)
        if st.session_state.get("own"):
            st.session_state.update({"own": ""} | settings_of(SHOWN, config))


def leave() -> None:
    """Make this page show no sweep but the atlas."""
    leave_run(SWEEPS.name)
    if st.session_state["sweep_preset"] == SHOWN:
        first = next(iter(PRESETS))
        st.session_state.update(settings_of(first, PRESETS[first]))
