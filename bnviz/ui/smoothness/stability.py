"""Does it predict? 2 / sharpness against the learning rate at which descent breaks."""

from bnviz.core.smoothness.stability import Stability, StabilityConfig
from bnviz.core.types import NETS
from bnviz.plots.smoothness import stability as plots
from bnviz.ui.controls import SMOOTHNESS
from bnviz.ui.figures import draw, look, show_pair
from bnviz.ui.language import say
from bnviz.ui.smoothness.section import Section
from bnviz.ui.widgets import aside, ask


def _figures(config: StabilityConfig, stability: Stability) -> None:
    draw(plots.thresholds(stability, look(), say), "thresholds", say("smoothness.stability.alt"))
    with aside(SMOOTHNESS["curve"]):
        curve = ask(SMOOTHNESS["curve"])
    plot = plots.sharpness if curve == "sharpness" else plots.losses
    show_pair(
        {f"{curve}-{net}": plot(stability, net, look(), say) for net in NETS},
        say("smoothness.stability.curve_alt"),
        "net.{}",
    )


SECTION = Section(
    StabilityConfig,
    controls=("steps", "halvings"),
    figures=_figures,
    formula=r"\theta_{t+1} = \theta_t - \eta\nabla f(\theta_t)\quad\Longrightarrow\quad "
    r"x_{t+1} = {(1-\eta\lambda)\,x_t}\,,\qquad {|1-\eta\lambda| > 1}"
    r" \iff {\eta > \frac{2}{\lambda}}\quad{(\lambda>0)}",
    library=("stability_threshold",),
    measured="sharpness",
    dimensions={
        "*": ("seed",),
        "bracket": ("seed", "end"),
        "rates": ("rate",),
        "moments": ("moment",),
        "curves": ("rates", "moments"),
        "losses": ("rates", "moments"),
    },
    sources=(
        ("Cohen et al. 2021, 2 & 3", "https://arxiv.org/abs/2103.00065"),
        ("Lyu, Li & Arora 2022", "https://arxiv.org/abs/2206.07085"),
    ),
)
