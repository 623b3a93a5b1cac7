"""Pitfalls: what goes wrong with BN, found by its symptom, each one shown live."""

import streamlit as st

from bnviz.ui.controls import ALL
from bnviz.ui.language import say
from bnviz.ui.pitfalls import extras, finder, gallery

heading = st.empty()
name = gallery.choose()
heading.title(say("pitfalls.title") if name == ALL else gallery.title(name))
if name == ALL:
    finder.show_cards()
    st.stop()

config = gallery.ask(name)
st.caption(gallery.place(name))
st.markdown("> " + say(f"pitfalls.{name}.symptom"))
st.markdown(gallery.verdict(name, config))
figure, fix = st.columns([6, 5], gap="medium")
with figure:
    gallery.show_experiment(name, config)
with fix:
    gallery.show_fix(name)
extras.show_more(name, config)
