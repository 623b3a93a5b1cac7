"""Home: what is batch normalization and why anybody wants it, in a minute; where to go next."""

import numpy as np
import streamlit as st

from bnviz.core.batchnorm.interpolation import stage_of
from bnviz.ui.chart.chart import EQUATION, player
from bnviz.ui.controls import HOME
from bnviz.ui.figures import card, explain
from bnviz.ui.home import wines
from bnviz.ui.home.flow import show_flow
from bnviz.ui.language import say
from bnviz.ui.navigation import PAGES
from bnviz.ui.presenter.panel import lessons, show_lesson_list
from bnviz.ui.widgets import ask

if "lesson" not in st.query_params:  # a lesson here is about the wines
    st.markdown(say("home.lead"))
    with st.container():  # what comes with torch moves nothing below
        show_flow()
    st.subheader(say("home.wines"))
st.markdown(say("home.wines_lead"))
with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    words = {name: say(f"home.{name}") for name in ("play", "stop", "help")}
    player("play", "progress", 8, words)
    progress = ask(HOME["progress"])
    with st.container(width="content"):
        st.html(EQUATION)

batch = wines.wines()
wines.pictures(batch, progress)

now = batch.now("train", progress)
told = say(
    f"home.stage_{stage_of(progress)}",
    mean=" / ".join(f"{m + 0.0:.2f}" for m in now.mean(axis=0).round(2)),
    deviation=" / ".join(f"{d:.2f}" for d in now.std(axis=0)),
    correlation=float(np.corrcoef(*now.T)[0][1]),
)
st.markdown(told)
with st.container(horizontal=True, vertical_alignment="center"):
    st.markdown(wines.company(batch))
    if batch.moved:
        st.button(say("home.put_back"), key="put_back", on_click=wines.put_back)
explain("walk", data=lambda: wines.frame(batch, progress))

if st.query_params.get("lesson") not in lessons():
    st.subheader(say("home.cards"))
    for start in range(1, len(PAGES), 2):  # row by row, so that a phone keeps their order
        for column, entry in zip(st.columns(2), PAGES[start : start + 2], strict=False):
            with column:
                card(entry.name)
    show_lesson_list()
    st.caption(say("home.sources"))
