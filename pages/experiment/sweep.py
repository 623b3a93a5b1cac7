"""Sweep: where does it hold? Both nets over a grid of settings."""

import streamlit as st

from bnviz.jobs.kinds import SWEEPS
from bnviz.ui.language import say
from bnviz.ui.runs.current import current_run, follow
from bnviz.ui.sweep import controls
from bnviz.ui.sweep.live import show_atlas, show_sweep
from bnviz.ui.sweep.settings import departures, take_settings

run, shown = current_run(SWEEPS, opened=take_settings)
main = st.container(horizontal=True, vertical_alignment="bottom")
config = controls.sweep_config(main, shown)
changed = departures(shown, config) if shown else ()
plan = controls.launch_button(main, config, run, new=bool(changed) or run is None)
with main:
    if run is not None:
        st.button(say("sweep.new"), key="new", icon=":material/add:", on_click=controls.leave)

if run is None:
    show_atlas(config, plan)
else:
    if changed:
        told = say("sweep.changed", changes=changed) + say("sentence.between") + plan
        st.info(told, icon=":material/play_arrow:")
    follow(run, show_sweep)
