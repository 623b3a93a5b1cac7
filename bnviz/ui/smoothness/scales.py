"""Sections of Smoothness about random probes: the document's own, and what their scale does."""

from bnviz.core.smoothness.measure import ScalesConfig
from bnviz.core.smoothness.results import Scales
from bnviz.plots.smoothness import scales as plots
from bnviz.ui.figures import draw, look
from bnviz.ui.language import say
from bnviz.ui.smoothness.controls import measure
from bnviz.ui.smoothness.section import show_section
from bnviz.ui.smoothness.subject import Asked


def show_scales(asked: Asked) -> None:
    """Estimates over the scale of the probes, and the ReLU kinks in them."""

    def figures(found: Scales) -> None:
        draw(plots.scales(found, look(), say), "scales", say("smoothness.scales.alt"))
        draw(plots.kinks(found, look(), say), "kinks", say("smoothness.scales.kinks_alt"))

    config = measure(ScalesConfig, asked, "probes")
    show_section(asked, config, figures, probes=config.probes, mode=say(f"option.{config.bn_mode}"))
