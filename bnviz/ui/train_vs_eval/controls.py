"""Where Train versus eval's controls become a config."""

from collections.abc import Iterator

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from bnviz.core.batchnorm.momentum import complement
from bnviz.core.batchnorm.stream import possible_steps
from bnviz.core.configs import StreamConfig
from bnviz.ui.control import in_address
from bnviz.ui.controls import TRAIN_VS_EVAL
from bnviz.ui.language import say
from bnviz.ui.one_batch.controls import ask_feature, batch_config
from bnviz.ui.widgets import ask


def stream_config(main: DeltaGenerator | None) -> tuple[StreamConfig, float]:
    """The stream of batches, and BN's epsilon; stops the page while a table is missing.

    What matters most stands in `main`, if there is one, and else beside the rest.
    """
    batch = batch_config(main, TRAIN_VS_EVAL, play=False)
    with st.sidebar:
        st.subheader(say("train_vs_eval.controls.running"))
        momentum = _momentum(main)
        eps = ask(TRAIN_VS_EVAL["eps"])
        st.subheader(say("train_vs_eval.controls.stream"))
        stream = {
            name: ask(TRAIN_VS_EVAL[name], at=main)
            for name in ("steps", "shift_at", "shift", "spread")
        }
    return StreamConfig(batch=batch, torch_momentum=momentum, **stream), eps


def _momentum(main: DeltaGenerator | None) -> float | None:
    """torch's momentum, and Keras's beside it: the one is 1 minus the other."""
    cumulative = ask(TRAIN_VS_EVAL["stream_cumulative"])
    value: float = ask(TRAIN_VS_EVAL["momentum"], at=main, disabled=cumulative)
    stops = sorted({complement(m) for m in (*TRAIN_VS_EVAL["momentum"].stops, value)})
    st.session_state["keras_momentum"] = complement(value)
    st.select_slider(
        say("train_vs_eval.controls.keras_momentum"),
        stops,
        format_func=in_address,
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
    picked = ask_feature(TRAIN_VS_EVAL["feature"], names)
    return None if picked == "all" else int(picked) - 1


def notes(config: StreamConfig, names: tuple[str, ...]) -> Iterator[str]:
    """Where the stream is not quite what was asked for."""
    if len(names) < config.batch.features and config.batch.source != "table":
        yield say("one_batch.note.limited", limit=len(names), asked=config.batch.features)
    count = possible_steps(config.batch, config.steps)
    if count < config.steps:
        yield say("train_vs_eval.fewer_steps", shown=count, asked=config.steps)
