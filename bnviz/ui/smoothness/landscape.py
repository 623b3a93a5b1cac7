"""Landscape: both nets' loss on a plane and along lines."""

import streamlit as st

from bnviz.core.smoothness.landscape import Landscape, LandscapeConfig
from bnviz.core.types import NETS
from bnviz.plots.smoothness import landscape as plots
from bnviz.ui.controls import SMOOTHNESS
from bnviz.ui.figures import draw, look, show_pair
from bnviz.ui.language import say
from bnviz.ui.smoothness.section import Section
from bnviz.ui.widgets import aside, ask


def _figures(config: LandscapeConfig, landscape: Landscape) -> None:
    pair = st.container()  # above its control, so that the picture is in the window
    with aside(SMOOTHNESS["view"]):
        view = ask(SMOOTHNESS["view"])
    plot = plots.contour if view == "contour" else plots.surface
    with pair:
        show_pair(
            {f"{view}-{net}": plot(landscape, net, config.plane, look(), say) for net in NETS},
            say("smoothness.landscape.alt"),
            "net.{}",
        )
    draw(plots.lines(landscape, look(), say), "lines", say("smoothness.landscape.lines_alt"))


SECTION = Section(
    LandscapeConfig,
    controls=("plane", "extent", "points", "lines"),
    figures=_figures,
    formula=r"f(\theta + a\,d_1 + b\,d_2)\,,\qquad "
    r"d_{\text{filter}} \leftarrow \frac{d_{\text{filter}}}{\lVert d_{\text{filter}}\rVert}"
    r"\,\lVert\theta_{\text{filter}}\rVert",
    library=("landscape_plane", "landscape_lines"),
    measured="loss",
    dimensions={
        "*": ("index",),
        "loss": ("second", "first"),
        "lines": ("line", "distances"),
        "path": ("path_epochs", "direction"),
        "path_loss": ("path_epochs",),
    },
    sources=(("Li et al. 2018, 4 & 7", "https://arxiv.org/abs/1712.09913"),),
)
