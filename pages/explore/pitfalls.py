"""Pitfalls: what goes wrong with BN, found by its symptom, each one shown live."""

import streamlit as st

from bnviz.ui.controls import ALL
from bnviz.ui.language import say
from bnviz.ui.pitfalls import extras, finder, gallery

name = gallery.choose()
if name == ALL:
    finder.show_cards()
    st.stop()

st.markdown("> " + say(f"pitfalls.{name}.symptom"))
answer = st.container()
with st.container(key="entry"):
    figure, fix = st.columns([6, 5], gap="medium")
with fix:
    config = gallery.pitfall_config(name)
    gallery.show_fix(name)
with figure:
    answer.markdown(gallery.verdict(name, config))
    gallery.show_experiment(name, config)
extras.show_more(name, config)
