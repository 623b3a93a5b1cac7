"""The sections of Train versus eval; only the open one is computed."""

from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from bnviz.core.configs import StreamConfig
from bnviz.ui.train_vs_eval import layer, nets

SECTIONS: Final = ("gap", "parts", "clock", "company", "recalibrate", "frozen", "split")
#: Those that follow the running statistics over the batches: momentum and shift matter to them.
OVER_BATCHES: Final = ("gap", "parts", "clock")
#: Those whose picture is of the chosen feature.
OF_A_FEATURE: Final = ("gap", "parts", "company", "split")


def follow_old_links() -> None:
    """To the parts of the gap, which had no section of their own when links named none."""
    asked = {"quantity", "reference", "gap_step"} & st.query_params.keys()
    if asked and "section" not in st.query_params:
        st.query_params["section"] = "parts"


def show_section(
    name: str,
    answer: DeltaGenerator,
    main: DeltaGenerator,
    config: StreamConfig,
    chosen: int | None,
    eps: float,
) -> None:
    """One section; its controls join those in `main`, what it says of its own goes to `answer`.

    `chosen` is the feature that is looked at, None for all: then most speak of the first.
    """
    feature = chosen or 0
    match name:
        case "gap":
            layer.show_gap(config, chosen)
        case "parts":
            layer.show_parts(main, config, feature, eps)
        case "clock":
            layer.show_clock(config)
        case "company":
            layer.show_dependence(answer, main, config, feature, eps)
        case "recalibrate":
            nets.show_recalibration(answer, main)
        case "frozen":
            nets.show_frozen(answer, main)
        case "split":
            nets.show_split(answer, main, config, feature, eps)
