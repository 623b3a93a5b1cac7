"""Smoothness: how smooth is the loss, really? Eight measures of both nets."""

from bnviz.ui.smoothness.subject import ask
from bnviz.ui.smoothness.tabs import show_sections

show_sections(ask())
