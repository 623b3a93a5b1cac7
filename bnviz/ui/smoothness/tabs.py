"""The sections of Smoothness; only the open one is computed."""

from collections.abc import Mapping
from importlib import import_module

import streamlit as st

from bnviz.core.smoothness.registry import MEASURES
from bnviz.texts.catalogue import speaking_of
from bnviz.ui.controls import SMOOTHNESS
from bnviz.ui.smoothness.section import Section
from bnviz.ui.smoothness.subject import Asked
from bnviz.ui.widgets import tabs

#: By the measure's name, which is that of the module here that holds it.
SECTIONS: Mapping[str, Section] = {
    name: import_module(f"bnviz.ui.smoothness.{name}").SECTION
    for name in (measure.name() for measure in MEASURES.values())
}


@st.fragment
def show_sections(asked: Asked) -> None:
    """All sections as tabs, the open one filled; a control inside leaves the rest alone."""
    with speaking_of(asked.config.network.norm):
        for name in tabs(SMOOTHNESS["measure"], list(SECTIONS)):
            SECTIONS[name].show(asked)
