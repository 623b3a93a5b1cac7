"""Sections of Smoothness about training: the loss where steps lead, and when descent breaks."""

from bnviz.core.smoothness.measure import AlongConfig
from bnviz.core.smoothness.results import Along
from bnviz.plots.smoothness import along
from bnviz.ui.figures import draw, look, show_pair
from bnviz.ui.language import say
from bnviz.ui.smoothness.controls import measure
from bnviz.ui.smoothness.section import show_section
from bnviz.ui.smoothness.subject import Asked


def show_along(asked: Asked) -> None:
    """Santurkar's three measures at every step of a training."""

    def figures(found: Along) -> None:
        pair = ("loss", "change")
        show_pair(
            {name: along.along(found, name, look(), say) for name in pair},
            say("smoothness.along.alt"),
            lambda name: say(f"smoothness.along.{name}"),
        )
        figure = along.along(found, "smoothness", look(), say)
        draw(figure, "beta", f"{say('smoothness.along.smoothness')}: {say('smoothness.along.alt')}")

    config = measure(AlongConfig, asked, "grid", "sizes", "moments", "reach")
    kind = say(f"smoothness.along.caption_{config.grid}", reach=config.reach)
    show_section(asked, config, figures, grid=kind, seeds=asked.config.seeds)
