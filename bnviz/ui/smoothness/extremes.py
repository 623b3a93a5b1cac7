"""Extremes: random probes between the root mean square eigenvalue and the largest; traces."""

from bnviz.core.smoothness.extremes import Extremes, ExtremesConfig
from bnviz.plots.smoothness import extremes as plots
from bnviz.ui.figures import draw, look, show_pair
from bnviz.ui.language import say
from bnviz.ui.smoothness.section import Section


def _figures(config: ExtremesConfig, extremes: Extremes) -> None:
    draw(plots.ruler(extremes, look(), say), "ruler", say("smoothness.extremes.alt"))
    pair = {
        "normalized": plots.normalized(extremes, look(), say),
        "traces": plots.traces(extremes, look(), say),
    }
    alt = say("smoothness.extremes.pair_alt")
    show_pair(pair, alt, "smoothness.extremes.{}")


SECTION = Section(
    ExtremesConfig,
    controls=("probes",),
    figures=_figures,
    formula=r"\mathbb E_u\,\lVert Hu\rVert^2 = \frac{\operatorname{tr}(H^2)}{n}"
    r" = \frac1n\sum_{i=1}^n\lambda_i^2"
    r"\ \le\ \max_i\lambda_i^2\,,\qquad \lVert u\rVert = 1",
    library=("eigenvalues", "traces", "normalized_sharpness"),
    measured="maximum",
    dimensions={"*": ("seed",), "probes": ("seed", "probe")},
    sources=(
        ("Hutchinson 1990", "https://doi.org/10.1080/03610919008812866"),
        ("Meyer et al. 2021", "https://arxiv.org/abs/2010.09649"),
        ("Parlett 1998, 13", "https://doi.org/10.1137/1.9781611971163"),
        ("Dinh et al. 2017", "https://arxiv.org/abs/1703.04933"),
    ),
)
