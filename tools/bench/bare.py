"""The bare Streamlit pages that the product's pages are measured against."""

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


def write(folder: Path, name: str, script: str) -> Path:
    """The script as a file in a folder of its own, where no configuration applies."""
    place = folder / name
    place.mkdir()
    path = place / "bare.py"
    path.write_text(script, encoding="utf-8")
    return path
