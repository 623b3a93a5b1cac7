"""Where Train versus eval's controls become a config."""

from typing import Any

import streamlit as st

from bnviz.core.batchnorm.momentum import complement
from bnviz.core.batchnorm.stream import possible_steps
from bnviz.core.configs import StreamConfig
from bnviz.texts.numbers import plain
from bnviz.ui.config_widgets import GRIDS, decades
from bnviz.ui.language import say
from bnviz.ui.one_batch.controls import batch_config
from bnviz.ui.widgets import choice, slider, steps, switch, whole

_STEPS = [10, 20, 50, 100, 200, 500, 1000]
_MOMENTA = GRIDS["network.torch_momentum"]


def stream_config() -> tuple[StreamConfig, float]:
    """The stream of batches, and BN's epsilon; stops the page while a table is missing."""
    batch = batch_config(32, 4, play=False)
    with st.sidebar:
        st.subheader(say("train_vs_eval.controls.running"))
        momentum = _momentum()
        eps = steps(
            "eps", say("controls.epsilon"), 1e-5, decades(-12, 1), help=say("controls.epsilon_help")
        )
        st.subheader(say("train_vs_eval.controls.stream"))
        count = steps("steps", say("train_vs_eval.controls.steps"), 100, _STEPS)
        shift_at = whole(
            "shift_at",
            say("train_vs_eval.controls.shift_at"),
            60,
            0,
            1000,
            help=say("train_vs_eval.controls.shift_at_help"),
        )
        shift = slider(
            "shift", say("train_vs_eval.controls.shift"), 0.0, -5.0, 5.0, step=0.1, format="%.1f"
        )
        spread = steps("spread", say("train_vs_eval.controls.spread"), 1.0, _SPREADS)
    config = StreamConfig(
        batch=batch,
        steps=count,
        torch_momentum=momentum,
        shift_at=shift_at,
        shift=shift,
        spread=spread,
    )
    return config, eps


_SPREADS = [0.1, 0.2, 0.25, 0.5, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 10.0]


def _momentum() -> float | None:
    """torch's momentum, and Keras's beside it: the one is 1 minus the other."""
    cumulative = switch("stream_cumulative", say("train_vs_eval.controls.cumulative"))
    value = steps(
        "momentum",
        say("train_vs_eval.controls.torch_momentum"),
        0.1,
        _MOMENTA,
        disabled=cumulative,
        help=say("train_vs_eval.controls.torch_momentum_help"),
    )
    stops = sorted({complement(m) for m in (*_MOMENTA, value)})
    st.session_state["keras_momentum"] = complement(value)
    st.select_slider(
        say("train_vs_eval.controls.keras_momentum"),
        stops,
        format_func=plain,
        key="keras_momentum",
        disabled=cumulative,
        help=say("train_vs_eval.controls.keras_momentum_help"),
        on_change=_from_keras,
    )
    return None if cumulative else value


def _from_keras() -> None:
    """The other control follows; it alone travels in the address."""
    st.session_state["momentum"] = complement(st.session_state["keras_momentum"])


def feature_choice(names: tuple[str, ...]) -> int | None:
    """Which feature is looked at; None for all of them."""
    options = [*(str(i) for i in range(1, len(names) + 1)), "all"]
    picked = choice(
        "feature",
        options,
        label=say("stat.feature"),
        shown=lambda i: say("controls.all_features") if i == "all" else names[int(i) - 1],
        menu=True,
        width=320,
    )
    return None if picked == "all" else int(picked) - 1


def notes(config: StreamConfig, names: tuple[str, ...]) -> list[str]:
    """Where the stream is not quite what was asked for."""
    found: list[str] = []
    if len(names) < config.batch.features and config.batch.source != "table":
        values: dict[str, Any] = {"limit": len(names), "asked": config.batch.features}
        found.append(say("one_batch.note.limited", **values))
    count = possible_steps(config.batch, config.steps)
    if count < config.steps:
        found.append(
            say("train_vs_eval.fewer_steps", shown=f"{count:,}", asked=f"{config.steps:,}")
        )
    return found
