"""Fitness training: does a norm help here? Two nets, the same seeds, side by side."""

import streamlit as st

from bnviz.jobs.kinds import TRAININGS
from bnviz.texts.catalogue import speaking_of
from bnviz.ui.fitness import settings
from bnviz.ui.fitness.compute import size
from bnviz.ui.fitness.controls import take_settings, train_config
from bnviz.ui.fitness.live import show_training
from bnviz.ui.fitness.preview import preview
from bnviz.ui.language import say
from bnviz.ui.runs.current import current_run, earlier, follow, launch_button

run, shown = current_run(TRAININGS, opened=take_settings)
main = st.container(horizontal=True, vertical_alignment="bottom")
config = train_config(main, shown)
with speaking_of(config.network.norm):
    changed = settings.departures(shown, config) if shown else ()
again = run is None or run.status == "failed"
launch_button(main, config, size(config.data), new=bool(changed) or again)
with main:
    earlier()

if run is None:
    with speaking_of(config.network.norm):
        preview(config)
else:
    if changed:
        st.info(say("fitness.changed", changes=changed), icon=":material/play_arrow:")
    follow(run, show_training)
