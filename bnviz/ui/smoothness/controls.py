"""A measure's own controls: limits from its config, a key in the address for each."""

from collections.abc import Iterator
from typing import Any, TypeVar

import streamlit as st

from bnviz.core.nets.norms.names import OVER_ROWS
from bnviz.core.smoothness.measure import Measure
from bnviz.ui.control import Control, in_address
from bnviz.ui.controls import SMOOTHNESS
from bnviz.ui.smoothness.subject import Asked
from bnviz.ui.widgets import aside, ask

M = TypeVar("M", bound=Measure)

#: A control that matters with one option of another only: the others then keep their default.
ONLY = {"reach": ("grid", "absolute")}


#: Fields that several measures have, by the key of their one control: a choice stays from tab to
#: tab.
SHARED = {"bn_mode": "bn_mode", "net": "net_seed", "seed": "measure_seed"}

#: Those that stand in the sidebar, as they do not change what is asked.
SEEDS = ("net", "seed")
#: A row is cut for at least so many controls, of which a menu takes so much more for its words.
IN_A_ROW, MENU = 4, 1.4


def ask_measure(owner: type[M], asked: Asked, *names: str) -> M:
    """The measure of what the sidebar asks about, with a control for each field in `names`.

    BN's mode, which of the run's seeds, and the seed of what is drawn are asked for where
    they matter.
    """
    given: dict[str, Any] = {}
    kind = owner.model_fields["kind"].default
    shared = _shared(owner, asked)
    shown = [*names, *(name for name in shared if name not in SEEDS)]
    rows = [SMOOTHNESS[SHARED.get(name, f"{kind}.{name}")] for name in shown]
    widths = [MENU if row.menu else 1.0 for row in rows]
    rest = IN_A_ROW - sum(widths)
    cells = st.columns([*widths, rest] if rest > 0 else widths) if shown else []
    for name, row in zip(shown, rows, strict=True):
        other, option = ONLY.get(name, ("", None))
        if given.get(other) == option:
            with cells[len(given)], aside(row):
                given[name] = ask(row)
    with asked.place:
        for name in shared:
            if name in SEEDS:
                row = SMOOTHNESS[SHARED[name]]
                given[name] = _net(row, asked) if name == "net" else ask(row)
    return owner(**given).of(asked.subject)


def _shared(owner: type[Measure], asked: Asked) -> list[str]:
    matters = {
        "bn_mode": "bn_mode" in owner.model_fields and asked.config.network.norm in OVER_ROWS,
        "net": "net" in owner.model_fields and asked.config.seeds > 1,
        "seed": owner.draws,
    }
    return [name for name in SHARED if matters[name]]


def _net(row: Control, asked: Asked) -> int:
    index: str = ask(
        row,
        options=[str(index) for index in range(asked.config.seeds)],
        shown=lambda index: str(asked.config.seed + int(index)),
    )
    return int(index)


def in_smoothness(measure: Measure) -> Iterator[tuple[str, str]]:
    """The address of a measure: its tab, the nets it is about, its settings."""
    yield "section", measure.name()
    if measure.subject.run is not None:
        yield "run", measure.subject.run
    if measure.subject.epoch is not None:
        yield "epoch", str(measure.subject.epoch)
    for name, value in measure:
        row = SMOOTHNESS.get(SHARED.get(name, f"{measure.kind}.{name}"))
        if row is not None:
            yield row.name, in_address(value)
