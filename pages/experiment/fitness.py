"""Fitness training: does BN help here? Two nets, the same seeds, side by side."""

import streamlit as st

from bnviz.ui import running
from bnviz.ui.language import say
from bnviz.ui.live import show_training
from bnviz.ui.preview import preview
from bnviz.ui.train_controls import train_config

st.title(say("fitness.title"))
config = train_config()
with st.sidebar:
    running.launch_button(config)
    running.earlier()

run = running.current_run()
if run is None:
    preview(config)
else:
    running.follow(run, show_training)
