"""The gallery of pitfalls: which one, with which controls; what it found, its fix, its sources."""

from typing import Any, get_args

import pandas as pd
import streamlit as st

from bnviz.core.pitfalls.configs import CONFIGS, PitfallConfig
from bnviz.plots.pitfalls.figures import draw
from bnviz.ui.config_widgets import decades, doubling, limits
from bnviz.ui.figures import look, show
from bnviz.ui.language import say, say_verdict
from bnviz.ui.pitfalls import data
from bnviz.ui.sources import show_links
from bnviz.ui.widgets import choice, steps

#: Numbers that a control offers; the config has the last word on what is possible.
GRIDS: dict[str, dict[str, list[Any]]] = {
    "bias_before_bn": {
        "batch_size": doubling(4096)[1:],
    },
    "scale_invariance": {
        "scale": [float(f"1e{k}") for k in range(-4, 5)],
        "eps": [float(f"1e{k}") for k in range(-12, 0)],
    },
    "weight_decay": {
        "decay": [0.0, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1],
        "learning_rate": [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5],
    },
    "gamma_decay": {
        "decay": [0.0, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1],
        "steps": [20, *range(25, 151, 25)],
    },
    "dead_features": {
        "spread": decades(-8, 0),
        "eps": [float(f"1e{k}") for k in range(-12, 0)],
    },
    "gamma_zero": {
        "depth": list(range(2, 13)),
    },
    "last_batch": {
        "rows": [64, 100, 128, 129, 200, 256, 500, 512, 513, 1000, 1024, 1025, 2000, 2049],
        "batch_size": doubling(1024, 24, 48, 100)[1:],
    },
    "sorted_data": {
        "batch_size": doubling(256)[3:],
        "shuffled": [0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0],
    },
    "dropout_before_bn": {
        "rate": [k / 20 for k in range(19)],
        "mean": [k / 4 for k in range(21)],
    },
    "eval_forgotten": {
        "batch_size": doubling(256)[1:],
    },
    "train_forgotten": {
        "step": [1, 2, 3, 5, 10, 20, 40, 80],
        "learning_rate": [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5],
    },
    "nan_batch": {
        "step": list(range(1, 61)),
    },
    "handwritten": {
        "batch_size": doubling(1024)[1:],
        "offset": [float(f"{d}e{k}") for k in range(5) for d in (1, 3)] + [1e5],
        "spread": [float(f"{d}e{k}") for k in range(-6, 0) for d in (1, 3)] + [1.0],
    },
    "low_precision": {
        "spread": [float(f"{d}e{k}") for k in range(-4, 4) for d in (1, 2, 5)] + [1e4],
    },
    "target_normalized": {
        "mean": [0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 80.0, 100.0, 1000.0],
        "spread": [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0],
    },
    "second_pass": {
        "momentum": [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0],
    },
    "averaged_nets": {
        "shift": [k / 2 for k in range(11)],
        "clients": list(range(2, 9)),
    },
    "tracking_off": {
        "shift": [k / 2 for k in range(11)],
        "learning_rate": decades(-6, -1),
    },
    "ranks": {
        "batch_size": doubling(256)[1:],
    },
    "padding": {
        "padding": [k / 10 for k in range(10)],
        "mean": [k / 2 for k in range(11)],
    },
    "two_populations": {
        "distance": [k / 2 for k in range(13)],
        "batch_size": doubling(256)[1:],
    },
    "latent_noise": {
        "noise": decades(-4, 0),
        "eps": [float(f"1e{k}") for k in range(-12, 0)],
    },
    "family": {
        "groups": [1, 2, 3, 6],
    },
}


def choose() -> str:
    """Which pitfall; its id is in the address, so that each has a link of its own."""
    names = list(CONFIGS)
    pick, step = st.columns([3, 1], vertical_alignment="bottom")
    with pick:
        name = choice(
            "pitfall",
            names,
            label=say("pitfalls.choose", count=len(names)),
            shown=lambda n: say(f"pitfalls.{n}.title"),
            menu=True,
        )
    place = names.index(name)
    with step, st.container(horizontal=True):
        for by, key in ((-1, "previous"), (1, "following")):
            icon = f":material/chevron_{'left' if by < 0 else 'right'}:"
            args = (names[(place + by) % len(names)],)
            st.button(say(f"pitfalls.{key}"), key=key, icon=icon, on_click=_go, args=args)
    return name


def _go(name: str) -> None:
    st.session_state["pitfall"] = name


def ask(name: str) -> PitfallConfig:
    """The controls of this pitfall, those that matter."""
    owner, given = CONFIGS[name], dict[str, Any]()
    with st.sidebar:
        st.subheader(say("pitfalls.controls"))
        for field in owner.model_fields:
            if owner.asks(field, given):
                given[field] = _control(owner, name, field)
    return owner(**given)


def _control(owner: type[PitfallConfig], name: str, field: str) -> Any:
    path, info = f"{name}.{field}", owner.model_fields[field]
    label = say(f"pitfalls.{name}.control.{field}")
    options = get_args(info.annotation)
    if options:
        return choice(
            path,
            options,
            label=label,
            shown=lambda option: say(f"pitfalls.{name}.option.{option}"),
            default=info.default,
            menu=len(options) > 3,
        )
    least, most = limits(owner, field)
    return steps(path, label, info.default, [v for v in GRIDS[name][field] if least <= v <= most])


def verdict(name: str, config: PitfallConfig) -> str:
    """What the experiment found, in one sentence computed from it."""
    return say_verdict(f"pitfalls.{name}.verdict", data.verdict(name, config))


def show_experiment(name: str, config: PitfallConfig) -> None:
    """The figure, with its data and the program that repeats it."""
    from bnviz.core.pitfalls import pitfall

    numbers = data.result(name, config).numbers
    show(
        draw(name, config, numbers, look(), say),
        "pitfall-figure",
        alt=say(f"pitfalls.{name}.alt"),
        caption=say(f"pitfalls.{name}.caption"),
        data=lambda: _frame(name, config),
        code=pitfall.program(name, config),
    )


def _frame(name: str, config: PitfallConfig) -> pd.DataFrame:
    """Every measured number, one row each: series, index, value."""
    numbers = data.result(name, config).numbers
    heads = [say(f"pitfalls.data.{head}") for head in ("series", "index", "value")]
    rows = [
        (series, index, value)
        for series, values in numbers.items()
        for index, value in enumerate(values.ravel(), 1)
    ]
    return pd.DataFrame(rows, columns=heads)


def show_fix(name: str) -> None:
    """What to do, as code to copy, and where to read on."""
    from bnviz.core.pitfalls import pitfall

    st.subheader(say("pitfalls.fix"))
    st.markdown(say(f"pitfalls.{name}.fix"))
    st.code(pitfall.fix(name), language="python", wrap_lines=True)
    show_links((source.title, source.url) for source in pitfall.load(name).sources)
