"""Train versus eval: why does my net behave differently in eval mode?"""

import streamlit as st

from bnviz.texts.markdown import literal
from bnviz.ui.controls import TRAIN_VS_EVAL
from bnviz.ui.language import say, say_verdict
from bnviz.ui.links import open_with
from bnviz.ui.train_vs_eval import compute
from bnviz.ui.train_vs_eval.controls import feature_choice, notes, stream_config
from bnviz.ui.train_vs_eval.tabs import (
    OF_A_FEATURE,
    OVER_BATCHES,
    SECTIONS,
    follow_old_links,
    show_section,
)
from bnviz.ui.widgets import tabs

open_with(TRAIN_VS_EVAL, shift=2.0, shift_at=90)  # eval mode still lags behind
follow_old_links()
answer = st.container()
for section in tabs(TRAIN_VS_EVAL["stream_tab"], SECTIONS):
    main = st.container(horizontal=True, gap="medium", vertical_alignment="bottom")
    over_batches = section in OVER_BATCHES
    config, eps = stream_config(main if over_batches else None)
    names = compute.names(config.batch)
    with main if section in OF_A_FEATURE else st.sidebar:
        feature = feature_choice(names)
    with answer:
        if over_batches and config.batch.batch_size > 1:
            st.markdown(say_verdict("train_vs_eval.verdict", *compute.answer(config, eps)[0]))
        elif over_batches:
            st.markdown(say("train_vs_eval.single", message=literal(compute.refusal() or "")))
    show_section(section, answer, main, config, feature, eps)
    for note in notes(config, names):
        answer.caption(note)
