"""One batch: what does BN do to it?"""

import streamlit as st

from bnviz.plots.one_batch import MOST_RIDGES, before_after
from bnviz.ui import cached, controls, snippets
from bnviz.ui.batch_tabs import show_tabs, statistics_frame
from bnviz.ui.language import say
from bnviz.ui.layout import look, show
from bnviz.ui.verdicts import batch_notes, batch_verdict

st.title(say("one_batch.title"))
config = controls.batch_config()
batch = cached.batch(config)
norm = controls.norm_config(batch.names)
own_axes = controls.own_axes()
result = cached.normalized(config, norm)

st.markdown(batch_verdict(batch.names, cached.effect(config, norm), config, norm))
for note in batch_notes(batch, config):
    st.caption(note)

kind = "caption" if len(batch.names) <= MOST_RIDGES else "caption_ribbons"
size = {"features": len(batch.names), "rows": f"{config.batch_size:,}"}
show(
    before_after(batch.names, batch.values, result.y, own_axes, look(), say),
    "main",
    alt=say("one_batch.alt", **size),
    caption=say(f"one_batch.{kind}", **size),
    data=lambda: statistics_frame(config, norm),
    code=snippets.one_batch(config, norm),
)
show_tabs(config, norm)
