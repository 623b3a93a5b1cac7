"""A user's own table: choosing, reading, repairing."""

from typing import Any

import streamlit as st

from bnviz.ui.language import say


def choose_table(with_target: bool = False) -> dict[str, Any]:
    st.info(say("upload.waiting"))
    st.stop()
