"""Fitness training: does BN help here? Two nets, the same seeds, side by side."""

import streamlit as st

from bnviz.ui import runs
from bnviz.ui.fitness.compute import size
from bnviz.ui.fitness.controls import train_config
from bnviz.ui.fitness.live import show_training
from bnviz.ui.fitness.preview import preview

main = st.container(horizontal=True, vertical_alignment="bottom")
config = train_config(main)
runs.launch_button(main, config, *size(config.data))
with main:
    runs.earlier()

run = runs.current_run()
if run is None:
    preview(config)
else:
    runs.follow(run, show_training)
