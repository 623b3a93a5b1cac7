"""Probe scale: estimates over the scale of the probes, and the ReLU kinks in them."""

from bnviz.core.smoothness.scales import Scales, ScalesConfig
from bnviz.plots.smoothness import scales as plots
from bnviz.ui.figures import draw, look
from bnviz.ui.language import say
from bnviz.ui.smoothness.section import Section


def _figures(config: ScalesConfig, scales: Scales) -> None:
    draw(plots.scales(scales, look(), say), "scales", say("smoothness.scales.alt"))
    draw(plots.kinks(scales, look(), say), "kinks", say("smoothness.scales.kinks_alt"))


SECTION = Section(
    ScalesConfig,
    controls=("probes",),
    figures=_figures,
    formula=r"\nabla f(\theta+s)-\nabla f(\theta) = \Big(Hs + O(\lVert s\rVert^2)\Big) + "
    r"\sum_{(j,b)\in C(s)}\Delta_{j,b} + O\big(u\,\lVert\nabla f\rVert\big)",
    library=("scale_sweep",),
    measured="median",
    dimensions={"*": ("scales",)},
    sources=(
        ("Nocedal & Wright 2006, 8.1", "https://doi.org/10.1007/978-0-387-40065-5"),
        ("Pearlmutter 1994", "https://doi.org/10.1162/neco.1994.6.1.147"),
    ),
)
