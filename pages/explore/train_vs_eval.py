"""Train versus eval: why does my net behave differently in eval mode?"""

import streamlit as st

from bnviz.core.batchnorm import agreement
from bnviz.core.batchnorm.stream import Quantity
from bnviz.plots.train_vs_eval import stream
from bnviz.texts.markdown import literal
from bnviz.ui.figures import explain, look, show_pair
from bnviz.ui.language import say, say_verdict
from bnviz.ui.sources import show_sources
from bnviz.ui.train_vs_eval import code, compute, live
from bnviz.ui.train_vs_eval.controls import feature_choice, notes, stream_config
from bnviz.ui.train_vs_eval.layer import walk_frame
from bnviz.ui.train_vs_eval.tabs import show_sections

answer, main = st.container(), st.container(horizontal=True, gap="large")
config, eps = stream_config(main)
names = compute.names(config.batch)
with main:
    chosen = feature_choice(names)
feature = chosen or 0

if config.batch.batch_size > 1:
    walk = compute.walk(config)
    told = agreement.verdict(walk, config, eps)
    end = 2 if told[0].key == "off" else 1  # the last batch, and the cause where it is off
    answer.markdown(say_verdict("train_vs_eval.verdict", *told[:end]))
    for note in notes(config, names):
        answer.caption(note)
    scale = compute.moments_of(config.batch).scale
    quantities: tuple[Quantity, ...] = ("mean", "variance")
    tracks = {quantity: getattr(walk, quantity) for quantity in quantities}
    show_pair(
        {
            f"running-{quantity}": stream.all_running(track, quantity, scale, names, look(), say)
            if chosen is None
            else stream.running(track, quantity, feature, names[feature], look(), say)
            for quantity, track in tracks.items()
        },
        say("train_vs_eval.walk.alt"),
        lambda key: say(f"train_vs_eval.walk.{key.replace('-', '_')}"),
        {f"running-{quantity}": live.running(config, quantity, chosen) for quantity in quantities},
    )
    st.markdown(say_verdict("train_vs_eval.verdict", *told[end:]))
    explain(
        "walk",
        say("train_vs_eval.walk.caption"),
        data=lambda: walk_frame(walk),
        code=code.walk(config),
    )
    show_sources("walk")
else:
    answer.markdown(say("train_vs_eval.single", message=literal(compute.refusal() or "")))

show_sections(config, feature, eps)
