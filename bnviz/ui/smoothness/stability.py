"""Sections of Smoothness about training: the loss where steps lead, and when descent breaks."""

from typing import cast

from bnviz.core.smoothness.measure import StabilityConfig
from bnviz.core.smoothness.results import Stability
from bnviz.plots.nets import NETS
from bnviz.plots.smoothness import stability
from bnviz.ui.figures import draw, look, show_pair
from bnviz.ui.language import say
from bnviz.ui.smoothness.controls import measure
from bnviz.ui.smoothness.landscape import Net
from bnviz.ui.smoothness.section import show_section
from bnviz.ui.smoothness.subject import Asked
from bnviz.ui.widgets import choice


def show_stability(asked: Asked) -> None:
    """2 / sharpness against the learning rate at which descent breaks; sharpness on the way."""

    def figures(found: Stability) -> None:
        figure = stability.thresholds(found, look(), say)
        draw(figure, "thresholds", say("smoothness.stability.alt"))
        curve = choice(
            "curve",
            ["sharpness", "losses"],
            label=say("smoothness.stability.curve"),
            shown=lambda name: say(f"smoothness.stability.{name}"),
        )
        plot = stability.sharpness if curve == "sharpness" else stability.losses
        show_pair(
            {f"{curve}-{net}": plot(found, cast(Net, net), look(), say) for net in NETS},
            say("smoothness.stability.curve_alt"),
            lambda key: say(f"net.{key.rpartition('-')[2]}"),
        )

    config = measure(StabilityConfig, asked, "steps", "halvings")
    show_section(asked, config, figures, steps=config.steps)
