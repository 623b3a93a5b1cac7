"""One batch: what does BN do to it?"""

from typing import Any

import streamlit as st

from bnviz.plots.one_batch.distributions import MOST_RIDGES, Side, distributions
from bnviz.ui.figures import explain, look, show_pair
from bnviz.ui.language import say
from bnviz.ui.one_batch import code, controls, data
from bnviz.ui.one_batch.tabs import show_tabs, statistics_frame
from bnviz.ui.one_batch.verdict import batch_notes, batch_verdict

st.title(say("one_batch.title"))
config = controls.batch_config()
batch = data.batch(config)
norm = controls.norm_config(batch.names)
own_axes = controls.own_axes()
result = data.normalized(config, norm)

st.markdown(batch_verdict(batch.names, data.effect(config, norm), config, norm))
for note in batch_notes(batch, config):
    st.caption(note)

sides: dict[Side, Any] = {"before": batch.values, "after": result.y}
size = {"features": len(batch.names), "rows": f"{config.batch_size:,}"}
show_pair(
    {
        side: distributions(batch.names, x, side, own_axes and side == "before", look(), say)
        for side, x in sides.items()
    },
    say("one_batch.alt", **size),
    lambda side: say(f"one_batch.{side}"),
)
kind = "caption" if len(batch.names) <= MOST_RIDGES else "caption_bands"
explain(
    "batch",
    say(f"one_batch.{kind}", **size),
    data=lambda: statistics_frame(config, norm),
    code=code.one_batch(config, norm),
)
show_tabs(config, norm)
