"""Smoothness: how smooth is the loss, really? Measures of both nets."""

from bnviz.ui.controls import SMOOTHNESS
from bnviz.ui.links import open_with
from bnviz.ui.smoothness.subject import ask_subject
from bnviz.ui.smoothness.tabs import show_sections

open_with(SMOOTHNESS, measure="gap")
show_sections(ask_subject())
