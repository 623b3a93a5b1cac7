"""Pitfalls: what goes wrong with BN, each one shown live."""

import streamlit as st

from bnviz.ui.language import say
from bnviz.ui.pitfalls import extras, gallery

st.title(say("pitfalls.title"))
name = gallery.choose()
config = gallery.ask(name)

st.markdown("> " + say(f"pitfalls.{name}.symptom"))
st.markdown(gallery.verdict(name, config))
figure, fix = st.columns([6, 5], gap="medium")
with figure:
    gallery.show_experiment(name, config)
with fix:
    gallery.show_fix(name)
extras.show_more(name, config)
