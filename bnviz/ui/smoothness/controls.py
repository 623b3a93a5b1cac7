"""A measure's own controls: limits from its config, a key in the address for each."""

from collections.abc import Callable
from typing import Any, TypeVar, get_args

import streamlit as st

from bnviz.core.smoothness.measure import Measure
from bnviz.ui.config_widgets import limits
from bnviz.ui.language import say
from bnviz.ui.smoothness.subject import Asked
from bnviz.ui.widgets import choice, steps, whole

M = TypeVar("M", bound=Measure)

_COUNTS = [2, 4, 8, 16, 32, 64, 100, 200, 500, 1000]

#: Numbers that a control offers; the config has the last word on what is possible.
GRIDS: dict[str, list[Any]] = {
    "probes": _COUNTS,
    "steps": [8, 10, 20, 40, 50, 80, 100, 150, 200, 500, 1000, 2000],
    "sizes": [2, 4, 8, 16, 32],
    "reach": [0.001, 0.01, 0.1, 1.0, 10.0, 100.0],
    "moments": [5, 10, 20, 50, 100, 200, 500, 1000],
    "extent": [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 100.0],
    "points": [13, 25, 51],
    "lines": [2, 4, 8, 16, 32, 64, 100],
    "halvings": [4, 6, 8, 10, 12, 16, 20, 30],
}

#: Where a field's name has another meaning than elsewhere.
LABELS = {"density.steps": "lanczos"}

#: A control that matters with one option of another only: the others then keep their default.
ONLY = {"reach": ("grid", "absolute")}


#: So many controls stand in a row.
IN_A_ROW = 4


def ask_measure(owner: type[M], asked: Asked, *names: str) -> M:
    """The measure of what the sidebar asks about, with a control for each field in `names`.

    BN's mode, which of the run's seeds, and the seed of what is drawn are asked for where
    they matter.
    """
    given: dict[str, Any] = {}
    kind = owner.model_fields["kind"].default
    shown = [*names, *_shared(owner, asked)]
    cells = [cell for _ in range(0, len(shown), IN_A_ROW) for cell in st.columns(IN_A_ROW)]
    for name in shown:
        other, option = ONLY.get(name, ("", None))
        if given.get(other) == option:
            with cells[len(given)]:
                ask = SHARED.get(name)
                given[name] = ask(asked) if ask else _control(owner, kind, name)
    return owner(**given).of(asked.subject)


def _shared(owner: type[Measure], asked: Asked) -> list[str]:
    matters = {
        "bn_mode": "bn_mode" in owner.model_fields,
        "net": "net" in owner.model_fields and asked.config.seeds > 1,
        "seed": owner.draws,
    }
    return [name for name in SHARED if matters[name]]


def _bn_mode(asked: Asked) -> str:
    return choice(
        "bn_mode",
        ["eval", "train"],
        label=say("smoothness.controls.bn_mode"),
        shown=lambda name: say(f"option.{name}"),
        help=say("smoothness.controls.bn_mode_help"),
    )


def _net(asked: Asked) -> int:
    return int(
        choice(
            "net_seed",
            [str(index) for index in range(asked.config.seeds)],
            label=say("smoothness.controls.net_seed"),
            shown=lambda index: str(asked.config.seed + int(index)),
            menu=True,
        )
    )


def _seed(asked: Asked) -> int:
    return whole(
        "measure_seed",
        say("smoothness.controls.seed"),
        0,
        0,
        2**32 - 1,
        help=say("smoothness.controls.seed_help"),
    )


#: Controls that several measures have, under one key: a choice stays from tab to tab.
SHARED: dict[str, Callable[[Asked], Any]] = {"bn_mode": _bn_mode, "net": _net, "seed": _seed}


def _control(owner: type[Measure], kind: str, name: str) -> Any:
    info, key = owner.model_fields[name], f"{kind}.{name}"
    label = say(f"smoothness.control.{LABELS.get(key, name)}")
    if isinstance(info.default, str):
        return choice(
            key,
            get_args(info.annotation),
            label=label,
            shown=lambda option: say(f"smoothness.option.{option}"),
            default=info.default,
            menu=True,
        )
    return steps(key, label, info.default, grid(owner, name))


def grid(owner: type[Measure], name: str) -> list[Any]:
    """The numbers that this measure's control offers."""
    least, most = limits(owner, name)
    return [v for v in GRIDS[name] if (least or 0) <= v <= (most or GRIDS[name][-1])]
