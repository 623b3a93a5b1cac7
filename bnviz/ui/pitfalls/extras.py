"""What two pitfalls show beyond their figure: a folded layer as code, a table of invariances."""

from collections.abc import Callable
from typing import get_args

import pandas as pd
import streamlit as st

from bnviz.core.pitfalls.configs import Family, PitfallConfig
from bnviz.texts.numbers import short
from bnviz.ui.language import say
from bnviz.ui.pitfalls import compute

#: In the order of bnviz.core.pitfalls.family.changed.
CHANGES = (
    "scale_all",
    "shift_all",
    "scale_channel",
    "shift_channel",
    "scale_sample",
    "shift_sample",
    "scale_cell",
    "shift_cell",
    "company",
)
#: Below this a change is rounding: the experiment runs in float64.
ROUNDING = 1e-6


def show_more(name: str, config: PitfallConfig) -> None:
    """Nothing for most pitfalls."""
    extra: dict[str, Callable[[PitfallConfig], None]] = {"folding": _folded, "family": _kept}
    if name in extra:
        extra[name](config)


def _folded(config: PitfallConfig) -> None:
    from bnviz.core.pitfalls.folding import generated

    st.markdown(say("pitfalls.folding.generated"))
    st.code(generated(compute.result("folding", config)), language="python", wrap_lines=True)


def _kept(config: PitfallConfig) -> None:
    """One row a change of the input, one column a norm: how far the first sample's output moves."""
    change = compute.result("family", config)["change"]
    norms = get_args(Family.model_fields["norm"].annotation)
    st.markdown(say("pitfalls.family.table"))
    columns = {
        say(f"pitfalls.family.option.{norm}"): [
            short(value, 2) if value >= ROUNDING else "0" for value in row
        ]
        for norm, row in zip(norms, change, strict=True)
    }
    rows = [say(f"pitfalls.family.change.{change}") for change in CHANGES]
    st.table(pd.DataFrame(columns, index=pd.Index(rows, name=say("pitfalls.family.changes"))))
