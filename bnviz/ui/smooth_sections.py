"""The sections of Smoothness; only the open one is computed."""

from collections.abc import Callable

import streamlit as st

from bnviz.ui.language import say
from bnviz.ui.linked import tabs
from bnviz.ui.smooth_probes import show_document, show_scales
from bnviz.ui.smooth_spectra import show_density, show_extremes, show_gap
from bnviz.ui.smooth_subject import Asked
from bnviz.ui.smooth_training import show_along, show_landscape, show_stability

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
