"""A sweep as a table, on screen and as files."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from bnviz.core.sweep.config import SweepConfig
from bnviz.core.sweep.outcome import Outcome
from bnviz.core.sweep.results import Result
from bnviz.core.sweep.table import rows
from bnviz.export.tables import parquet
from bnviz.ui.figures import download
from bnviz.ui.language import say

if TYPE_CHECKING:
    import pandas as pd


def downloads(
    config: SweepConfig, outcomes: Mapping[int, Outcome], compared: Sequence[Result]
) -> None:
    """The cells as a table, as CSV and as Parquet, and the sweep's config."""

    def frame() -> "pd.DataFrame":
        import pandas as pd

        return pd.DataFrame(rows(config, outcomes, compared))

    more = st.popover(say("sweep.table"), icon=":material/table:", key="table", on_change="rerun")
    if not more.open:
        return
    with more:
        st.dataframe(frame(), hide_index=True)
        download(frame, "sweep")
        st.download_button(
            say("sweep.parquet"),
            lambda: parquet(frame()),
            "bnviz-sweep.parquet",
            key="sweep-parquet",
            icon=":material/download:",
            on_click="ignore",
        )
        st.code(config.model_dump_json(indent=1), language="json", height=200)
