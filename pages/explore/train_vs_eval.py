"""Train versus eval: why does my net behave differently in eval mode?"""

import streamlit as st

from bnviz.texts.markdown import literal
from bnviz.ui.controls import TRAIN_VS_EVAL
from bnviz.ui.language import say, say_verdict
from bnviz.ui.links import open_with
from bnviz.ui.train_vs_eval import compute
from bnviz.ui.train_vs_eval.controls import feature_choice, notes, stream_config
from bnviz.ui.train_vs_eval.tabs import show_sections

open_with(TRAIN_VS_EVAL, shift=2.0, shift_at=90)  # eval mode still lags behind
answer, main = st.container(), st.container(horizontal=True, gap="large")
config, eps = stream_config(main)
names = compute.names(config.batch)
with main:
    chosen = feature_choice(names)

if config.batch.batch_size > 1:
    answer.markdown(say_verdict("train_vs_eval.verdict", *compute.answer(config, eps)[0]))
    for note in notes(config, names):
        answer.caption(note)
else:
    answer.markdown(say("train_vs_eval.single", message=literal(compute.refusal() or "")))

show_sections(config, chosen, eps)
