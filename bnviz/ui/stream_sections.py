"""The sections below Train versus eval's figures; only the open one is computed."""

from collections.abc import Callable

import streamlit as st

from bnviz.core.configs import StreamConfig
from bnviz.ui import net_tabs, stream_tabs
from bnviz.ui.language import say
from bnviz.ui.linked import tabs


@st.fragment
def show_sections(config: StreamConfig, feature: int, eps: float) -> None:
    """All sections as tabs, the open one filled; a control inside leaves the page above alone."""
    sections: dict[str, Callable[[], None]] = {
        "gap": lambda: stream_tabs.show_gap(config, feature),
        "clock": lambda: stream_tabs.show_clock(config),
        "company": lambda: stream_tabs.show_company(config, feature, eps),
        "recalibrate": net_tabs.show_recalibration,
        "frozen": net_tabs.show_frozen,
        "split": lambda: net_tabs.show_split(config, feature, eps),
    }
    for name in tabs("stream_tab", list(sections), lambda name: say(f"train_vs_eval.tabs.{name}")):
        sections[name]()
