"""Sections of Smoothness about the Hessian: its ends, its whole spectrum, where the gap is from."""

from bnviz.core.smoothness.measure import ExtremesConfig
from bnviz.core.smoothness.results import Extremes
from bnviz.plots.smoothness import extremes
from bnviz.ui.figures import draw, look, show_pair
from bnviz.ui.language import say
from bnviz.ui.smoothness.controls import measure
from bnviz.ui.smoothness.section import show_section
from bnviz.ui.smoothness.subject import Asked


def show_extremes(asked: Asked) -> None:
    """Random probes between the root mean square eigenvalue and the largest; traces; sharpness."""

    def figures(found: Extremes) -> None:
        draw(extremes.ruler(found, look(), say), "ruler", say("smoothness.extremes.alt"))
        show_pair(
            {
                "normalized": extremes.normalized(found, look(), say),
                "traces": extremes.traces(found, look(), say),
            },
            say("smoothness.extremes.pair_alt"),
            lambda name: say(f"smoothness.extremes.{name}"),
        )

    config = measure(ExtremesConfig, asked, "probes")
    mode = say(f"option.{config.bn_mode}")
    show_section(asked, config, figures, probes=config.probes, mode=mode)
