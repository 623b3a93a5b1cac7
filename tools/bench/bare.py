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

#: What Streamlit itself takes for the elements of One batch, its two charts among them.
ELEMENTS = '''"""The controls, tabs and words of One batch, and two charts of eight curves each."""
import plotly.graph_objects as go
import streamlit as st


def contents():
    st.set_page_config(page_title="bare", layout="wide")
    st.title("A question")
    with st.sidebar:
        st.header("Batch")
        st.selectbox("Source", ["normal", "uniform"])
        st.slider("Rows", 1, 1000, 32, help="Rows")
        st.slider("Features", 1, 100, 8)
        st.number_input("Seed", 0, 10, 1, help="Seed")
        with st.container(horizontal=True):
            st.button("Next")
            st.toggle("Play")
        st.header("Normalization")
        st.slider("Beta", -5.0, 5.0, 0.0, help="Beta")
        st.segmented_control("Precision", ["float32", "float64"], default="float32")
        st.segmented_control("Axis", ["own", "shared"], default="own")
    st.markdown("An **answer**.")
    with st.container(horizontal=True):
        st.slider("Epsilon", 0.0, 1.0, 0.1, help="Epsilon")
        gamma = st.slider("Gamma", -5.0, 5.0, -4.0, step=0.1, key="gamma", help="Gamma")
    for column, key in zip(st.columns(2), ("main", "other")):
        with column:
            st.plotly_chart(go.Figure([go.Scatter(y=[1, 3, gamma]) for _ in range(8)]), key=key)
    st.caption("What is seen.")
    with st.popover("Data and code"):
        st.markdown("A table")
    for tab in st.tabs(["Epsilon", "Statistics", "Formula", "Code", "Deeper"]):
        with tab:
            st.markdown("Text and $x^2$")
            st.caption("More text")
    st.markdown("[Read on](https://example.org)")


def other():
    pass


pages = [st.Page(contents, title="Page 0", default=True)]
pages += [st.Page(other, title=f"Page {i}", url_path=f"page{i}") for i in range(1, 9)]
st.navigation(pages, position="top").run()
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
