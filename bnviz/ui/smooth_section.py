"""What all sections of Smoothness have in common: what is asked, the result, how to read it."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from bnviz.core.smoothness.configs import Measure
from bnviz.core.smoothness.cost import cost
from bnviz.ui import measuring, smooth_snippets
from bnviz.ui.language import say
from bnviz.ui.layout import explain
from bnviz.ui.smooth_formulas import FORMULAS
from bnviz.ui.smooth_frames import frame
from bnviz.ui.smooth_subject import Asked
from bnviz.ui.sources import show_sources


def show_section(
    asked: Asked, config: Measure, draw: Callable[[Any], None], **caption: Any
) -> None:
    """The result of `config`, drawn by `draw`, with data and code, formula and sources.

    `caption` holds the values that the section's caption needs.
    """
    kind = config.kind

    def figures(found: Any) -> None:
        draw(found)
        explain(
            kind,
            say(f"smoothness.{kind}.caption", **caption),
            data=lambda: frame(kind, found),
            code=smooth_snippets.code(config),
        )

    estimate = cost(config, asked.parameters, asked.rows, asked.config.seeds)
    measuring.show(config, estimate, figures, snapshots=asked.snapshots)
    for formula in FORMULAS[kind]:
        st.latex(formula)
    st.markdown(say(f"smoothness.{kind}.reading"))
    show_sources(f"smooth_{kind}")
