"""Pitfalls: what goes wrong with BN, each one shown live."""

import streamlit as st

from bnviz.ui import pitfall_extras, pitfalls
from bnviz.ui.language import say

st.title(say("pitfalls.title"))
name = pitfalls.choose()
config = pitfalls.ask(name)

st.markdown("> " + say(f"pitfalls.{name}.symptom"))
st.markdown(pitfalls.verdict(name, config))
figure, fix = st.columns([6, 5], gap="medium")
with figure:
    pitfalls.show_experiment(name, config)
with fix:
    pitfalls.show_fix(name)
pitfall_extras.show_more(name, config)
