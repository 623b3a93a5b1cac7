"""A run again with one setting changed: a link that opens Fitness with it."""

from typing import Any

import streamlit as st

from bnviz.core.configs import TrainConfig
from bnviz.core.settings import flat
from bnviz.store import Run
from bnviz.ui.control import Control, in_address
from bnviz.ui.controls import FIRST_SEED, FITNESS
from bnviz.ui.fitness.settings import in_words, label
from bnviz.ui.language import say
from bnviz.ui.links import offer_page
from bnviz.ui.navigation import FITNESS as PAGE


def repeat(run: Run, config: TrainConfig) -> None:
    """Asks which setting to change, to what, and links to Fitness with the rest as it was."""
    more = st.popover(
        say("runs.repeat"), icon=":material/replay:", key=f"repeat-{run.id}", on_change="rerun"
    )
    if not more.open:
        return
    settings = {
        path: value
        for path, value in flat(config)
        if value is not None and path != "data.source" and (path in FITNESS or path == "seed")
    }
    with more:
        path = st.selectbox(
            say("runs.repeat_what"), list(settings), format_func=label, key=f"what-{run.id}"
        )
        value = _value(_row(path), path, settings[path], f"{run.id}-{path}")
        st.caption(say("runs.repeat_was", value=in_words(path, settings[path])))
        query = {"run": run.id, _row(path).name: in_address(value)}
        offer_page(PAGE, say("runs.repeat_open"), query)


def _row(path: str) -> Control:
    return FITNESS[FIRST_SEED if path == "seed" else path]


def _value(row: Control, path: str, now: Any, key: str) -> Any:
    """Another value of a setting, from what its control offers."""
    if row.kind == "switch":
        return not now
    if row.kind in ("choice", "steps"):
        offered = [each for each in row.options or row.stops if each != now]
        return st.selectbox(
            say("runs.repeat_to"), offered, format_func=lambda v: in_words(path, v), key=key
        )
    ends = int(row.least or 0), int(row.most or 0)
    return st.number_input(say("runs.repeat_to"), *ends, now, step=1, key=key)
