"""Terms: what the words on the other pages mean."""

import streamlit as st

from bnviz.ui.glossary.glossary import show_terms
from bnviz.ui.language import say

st.markdown(say("glossary.lead"))
show_terms()
