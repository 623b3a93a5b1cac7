"""Sections of Smoothness about training: the loss where steps lead, and when descent breaks."""

from typing import Literal, cast

from bnviz.core.smoothness.measure import LandscapeConfig
from bnviz.core.smoothness.results import Landscape
from bnviz.plots.nets import NETS
from bnviz.plots.smoothness import landscape
from bnviz.ui.figures import draw, look, show_pair
from bnviz.ui.language import say
from bnviz.ui.smoothness.controls import measure
from bnviz.ui.smoothness.section import show_section
from bnviz.ui.smoothness.subject import Asked
from bnviz.ui.widgets import choice

Net = Literal["bn", "plain"]


def show_landscape(asked: Asked) -> None:
    """Both nets' loss on a plane and along lines."""
    config = measure(LandscapeConfig, asked, "plane", "extent", "points", "lines")

    def figures(found: Landscape) -> None:
        view = choice(
            "view",
            ["contour", "surface"],
            label=say("smoothness.landscape.view"),
            shown=lambda name: say(f"smoothness.landscape.{name}"),
        )
        plot = landscape.contour if view == "contour" else landscape.surface
        show_pair(
            {
                f"{view}-{net}": plot(found, cast(Net, net), config.plane, look(), say)
                for net in NETS
            },
            say("smoothness.landscape.alt"),
            lambda key: say(f"net.{key.rpartition('-')[2]}"),
        )
        figure = landscape.lines(found, look(), say)
        draw(figure, "lines", say("smoothness.landscape.lines_alt"))

    mode = say(f"option.{config.bn_mode}")
    show_section(asked, config, figures, mode=mode, lines=config.lines)
