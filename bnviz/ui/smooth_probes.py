"""Sections of Smoothness about random probes: the document's own, and what their scale does."""

from bnviz.core.smoothness.configs import ReplayConfig, ScalesConfig
from bnviz.core.smoothness.results import Replay, Scales
from bnviz.plots import smooth_probes as plots
from bnviz.ui.language import say
from bnviz.ui.layout import draw, look, show_pair
from bnviz.ui.smooth_controls import measure
from bnviz.ui.smooth_section import show_section
from bnviz.ui.smooth_subject import Asked


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


def show_scales(asked: Asked) -> None:
    """Estimates over the scale of the probes, and the ReLU kinks in them."""

    def figures(found: Scales) -> None:
        draw(plots.scales(found, look(), say), "scales", say("smoothness.scales.alt"))
        draw(plots.kinks(found, look(), say), "kinks", say("smoothness.scales.kinks_alt"))

    config = measure(ScalesConfig, asked, "probes")
    show_section(asked, config, figures, probes=config.probes, mode=say(f"option.{config.bn_mode}"))
