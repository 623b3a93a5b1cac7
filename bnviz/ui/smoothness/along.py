"""Along training: Santurkar's three measures at every step of a training."""

from bnviz.core.smoothness.along import Along, AlongConfig
from bnviz.plots.smoothness import along as plots
from bnviz.ui.figures import draw, look, show_pair
from bnviz.ui.language import say
from bnviz.ui.smoothness.section import Section
from bnviz.ui.sources import SANTURKAR


def _figures(config: AlongConfig, along: Along) -> None:
    alt = say("smoothness.along.alt")
    pair = {name: plots.along(along, name, look(), say) for name in ("loss", "change")}
    show_pair(pair, alt, "smoothness.along.{}")
    figure = plots.along(along, "smoothness", look(), say)
    draw(figure, "beta", f"{say('smoothness.along.smoothness')}: {alt}")


SECTION = Section(
    AlongConfig,
    controls=("grid", "sizes", "moments", "reach"),
    figures=_figures,
    formula=r"f(\theta_t-\eta g)\,,\qquad {\lVert\nabla f(\theta_t-\eta g) - g\rVert}\,,\qquad "
    r"\beta_t = \max_\eta\frac{\lVert\nabla f(\theta_t-\eta g) - g\rVert}{\lVert\eta g\rVert}"
    r"\,,\qquad g=\nabla f(\theta_t)",
    library=("along_gradient",),
    dimensions={"*": ("steps", "seed"), "sizes": ("size",)},
    sources=(SANTURKAR,),
    caption=lambda config: {
        "how": say(f"smoothness.along.caption_{config.grid}", reach=config.reach)
    },
)
