"""One batch: what does BN do to it?"""

import streamlit as st

from bnviz.core.batchnorm.effect import verdict
from bnviz.core.data.shape import MOST_OUTLINES, Shape
from bnviz.plots.one_batch.distributions import Side, distributions
from bnviz.ui.figures import explain, look, show_pair
from bnviz.ui.language import say, say_verdict
from bnviz.ui.one_batch import code, compute, controls, live
from bnviz.ui.one_batch.tabs import show_gain, show_tabs, statistics_frame

answer, main = st.container(), st.container(horizontal=True, gap="large")
config = controls.batch_config(main)
batch = compute.batch_of(config)
norm = controls.norm_config(main, batch.names)
own_axes = controls.own_axes()

told = verdict(batch.names, config.batch_size, compute.effect_of(config, norm), norm)
answer.markdown(say_verdict("one_batch.verdict", *told))
for note in compute.notes(config):
    answer.caption(say_verdict("one_batch.note", note))

sides: dict[Side, Shape] = {
    "before": compute.shape_of(config, "float64"),
    "after": compute.shape_after(config, norm),
}
size = {"features": len(batch.names), "rows": f"{config.batch_size:,}"}
left, right = st.columns([5, 2])
with left:
    show_pair(
        {
            side: distributions(
                batch.names, shape, side, own_axes and side == "before", look(), say
            )
            for side, shape in sides.items()
        },
        say("one_batch.alt", **size),
        "one_batch.{}",
        live.ridges(config, norm, own_axes),
    )
with right:
    show_gain(config, norm)
kind = "caption" if len(batch.names) <= MOST_OUTLINES else "caption_bands"
explain(
    "batch",
    say(f"one_batch.{kind}", **size),
    data=lambda: statistics_frame(config, norm),
    code=code.one_batch(config, norm),
)
show_tabs(config, norm)
