"""Where the gap is from: both nets' ratio, split into input scaling, BN and mode; every cell."""

import streamlit as st

from bnviz.core.smoothness.gap import Gap, GapConfig, split
from bnviz.plots.smoothness import gap as plots
from bnviz.plots.theme import Figure
from bnviz.ui.controls import SMOOTHNESS
from bnviz.ui.figures import draw, look
from bnviz.ui.language import say
from bnviz.ui.smoothness.section import Section
from bnviz.ui.widgets import aside, ask


def _figures(config: GapConfig, gap: Gap) -> None:
    left, right = st.columns(2)
    with left:  # before the control below it, which would move down
        _draw("split", plots.split(split(gap), look(), say))
    with aside(SMOOTHNESS["gap_quantity"]):
        quantity = ask(SMOOTHNESS["gap_quantity"])
    with right:
        _draw("cells", plots.cells(gap, quantity, look(), say))


def _draw(key: str, figure: Figure) -> None:
    draw(figure, key, f"{say(f'smoothness.gap.{key}')}: {say('smoothness.gap.alt')}")


SECTION = Section(
    GapConfig,
    controls=("probes",),
    figures=_figures,
    formula=r"\log\frac{\lambda_\text{plain, raw}}{\lambda_\text{BN, raw, eval}} = "
    r"\log\frac{\lambda_\text{plain, raw}}{\lambda_\text{plain, std}} + "
    r"\log\frac{\lambda_\text{plain, std}}{\lambda_\text{BN, std, train}} + "
    r"\log\frac{\lambda_\text{BN, std, train}}{\lambda_\text{BN, raw, train}} + "
    r"\log\frac{\lambda_\text{BN, raw, train}}{\lambda_\text{BN, raw, eval}}",
    library=("eigenvalues",),
    dimensions={"*": ("trained", "cell", "seed")},
    sources=(
        ("LeCun, Kanter & Solla 1991", "https://doi.org/10.1103/PhysRevLett.66.2396"),
        ("Li et al. 2018, 4", "https://arxiv.org/abs/1712.09913"),
        ("van Laarhoven 2017", "https://arxiv.org/abs/1706.05350"),
    ),
)
