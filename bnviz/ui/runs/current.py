"""Which run the page shows, and following a run of any kind while it runs."""

from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from bnviz.core.configs import TrainConfig
from bnviz.core.fields import Config
from bnviz.core.training.cost import GIGABYTE, Cost, cost
from bnviz.jobs import runner
from bnviz.jobs.bounds import limits, refusals
from bnviz.jobs.bounds.speed import slowness
from bnviz.jobs.kinds import SWEEPS, TRAININGS, Kind
from bnviz.store import Problem, Run, StoreProblem, open_store
from bnviz.texts.markdown import literal
from bnviz.texts.numbers import short
from bnviz.ui.errors import refusable, worded
from bnviz.ui.language import say
from bnviz.ui.navigation import FITNESS
from bnviz.ui.runs.words import title_of
from bnviz.ui.visitor import owner, visitor

#: How often a run at work is looked at, in seconds: before it has done anything, and after;
#: and one whose worker is not heard of.
WAITING, EVERY, SILENT = 0.1, 0.5, 3.0

C = TypeVar("C", bound=Config)


def launch(config: TrainConfig) -> None:
    """Start a training and show it."""
    with refusable():
        show_run(runner.submit(config, visitor()))


def show_run(run_id: str, kind: str = TRAININGS.name) -> None:
    """Make `run_id` the run of this page; it travels in the address as ``run``.

    The session remembers the run of each `kind` that it last looked at.
    """
    st.session_state[kind] = run_id
    st.query_params["run"] = run_id


def leave_run(kind: str = TRAININGS.name) -> None:
    """Make this page show no run, as for a new visitor."""
    st.session_state.pop(kind, None)
    st.query_params.pop("run", None)


def current_run(
    kind: Kind[C, Any], opened: Callable[[C], None]
) -> tuple[Run, C] | tuple[None, None]:
    """The run that the address names, else the one this session last looked at; its settings.

    `opened` is told the settings of a run that this session did not look at before.
    """
    asked = st.query_params.get("run", st.session_state.get(kind.name))
    if asked is None:
        return None, None
    run = open_store().run(asked)
    if run is None or run.kind != kind.name:
        st.warning(
            say(f"run.unknown_{kind.name}", run=literal(asked[:40])), icon=":material/link_off:"
        )
        leave_run(kind.name)
        return None, None
    try:
        config = kind.config_of(run)
    except StoreProblem as problem:
        st.warning(worded(problem), icon=":material/link_off:")
        return None, None
    if st.session_state.get(kind.name) != asked:
        opened(config)
    show_run(asked, kind.name)
    return run, config


def follow(run: Run, show: Callable[[Run], None]) -> None:
    """Show `run`; as long as more may come, look again and again without disturbing the page."""
    pace = _pace(run)
    st.fragment(_look, run_every=pace)(run.id, pace, show)


def _pace(run: Run) -> float | None:
    if run.active:
        return EVERY if run.snapshots or run.done else WAITING
    return SILENT if run.silent else None


def _look(run_id: str, pace: float | None, show: Callable[[Run], None]) -> None:
    run = open_store().run(run_id)
    if run is None or _pace(run) != pace:
        st.rerun()  # the page sets the new pace, or none
    show(run)


def progress(run: Run, seconds: float) -> None:
    """How far after so many seconds of work, how fast, how long still; and Stop."""
    bar, button = st.columns([6, 1], vertical_alignment="center")
    rate = run.done / seconds if seconds > 0 else 0.0
    left = say("run.left", time=clock((run.total - run.done) / rate)) if rate else ""
    waiting = run.status == "queued"
    text = _status(
        run,
        done=run.done,
        total=run.total,
        rate=f"{rate:.1f}",
        left=left or say("run.no_rate"),
        place=runner.places_before(run) + 1 if waiting else 0,
        at_once=limits.at_once(),
    )
    bar.progress(min(run.done / max(run.total, 1), 1.0), text)
    others = bool(owner()) and not open_store().owns(owner(), run.id)
    button.button(
        say("run.stop"),
        key="stop",
        icon=":material/stop:",
        disabled=others,
        on_click=runner.stop,
        args=(run.id,),
    )


def _status(run: Run, **values: object) -> str:
    """How the run stands, in words that fit its kind."""
    if run.kind == TRAININGS.name:
        return say(f"run.{run.status}", **values)
    if run.kind == SWEEPS.name:
        return say(f"sweeping.{run.status}", **values)
    early = "_early" if run.status in ("stopped", "interrupted") and not run.snapshots else ""
    return say(f"measuring.{run.status}{early}", **values)


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"


def launch_button(
    main: DeltaGenerator, config: TrainConfig, size: tuple[int, int], new: bool
) -> None:
    """Launch the training that the controls describe, on a table of that size, if it is allowed.

    The button stands in `main`, what the training costs below. It stands out where the training
    would be a `new` one.
    """
    rows, features = size
    problem = refusals.of_training(config, rows, features)
    offer_launch(main, say("train.launch"), problem, new, launch, config)
    if new and problem is None:
        st.caption(takes(cost(config, rows, features)))


def offer_launch(
    main: DeltaGenerator,
    label: str,
    problem: Problem | None,
    primary: bool,
    act: Callable[..., None],
    *args: Any,
) -> None:
    """A button in `main` that does what `act` does to `args`, if there is no `problem`."""
    main.button(
        label,
        key="launch",
        disabled=problem is not None,
        type="primary" if primary else "secondary",
        icon=":material/play_arrow:",
        on_click=act,
        args=args,
    )
    if problem is not None:
        st.error(worded(problem), icon=":material/error:")


def takes(needed: Cost) -> str:
    """How long a job takes, and how much memory."""
    gigabytes = f"{needed.memory / GIGABYTE:.1f}"
    seconds = slowness() * needed.seconds
    if seconds < 100:
        return say("train.seconds", seconds=short(seconds, 1), gigabytes=gigabytes)
    return say("train.minutes", minutes=short(seconds / 60, 2), gigabytes=gigabytes)


def closing_line(run: Run) -> None:
    """How the run ended."""
    (st.error if run.status == "failed" else st.caption)(how_it_stands(run))


def how_it_stands(run: Run) -> str:
    """How far the run came, and in how many seconds; or why it failed; or that it is at work."""
    if run.active:
        return say(f"run.is_{run.status}")
    return _status(
        run,
        done=run.done,
        total=run.total,
        seconds=f"{run.seconds:.1f}",
        error=worded(run.error or ""),
    )


def earlier() -> None:
    """Links to the newest runs, and a way back to none."""
    with st.popover(
        say("run.earlier"), icon=":material/history:", on_change="rerun", key="runs"
    ) as p:
        if not p.open:
            return
        st.button(say("run.new"), key="new", icon=":material/add:", on_click=leave_run)
        runs = open_store().runs(limit=12, kind=TRAININGS.name, owner=owner())
        for run in runs:
            st.page_link(FITNESS.path, label=literal(title_of(run)), query_params={"run": run.id})
        if not runs:
            st.caption(say("run.none_yet"))
