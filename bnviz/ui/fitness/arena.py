"""All norms at one setting: their losses in one figure, and each against none in a table."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from bnviz.core.configs import TrainConfig
from bnviz.core.training import arena
from bnviz.core.training.snapshots import Snapshot
from bnviz.export.frames import per_seed_frame
from bnviz.plots.fitness.arena import losses
from bnviz.texts.numbers import percent, short
from bnviz.ui.figures import look, show
from bnviz.ui.language import say, say_verdict


def show_arena(config: TrainConfig, snapshots: Sequence[Snapshot]) -> None:
    """What the comparisons show, in words, as a figure and as a table."""
    bouts = arena.bouts(config, snapshots[-1])
    st.markdown(say_verdict("fitness.arena", *arena.verdict(bouts)))
    unit = say("unit.points_squared") if config.data.source == "fitness" else ""
    show(
        losses(snapshots, arena.nets(config), unit, look(), say),
        "norms",
        alt=say("fitness.arena_alt"),
        caption=say("fitness.arena_caption", seeds=config.seeds),
        data=lambda: per_seed_frame(snapshots, config.network.first_net),
    )
    st.table(pd.DataFrame([_row(bout) for bout in bouts]).set_index(say("fitness.arena_pair")))
    st.caption(say("fitness.arena_table"))


def _row(bout: arena.Bout) -> dict[str, str]:
    fought = bout.comparison
    difference = "–" if fought.difference != fought.difference else percent(fought.difference)
    return {
        say("fitness.arena_pair"): say("fitness.arena_against", one=bout.norm, other=bout.against),
        say("fitness.arena_won"): f"{fought.bn_wins} : {fought.plain_wins}",
        say("fitness.arena_lower"): difference,
        say("fitness.arena_diverged"): f"{fought.bn_diverged} : {fought.plain_diverged}",
        "q": short(bout.q, 2),
    }
