"""Sections of Smoothness about the Hessian: its ends, its whole spectrum, where the gap is from."""

from bnviz.core.smoothness.measure import GapConfig
from bnviz.core.smoothness.results import Gap
from bnviz.plots.smoothness import gap
from bnviz.ui.figures import look, show_pair
from bnviz.ui.language import say
from bnviz.ui.smoothness.controls import measure
from bnviz.ui.smoothness.section import show_section
from bnviz.ui.smoothness.subject import Asked
from bnviz.ui.widgets import choice


def show_gap(asked: Asked) -> None:
    """The ratio of both nets, split into input scaling, BN and mode; every cell of the cross."""

    def figures(found: Gap) -> None:
        from bnviz.core.smoothness.gap import split

        quantity = choice(
            "gap_quantity",
            gap.QUANTITIES,
            label=say("smoothness.gap.quantity"),
            shown=lambda name: say(f"smoothness.gap.{name}"),
        )
        show_pair(
            {
                "split": gap.split(split(found), look(), say),
                "cells": gap.cells(found, quantity, look(), say),
            },
            say("smoothness.gap.alt"),
            lambda name: say(f"smoothness.gap.{name}"),
        )

    config = measure(GapConfig, asked, "probes")
    show_section(asked, config, figures, probes=config.probes)
