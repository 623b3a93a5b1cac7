"""Sections of Smoothness about random probes: the document's own, and what their scale does."""

from bnviz.core.smoothness.measure import ReplayConfig
from bnviz.core.smoothness.results import Replay
from bnviz.plots.smoothness import document as plots
from bnviz.ui.figures import look, show_pair
from bnviz.ui.language import say
from bnviz.ui.smoothness.controls import measure
from bnviz.ui.smoothness.section import show_section
from bnviz.ui.smoothness.subject import Asked


def show_document(asked: Asked) -> None:
    """The document's estimator, probe by probe, beside what it meant to compute."""

    def figures(found: Replay) -> None:
        show_pair(
            {
                "replay": plots.replay(found, look(), say),
                "drift": plots.drift(found, look(), say),
            },
            say("smoothness.replay.alt"),
            lambda name: say(f"smoothness.replay.{name}"),
        )

    config = measure(ReplayConfig, asked, "probes")
    show_section(asked, config, figures, probes=config.probes)
