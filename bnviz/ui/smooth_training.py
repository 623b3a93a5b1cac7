"""Sections of Smoothness about training: the loss where steps lead, and when descent breaks."""

from typing import Literal, cast

from bnviz.core.smoothness.configs import AlongConfig, LandscapeConfig, StabilityConfig
from bnviz.core.smoothness.results import Along, Landscape, Stability
from bnviz.plots import smooth_along, smooth_landscape, smooth_stability
from bnviz.plots.nets import NETS
from bnviz.ui.language import say
from bnviz.ui.layout import draw, look, show_pair
from bnviz.ui.linked import choice
from bnviz.ui.smooth_controls import measure
from bnviz.ui.smooth_section import show_section
from bnviz.ui.smooth_subject import Asked

Net = Literal["bn", "plain"]


def show_along(asked: Asked) -> None:
    """Santurkar's three measures at every step of a training."""

    def figures(found: Along) -> None:
        pair = ("loss", "change")
        show_pair(
            {name: smooth_along.along(found, name, look(), say) for name in pair},
            say("smoothness.along.alt"),
            lambda name: say(f"smoothness.along.{name}"),
        )
        figure = smooth_along.along(found, "smoothness", look(), say)
        draw(figure, "beta", f"{say('smoothness.along.smoothness')}: {say('smoothness.along.alt')}")

    config = measure(AlongConfig, asked, "grid", "sizes", "moments", "reach")
    kind = say(f"smoothness.along.caption_{config.grid}", reach=config.reach)
    show_section(asked, config, figures, grid=kind, seeds=asked.config.seeds)


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
        plot = smooth_landscape.contour if view == "contour" else smooth_landscape.surface
        show_pair(
            {
                f"{view}-{net}": plot(found, cast(Net, net), config.plane, look(), say)
                for net in NETS
            },
            say("smoothness.landscape.alt"),
            lambda key: say(f"net.{key.rpartition('-')[2]}"),
        )
        figure = smooth_landscape.lines(found, look(), say)
        draw(figure, "lines", say("smoothness.landscape.lines_alt"))

    mode = say(f"option.{config.bn_mode}")
    show_section(asked, config, figures, mode=mode, lines=config.lines)


def show_stability(asked: Asked) -> None:
    """2 / sharpness against the learning rate at which descent breaks; sharpness on the way."""

    def figures(found: Stability) -> None:
        figure = smooth_stability.thresholds(found, look(), say)
        draw(figure, "thresholds", say("smoothness.stability.alt"))
        curve = choice(
            "curve",
            ["sharpness", "losses"],
            label=say("smoothness.stability.curve"),
            shown=lambda name: say(f"smoothness.stability.{name}"),
        )
        plot = smooth_stability.sharpness if curve == "sharpness" else smooth_stability.losses
        show_pair(
            {f"{curve}-{net}": plot(found, cast(Net, net), look(), say) for net in NETS},
            say("smoothness.stability.curve_alt"),
            lambda key: say(f"net.{key.rpartition('-')[2]}"),
        )

    config = measure(StabilityConfig, asked, "steps", "halvings")
    show_section(asked, config, figures, steps=config.steps)
