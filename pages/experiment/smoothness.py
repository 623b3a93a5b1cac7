"""Smoothness: how smooth is the loss, really? Measures of both nets."""

from bnviz.ui.smoothness.subject import ask_subject
from bnviz.ui.smoothness.tabs import show_sections

show_sections(ask_subject())
