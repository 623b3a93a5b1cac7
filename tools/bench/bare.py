"""The bare pages that the product's pages are measured against."""

from pathlib import Path

COLLECTION_OFF = ("--runner.postScriptGC", "false")

TEXT = '''"""A slider and a line of text."""
import streamlit as st

value = st.slider("Value", 0, 1000, 0, key="value")
st.markdown(f"The value is {value}")
'''

CHART = '''"""One chart."""
import plotly.graph_objects as go
import streamlit as st

st.plotly_chart(go.Figure(go.Scatter(y=[1, 3, 2])), key="main")
'''

#: The two charts of One batch and its gamma, as one writes it with Dash.
DASH = '''"""Two charts and a slider, on the port that is given."""
import sys

from dash import Dash, Input, Output, dcc, html

from bnviz.core.configs import BatchConfig, NormConfig
from bnviz.plots.one_batch.distributions import distributions
from bnviz.plots.theme import Look
from bnviz.texts.catalogue import sentence
from bnviz.ui.chart.chart import packed
from bnviz.ui.one_batch import compute
import json

def say(key, **values):
    return sentence("en", key, **values)

def draw(side, shape):
    names = compute.batch_of(BatchConfig()).names
    return json.loads(packed(distributions(names, shape, side, False, Look(), say)))

app = Dash()
app.layout = html.Div([
    dcc.Slider(-5, 5, 0.1, value=-4, id="gamma"),
    dcc.Graph(id="before"), dcc.Graph(id="after"),
])

@app.callback(Output("before", "figure"), Output("after", "figure"), Input("gamma", "value"))
def answer(gamma):
    config, norm = BatchConfig(), NormConfig(gamma=gamma)
    return (
        draw("before", compute.shape_of(config, "float64")),
        draw("after", compute.shape_after(config, norm)),
    )

@app.server.route("/_stcore/health")
def health():
    return "ok"

app.run(host="127.0.0.1", port=int(sys.argv[1]))
'''


def write(folder: Path, name: str, script: str) -> Path:
    """The script as a file in a folder of its own, where no configuration applies."""
    place = folder / name
    place.mkdir()
    path = place / "bare.py"
    path.write_text(script, encoding="utf-8")
    return path
