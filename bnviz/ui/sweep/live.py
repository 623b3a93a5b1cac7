"""A sweep on screen, while its cells come in and after: maps, rates, the open cell, the table."""

from collections.abc import Mapping
from datetime import UTC, datetime

import streamlit as st

from bnviz.core.sweep import atlas
from bnviz.core.sweep.config import Metric, SweepConfig
from bnviz.core.sweep.grid import grid, rates
from bnviz.core.sweep.outcome import Outcome
from bnviz.core.sweep.results import results
from bnviz.core.sweep.verdict import verdict
from bnviz.core.types import NETS
from bnviz.jobs import sweep
from bnviz.jobs.kinds import SWEEPS
from bnviz.plots.sweep import curves, maps
from bnviz.store import Run, open_store
from bnviz.texts.catalogue import speaking_of
from bnviz.ui.cache import cached
from bnviz.ui.controls import SWEEP
from bnviz.ui.figures import draw, look, show
from bnviz.ui.language import say, say_verdict
from bnviz.ui.runs.current import closing_line, progress
from bnviz.ui.sweep.cell import show_cell
from bnviz.ui.sweep.table import downloads
from bnviz.ui.widgets import ask

Outcomes = Mapping[int, Outcome]


def show_sweep(run: Run) -> None:
    """The sweep as it stands."""
    if run.active:
        progress(run, (datetime.now(UTC) - (run.started or run.created)).total_seconds())
    else:
        closing_line(run)
    show_outcomes(SWEEPS.config_of(run), _outcomes(run.id, run.snapshots))


@cached
def _outcomes(run_id: str, snapshots: int) -> Outcomes:
    """What came of the first so many cells of a run."""
    return sweep.outcomes(open_store(), run_id)


def show_atlas(config: SweepConfig, plan: str) -> None:
    """The sweep of the atlas that the controls describe, else the grid without its values.

    Below it stands `plan`, what the sweep will take.
    """
    show_outcomes(config, atlas.outcomes(atlas.preset_of(config)), plan)


def show_outcomes(config: SweepConfig, outcomes: Outcomes, plan: str = "") -> None:
    """The verdict, both nets' maps and that of their difference, the rates, a cell, the table."""
    with speaking_of(config.base.network.norm):
        _show_outcomes(config, outcomes, plan)


def _show_outcomes(config: SweepConfig, outcomes: Outcomes, plan: str) -> None:
    compared = results(config, outcomes)
    answer, *more = verdict(config, compared)
    st.markdown(say_verdict("sweep.verdict", answer))
    metric, third = _shown(config)
    shown = grid(config, outcomes, metric, third)
    figures = {f"map-{net}": maps.net_map(shown, net, look(), say) for net in NETS}
    figures["map-difference"] = maps.difference_map(shown, look(), say)
    for column, (key, figure) in zip(st.columns(3), figures.items(), strict=True):
        with column:
            name = say(f"sweep.alt.{key.removeprefix('map-')}")
            draw(figure, key, name, picks="cell", on_cell_change=_pick)
    how = say("sweep.caption.by_count" if metric == "divergence" else "sweep.caption.by_share")
    clear, seeds = say("sweep.caption.clear"), config.base.seeds
    if more:
        st.markdown(say_verdict("sweep.verdict", *more))
    st.caption(say(f"sweep.caption.{metric}", seeds=seeds, difference=how, clear=clear))
    if plan:
        st.caption(plan)
    left, right = st.columns(2)
    with left:
        show_cell(config, outcomes)
    speeds = rates(config, outcomes, third)
    with right:
        if outcomes and speeds is not None:
            show(
                curves.stable_rates(speeds, look(), say),
                "stable-rates",
                alt=say("sweep.rates_alt"),
                caption=say("sweep.rates_caption", seeds=config.base.seeds),
            )
        downloads(config, outcomes, compared)


def _shown(config: SweepConfig) -> tuple[Metric, int]:
    """What the maps show: the quantity, and of a third axis the number of its value."""
    kinds = ["loss", "accuracy", "divergence", *["sharpness"] * (config.metric == "sharpness")]
    usual = "divergence" if config.metric == "stable_rate" else config.metric
    with st.container(horizontal=True, vertical_alignment="bottom"):
        metric: Metric = ask(
            SWEEP["shown"], options=kinds, default=usual, label_visibility="collapsed"
        )
        if len(config.axes) < 3:
            return metric, 0
        axis = config.axes[2]
        options = [str(number) for number in range(len(axis.values))]
        names = dict(zip(options, maps.labels(axis, say), strict=True))
        label = maps.axis_title(axis, say)
        return metric, int(ask(SWEEP["slice"], options=options, shown=names.get, label=label))


def _pick() -> None:
    """A cell was clicked: from now on it is the open one."""
    for key in ("map-bn", "map-plain", "map-difference"):
        cell = st.session_state[key].get("cell")
        if cell is not None:
            st.session_state["cell"] = str(int(cell))
