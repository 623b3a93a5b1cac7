"""Sweep: where does it hold? Both nets over a grid of settings."""

import streamlit as st

from bnviz.ui.language import say
from bnviz.ui.runs import current
from bnviz.ui.sweep import controls
from bnviz.ui.sweep.live import show_atlas, show_sweep

run = controls.current()
main = st.container(horizontal=True, vertical_alignment="bottom")
config = controls.sweep_config(main)
plan = controls.launch_button(main, config, run)
with main:
    if run is not None:
        st.button(say("sweep.new"), key="new", icon=":material/add:", on_click=controls.leave)

if run is None:
    show_atlas(config, plan)
else:
    current.follow(run, show_sweep)
