"""One batch: what does BN do to it?"""

from typing import Any

import streamlit as st

from bnviz.core.batchnorm.effect import verdict
from bnviz.plots.one_batch.distributions import MOST_RIDGES, Side, distributions
from bnviz.ui.figures import explain, look, show_pair
from bnviz.ui.language import say, say_verdict
from bnviz.ui.one_batch import code, compute, controls
from bnviz.ui.one_batch.tabs import show_tabs, statistics_frame

st.title(say("one_batch.title"))
config = controls.batch_config()
batch = compute.batch_of(config)
norm = controls.norm_config(batch.names)
own_axes = controls.own_axes()
result = compute.normalized(config, norm)

told = verdict(batch.names, config.batch_size, compute.effect_of(config, norm), norm)
st.markdown(say_verdict("one_batch.verdict", *told))
for note in compute.notes(config):
    st.caption(say_verdict("one_batch.note", note))

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
