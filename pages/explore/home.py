"""Home: what is batch normalization, in one live picture, and where to go next."""

import numpy as np
import streamlit as st

from bnviz.core.batchnorm.interpolation import partway, stage_of
from bnviz.core.configs import BatchConfig, NormConfig
from bnviz.plots.home import walk
from bnviz.ui import formulas
from bnviz.ui.figures import card, look, show
from bnviz.ui.language import say
from bnviz.ui.navigation import PAGES
from bnviz.ui.one_batch import data
from bnviz.ui.presenter.panel import show_lesson_list
from bnviz.ui.widgets import slider

WINES = BatchConfig(source="wine", batch_size=178, features=13)
ALCOHOL, COLOR = 0, 9

st.title(say("home.title"))
st.markdown(say("home.lead"))
picture, story = st.columns([3, 2], gap="large")
with picture:
    progress = slider("progress", say("home.progress"), 0.0, 0.0, 2.0, step=0.05, format="%.2f")

raw = data.batch(WINES).values
result = data.normalized(WINES, NormConfig(precision="float64"))
pair = [ALCOHOL, COLOR]
now = partway(raw, result, progress)[:, pair]
mean, deviation = now.mean(axis=0), now.std(axis=0)

with picture:
    titles = (say("home.axis_alcohol"), say("home.axis_color"))
    show(walk(raw[:, pair], now, titles, look(), say), "walk", alt=say("home.alt"))
with story:
    st.markdown(
        say(
            f"home.stage_{stage_of(progress)}",
            mean=" / ".join(f"{m + 0.0:.2f}" for m in mean.round(2)),
            deviation=" / ".join(f"{d:.2f}" for d in deviation),
            correlation=f"{np.corrcoef(*now.T)[0][1]:.2f}",
        )
    )
    for name in ("mean", "variance", "normalize"):
        st.latex(getattr(formulas, name.upper()))
        st.caption(say(f"home.formula_{name}"))

st.subheader(say("home.cards"))
for start in range(1, len(PAGES), 2):  # row by row, so that a phone keeps their order
    for column, entry in zip(st.columns(2), PAGES[start : start + 2], strict=False):
        with column:
            card(entry.name)
show_lesson_list()
st.caption(say("home.sources"))
