"""A training on screen, while it runs and after."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from bnviz.core.configs import TrainConfig
from bnviz.core.nets.norms.names import OVER_ROWS
from bnviz.core.training.snapshots import ACTIVATION_ROWS, QUANTILE_ROWS, Snapshot
from bnviz.core.training.verdict import divergences, ending, verdict
from bnviz.core.types import NETS
from bnviz.export.frames import per_layer_frame, per_seed_frame
from bnviz.jobs import runner
from bnviz.jobs.kinds import TRAININGS
from bnviz.plots.fitness import curves
from bnviz.store import Run
from bnviz.texts.catalogue import speaking_of
from bnviz.texts.numbers import percent, short
from bnviz.ui.controls import FITNESS
from bnviz.ui.figures import explain, look, show, show_pair
from bnviz.ui.fitness import compute, settings
from bnviz.ui.fitness.arena import show_arena
from bnviz.ui.fitness.tabs import show_tabs
from bnviz.ui.language import paragraph, say, say_verdict
from bnviz.ui.links import offer_page
from bnviz.ui.navigation import SMOOTHNESS
from bnviz.ui.runs.current import how_it_stands, progress
from bnviz.ui.runs.words import brief, when
from bnviz.ui.widgets import ask


def show_training(run: Run) -> None:
    """The training as it stands: which it is, the verdict, its curves and tabs."""
    config = TRAININGS.config_of(run)
    with speaking_of(config.network.norm):
        _show(run, config, runner.snapshots(run.id))


def _show(run: Run, config: TrainConfig, snapshots: Sequence[Snapshot]) -> None:
    if snapshots:
        opening = say("measuring.so_far") if run.active else ""
        now = verdict(snapshots[-1], compute.baseline_loss(config))
        sure = 1 if now[-1].key == "evidence" else 0
        answer, evidence = now[: len(now) - sure], now[len(now) - sure :]
        st.markdown(paragraph(opening, say_verdict("fitness.verdict", *answer)))
    if run.active:
        progress(run, snapshots[-1].seconds if snapshots else 0.0)
    _heading(run, config)
    if snapshots and config.arena:
        show_arena(config, snapshots)
    if snapshots:
        if config.probes.checkpoints or not config.arena:
            _curves(config, snapshots)
        st.markdown(say_verdict("fitness.verdict", *evidence))
    for each in divergences(snapshots, config.seed):
        st.warning(say_verdict("fitness.diverged", each), icon=":material/warning:")
    if snapshots:
        offer_page(SMOOTHNESS, say("fitness.smooth_link"), {"run": run.id})
        _activations(config, snapshots)
        show_tabs(run, config, snapshots)


def _heading(run: Run, config: TrainConfig) -> None:
    """Which training this is: when it was launched, how long it took, its settings."""
    how = how_it_stands(run)
    if run.status == "failed":
        st.error(how)
        how = say("run.is_failed")
    st.caption(say("fitness.heading", when=when(run), called=brief(run), how=how))
    with st.container(key="aside-settings"):  # on a wall the curves need the room
        st.caption(settings.in_one_line(config))


def _curves(config: TrainConfig, snapshots: Sequence[Snapshot]) -> None:
    points = config.data.source == "fitness"
    left, right = st.columns(2)
    with left:
        show(
            curves.loss(snapshots, say("unit.points_squared") if points else "", look(), say),
            "loss",
            alt=say("fitness.loss_alt"),
            caption=say("fitness.loss_caption", seeds=config.seeds)
            if config.seeds > 1
            else say("fitness.loss_caption_one"),
            data=lambda: per_seed_frame(snapshots, config.network.first_net),
        )
    with right:
        if config.probes.checkpoints == 0:
            st.caption(say("fitness.no_probes"))
            return
        show(
            curves.smoothness(snapshots, look(), say),
            "smoothness",
            alt=say("fitness.smoothness_alt"),
            caption=_probes_in_words(config, snapshots),
            data=lambda: per_seed_frame(snapshots, config.network.first_net),
        )


def _probes_in_words(config: TrainConfig, snapshots: Sequence[Snapshot]) -> str:
    probes = config.probes
    nets = [net for s in snapshots for net in (s.bn, s.plain) if net.eigenvalue_max.size]
    worst = [
        np.nanmax(n.eigenvalue_residual / np.maximum(-n.eigenvalue_min, n.eigenvalue_max))
        for n in nets
        if np.isfinite(n.eigenvalue_max).any()
    ]
    said = [
        say(
            "fitness.smoothness_caption",
            count=probes.count,
            scale=short(probes.scale),
            precision=probes.precision,
            mode=say(f"option.{probes.bn_mode}"),
        )
    ]
    if worst:
        said.append(say("fitness.eigenvalue_caption", residual=percent(max(worst))))
    return paragraph(*said)


def _activations(config: TrainConfig, snapshots: Sequence[Snapshot]) -> None:
    layer = 0
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if config.network.depth > 1:
            layers = [str(number) for number in range(1, config.network.depth + 1)]
            shown = lambda number: say("fitness.layer", layer=number)  # noqa: E731
            layer = int(ask(FITNESS["layer"], options=layers, shown=shown)) - 1
        axes = ask(FITNESS["axes"])
    show_pair(
        {
            f"activations-{net}": curves.activations(
                snapshots, net, layer, axes == "shared", look(), say
            )
            for net in NETS
        },
        say("fitness.activations_alt", layer=layer + 1),
        "net.{}",
    )
    rows = min(ACTIVATION_ROWS, compute.training_rows(config.data))
    some = min(QUANTILE_ROWS, rows)
    caption = paragraph(
        say("fitness.activations_caption", layer=layer + 1, rows=rows, some=some),
        say("fitness.activations_before") if config.network.norm in OVER_ROWS else "",
        say_verdict("fitness.ending_spread", ending(snapshots, "activation_std", layer)),
    )
    explain(
        "activations", caption, data=lambda: per_layer_frame(snapshots, config.network.first_net)
    )
