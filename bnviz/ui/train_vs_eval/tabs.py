"""The sections below Train versus eval's figures; only the open one is computed."""

from collections.abc import Callable

import streamlit as st

from bnviz.core.configs import StreamConfig
from bnviz.ui.controls import TRAIN_VS_EVAL
from bnviz.ui.train_vs_eval import layer, nets
from bnviz.ui.widgets import tabs


@st.fragment
def show_sections(config: StreamConfig, chosen: int | None, eps: float) -> None:
    """All sections as tabs, the open one filled; a control inside leaves the page above alone.

    `chosen` is the feature that is looked at, None for all: then they speak of the first.
    """
    feature = chosen or 0
    sections: dict[str, Callable[[], None]] = {
        "gap": lambda: layer.show_gap(config, chosen, eps),
        "clock": lambda: layer.show_clock(config),
        "company": lambda: layer.show_company(config, feature, eps),
        "recalibrate": nets.show_recalibration,
        "frozen": nets.show_frozen,
        "split": lambda: nets.show_split(config, feature, eps),
    }
    for name in tabs(TRAIN_VS_EVAL["stream_tab"], list(sections)):
        sections[name]()
