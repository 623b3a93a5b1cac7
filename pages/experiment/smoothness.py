"""Smoothness: how smooth is the loss, really? Eight measures of both nets."""

import streamlit as st

from bnviz.ui.language import say
from bnviz.ui.smoothness.subject import ask
from bnviz.ui.smoothness.tabs import show_sections

st.title(say("smoothness.title"))
show_sections(ask())
