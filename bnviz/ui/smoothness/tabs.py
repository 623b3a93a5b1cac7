"""The sections of Smoothness; only the open one is computed."""

from collections.abc import Callable

import streamlit as st

from bnviz.ui.language import say
from bnviz.ui.smoothness.along import show_along
from bnviz.ui.smoothness.density import show_density
from bnviz.ui.smoothness.document import show_document
from bnviz.ui.smoothness.extremes import show_extremes
from bnviz.ui.smoothness.gap import show_gap
from bnviz.ui.smoothness.landscape import show_landscape
from bnviz.ui.smoothness.scales import show_scales
from bnviz.ui.smoothness.stability import show_stability
from bnviz.ui.smoothness.subject import Asked
from bnviz.ui.widgets import tabs

SECTIONS: dict[str, Callable[[Asked], None]] = {
    "document": show_document,
    "scales": show_scales,
    "extremes": show_extremes,
    "density": show_density,
    "gap": show_gap,
    "along": show_along,
    "landscape": show_landscape,
    "stability": show_stability,
}


@st.fragment
def show_sections(asked: Asked) -> None:
    """All sections as tabs, the open one filled; a control inside leaves the rest alone."""
    for name in tabs("measure", list(SECTIONS), lambda name: say(f"smoothness.tabs.{name}")):
        st.markdown(say(f"smoothness.lead.{name}"))
        SECTIONS[name](asked)
