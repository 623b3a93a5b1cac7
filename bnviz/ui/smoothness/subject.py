"""Whose loss is measured: the document's nets, or a stored training at one of its checkpoints."""

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from bnviz.core.configs import NetworkConfig, TrainConfig
from bnviz.core.smoothness.measure import SubjectConfig
from bnviz.core.training.snapshots import PROBE_ROWS
from bnviz.jobs import runner
from bnviz.jobs.kinds import TRAININGS
from bnviz.store import Run, open_store
from bnviz.texts.catalogue import speaking_of
from bnviz.ui import cache
from bnviz.ui.controls import SMOOTHNESS
from bnviz.ui.fitness import compute, settings
from bnviz.ui.language import say
from bnviz.ui.links import offer_page
from bnviz.ui.navigation import FITNESS
from bnviz.ui.runs.words import named
from bnviz.ui.visitor import owner
from bnviz.ui.widgets import ask

DOCUMENT = "document"

#: What the document measures, without the training that it never does.
_DOCUMENTS = TrainConfig(seeds=1)


@dataclass(frozen=True)
class Asked:
    """What the sidebar asks about; `config` is the training that the nets come from."""

    subject: SubjectConfig
    config: TrainConfig
    snapshots: int
    """Of the run so far; 0 for the document's nets."""
    rows: int
    """That the loss is taken on."""
    parameters: int
    """Of the net with BN."""
    size: tuple[int, int]
    """Rows and inputs of the table that the training learns from."""
    place: DeltaGenerator
    """In the sidebar below the checkpoint, for seeds."""


def ask_subject() -> Asked:
    """The subject; stops the page while the training has no checkpoint."""
    with st.sidebar:
        st.subheader(say("smoothness.controls.subject"))
        run = _run()
        epoch = _epoch(run) if run else None
        config = TRAININGS.config_of(run) if run else _DOCUMENTS
        place = st.container()
        st.caption(say("smoothness.controls.own"))
        offer_page(FITNESS, say("pages.fitness"))
    _table_there(config)
    if run and epoch is None:
        st.info(say("smoothness.controls.no_checkpoint"), icon=":material/hourglass_empty:")
        st.stop()
    if run:
        with place, speaking_of(config.network.norm):
            st.caption(" · ".join((say(f"run.is_{run.status}"), settings.in_one_line(config))))
    rows = min(compute.training_rows(config.data), PROBE_ROWS) if run else config.data.samples
    size = compute.size(config.data)
    return Asked(
        SubjectConfig(run=run.id if run else None, epoch=epoch),
        config,
        run.snapshots if run else 0,
        rows,
        _parameters(config.network, size[1]),
        size,
        place,
    )


def _table_there(config: TrainConfig) -> None:
    """Stops the page, with a sentence, if the training's table is no longer kept."""
    digest = config.data.table
    if digest is not None and cache.table(digest) is None:
        st.error(say("problem.table_gone", digest=digest[:12]), icon=":material/error:")
        st.stop()


def _run() -> Run | None:
    """A training of the history, newest first; None for the document's nets."""
    newest = open_store().runs(limit=24, kind=TRAININGS.name, owner=owner())
    known = {run.id: run for run in newest if _measurable(run)}
    asked = st.query_params.get("run", st.session_state.get("smooth_run"))
    if asked and asked not in known:
        older = open_store().run(asked)  # older than the newest
        known |= {older.id: older} if older and _measurable(older) else {}
    chosen = ask(
        SMOOTHNESS["smooth_run"],
        options=[DOCUMENT, *known],
        shown=lambda name: (
            say("smoothness.controls.document") if name == DOCUMENT else named(known[name])
        ),
    )
    return known.get(chosen)


def _measurable(run: Run) -> bool:
    return run.snapshots > 0 and TRAININGS.understands(run)


def _epoch(run: Run) -> int | None:
    """A checkpoint of the run; its number stays in the address, for a later one may come."""
    epochs = [str(epoch) for epoch in runner.checkpoints(run.id)]
    if not epochs:
        return None
    return int(
        ask(
            SMOOTHNESS["epoch"],
            options=epochs,
            shown=lambda epoch: say("smoothness.controls.epoch_of", epoch=epoch, total=run.total),
            default=epochs[-1],
        )
    )


def _parameters(network: NetworkConfig, features: int) -> int:
    """Of the net with BN."""
    width, depth = network.width, network.depth
    weights = features * width + (depth - 1) * width**2 + width
    return weights + 3 * depth * width + 1
