"""Which run the page shows, and following it while it runs."""

import streamlit as st

from bnviz.core.configs import TrainConfig
from bnviz.core.presets import PRESETS
from bnviz.jobs import runner
from bnviz.store import Run, open_store
from bnviz.ui.language import literal, say
from bnviz.ui.layout import look
from bnviz.ui.navigation import FITNESS


def launch(config: TrainConfig) -> None:
    """Start a training and show it."""
    show_run(runner.submit(config))


def show_run(run_id: str) -> None:
    """Make `run_id` the run of this page; it travels in the address as ``run``."""
    st.session_state["run"] = run_id
    st.query_params["run"] = run_id


def leave_run() -> None:
    """Make this page show no run, as for a new visitor."""
    st.session_state.pop("run", None)
    st.query_params.pop("run", None)


def current_run() -> Run | None:
    """The run that the address names, else the one this session last looked at."""
    asked = st.query_params.get("run", st.session_state.get("run"))
    if asked is None:
        return None
    run = open_store().run(asked)
    if run is None:
        st.warning(say("run.unknown", run=literal(asked[:40])), icon=":material/link_off:")
        st.session_state.pop("run", None)
        return None
    if st.query_params.get("run") != asked:
        st.query_params["run"] = asked
    st.session_state["run"] = asked
    return run


def progress(run: Run, seconds: float) -> None:
    """How far, how fast, how long still; and Stop."""
    bar, button = st.columns([6, 1], vertical_alignment="center")
    rate = run.done / seconds if seconds > 0 else 0.0
    left = (run.total - run.done) / rate if rate else float("nan")
    text = say(
        f"run.{run.status}", done=run.done, total=run.total, rate=f"{rate:.1f}", left=clock(left)
    )
    bar.progress(min(run.done / max(run.total, 1), 1.0), text)
    button.button(
        say("run.stop"), key="stop", icon=":material/stop:", on_click=runner.stop, args=(run.id,)
    )


def clock(seconds: float) -> str:
    """Minutes and seconds, or a dash while unknown."""
    return "–" if seconds != seconds else f"{int(seconds // 60)}:{int(seconds % 60):02d}"


def launch_button(config: TrainConfig) -> None:
    """Launch the training that the controls describe."""
    st.button(
        say("train.launch"),
        key="launch",
        # Streamlit writes white on the primary colour, which on a dark page is a light one.
        type="secondary" if look().dark else "primary",
        icon=":material/play_arrow:",
        width="stretch",
        on_click=launch,
        args=(config,),
    )


def closing_line(run: Run) -> None:
    """How the run ended."""
    seconds = (run.finished - run.started).total_seconds() if run.finished and run.started else 0.0
    text = say(
        f"run.{run.status}",
        done=run.done,
        total=run.total,
        seconds=f"{seconds:.1f}",
        error=literal(run.error or ""),
    )
    (st.error if run.status == "failed" else st.caption)(text)


def earlier() -> None:
    """Links to the newest runs, and a way back to none."""
    with st.popover(
        say("run.earlier"), icon=":material/history:", on_change="rerun", key="runs"
    ) as p:
        if not p.open:
            return
        st.button(say("run.new"), key="new", icon=":material/add:", on_click=leave_run)
        runs = open_store().runs(limit=12, kind="train")
        for run in runs:
            st.page_link(FITNESS.path, label=title_of(run), query_params={"run": run.id})
        if not runs:
            st.caption(say("run.none_yet"))


def title_of(run: Run) -> str:
    """When the run began, from what settings, and how it stands."""
    config = TrainConfig.model_validate_json(run.config)
    preset = next((name for name, known in PRESETS.items() if known == config), None)
    return say(
        "run.line",
        when=run.created.astimezone().strftime("%m-%d %H:%M"),
        preset=say(f"preset.{preset}") if preset else say("run.own_settings"),
        status=say(f"run.is_{run.status}"),
    )
