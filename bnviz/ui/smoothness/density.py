"""Sections of Smoothness about the Hessian: its ends, its whole spectrum, where the gap is from."""

from bnviz.core.smoothness.measure import DensityConfig
from bnviz.core.smoothness.results import Density
from bnviz.plots.smoothness import density
from bnviz.ui.figures import draw, look
from bnviz.ui.language import say
from bnviz.ui.smoothness.controls import measure
from bnviz.ui.smoothness.section import show_section
from bnviz.ui.smoothness.subject import Asked


def show_density(asked: Asked) -> None:
    """Both spectra on one axis."""

    def figures(found: Density) -> None:
        figure = density.density(found, look(), say)
        draw(figure, "density", say("smoothness.density.alt"))

    config = measure(DensityConfig, asked, "probes", "steps")
    mode = say(f"option.{config.bn_mode}")
    show_section(asked, config, figures, probes=config.probes, steps=config.steps, mode=mode)
