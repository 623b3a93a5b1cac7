"""Fitness training: does BN help here? Two nets, the same seeds, side by side."""

import streamlit as st

from bnviz.ui import runs
from bnviz.ui.fitness.compute import size
from bnviz.ui.fitness.controls import train_config
from bnviz.ui.fitness.live import show_training
from bnviz.ui.fitness.preview import preview

config = train_config()
with st.sidebar:
    runs.launch_button(config, *size(config.data))
    runs.earlier()

run = runs.current_run()
if run is None:
    preview(config)
else:
    runs.follow(run, show_training)
