"""One cell of a sweep: its settings, its losses, and the way to it in Fitness."""

from collections.abc import Mapping

import streamlit as st

from bnviz.core.sweep.config import Cell, SweepConfig, cells
from bnviz.core.sweep.outcome import Outcome
from bnviz.plots.sweep import curves
from bnviz.ui.controls import SWEEP
from bnviz.ui.figures import look, show
from bnviz.ui.fitness.controls import in_fitness
from bnviz.ui.fitness.settings import in_words, label
from bnviz.ui.language import say
from bnviz.ui.links import offer_page
from bnviz.ui.navigation import FITNESS
from bnviz.ui.widgets import ask


def show_cell(config: SweepConfig, outcomes: Mapping[int, Outcome]) -> None:
    """The open cell: the one that was clicked or chosen, or that the address names."""
    every = {str(cell.index): cell for cell in cells(config)}
    first = str(min(outcomes, default=0))
    chosen = ask(
        SWEEP["cell"],
        options=list(every),
        default=first,
        shown=lambda index: _settings(every[index]),
    )
    cell = every[chosen]
    if cell.index not in outcomes:
        st.caption(say("sweep.cell_waits"))
    else:
        show(
            curves.losses(outcomes[cell.index], look(), say),
            "losses",
            alt=say("sweep.cell_alt", settings=_settings(cell)),
            caption=say("sweep.cell_caption", seeds=config.base.seeds),
        )
    offer_page(FITNESS, say("sweep.open_cell"), dict(in_fitness(cell.config)))


def _settings(cell: Cell) -> str:
    return say("sentence.comma").join(
        f"{label(field)} {in_words(field, value)}" for field, value in cell.settings.items()
    )
