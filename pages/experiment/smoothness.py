"""Smoothness: how smooth is the loss, really? Eight measures of both nets."""

import streamlit as st

from bnviz.ui.language import say
from bnviz.ui.smooth_sections import show_sections
from bnviz.ui.smooth_subject import ask

st.title(say("smoothness.title"))
show_sections(ask())
