"""Which run the page shows, and following it while it runs."""

import streamlit as st

from bnviz.core.configs import TrainConfig
from bnviz.jobs import runner
from bnviz.store import Run, open_store
from bnviz.ui.language import literal, say
from bnviz.ui.layout import notice_of


def launch(config: TrainConfig) -> None:
    """Start a training and show it."""
    show_run(runner.submit(config))


def show_run(run_id: str) -> None:
    """Make `run_id` the run of this page; it travels in the address as ``run``."""
    st.session_state["run"] = run_id
    st.query_params["run"] = run_id


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
