"""Where One batch's controls become configs: one function a group, nobody else reads widgets."""

from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from bnviz.core.configs import BatchConfig, NormConfig
from bnviz.ui.control import Control
from bnviz.ui.controls import ONE_BATCH
from bnviz.ui.files.upload import choose_table
from bnviz.ui.language import say
from bnviz.ui.widgets import ask


def batch_config(
    main: DeltaGenerator | None, controls: Mapping[str, Control] = ONE_BATCH, *, play: bool = True
) -> BatchConfig:
    """Source, size and seed of a batch; stops the page while a table is still to be given.

    What matters most stands in `main`, if there is one. With `play` the next batch can be drawn.
    """
    with st.sidebar:
        st.subheader(say("controls.batch"))
        source = ask(controls["source"])
        size = ask(controls["b"], at=main)
        own = source == "table"  # whose columns are chosen beside the file
        features = ask(controls["d"], disabled=own)
        seed = ask(controls["seed"])
        if play:
            _next_batch()
    if source != "table":
        return BatchConfig(source=source, batch_size=size, features=features, seed=seed)
    table = choose_table()
    return BatchConfig(
        source=source,
        batch_size=size,
        features=len(table.names),
        seed=seed,
        table=table.digest,
    )


def _next_batch() -> None:
    """Draws the next batch at a click, or over and over while Play is on."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(say("controls.next"), icon=":material/skip_next:", key="next", on_click=_advance)
        # A click just as a batch is drawn finds the browser one seed ahead of the figure: by
        # drawing one more, both agree again.
        playing = st.toggle(
            say("controls.play"), key="play", help=say("controls.play_help"), on_change=_advance
        )
    if playing:
        st.session_state["drawn"] = True
        st.fragment(_play, run_every=0.5)()


def _advance() -> None:
    after = st.session_state["seed"] + 1
    st.session_state["seed"] = after if after <= (ONE_BATCH["seed"].most or 0) else 0


def _play() -> None:
    """Runs with the page, whose batch is fresh, and then alone, where it draws the next."""
    if not st.session_state.pop("drawn", False):
        _advance()
        st.rerun()


def norm_config(main: DeltaGenerator, features: Sequence[str]) -> NormConfig:
    """Epsilon, in `main`, gamma, beta and precision, for a batch with these features."""
    with st.sidebar:
        st.subheader(say("controls.normalization"))
        without = ask(ONE_BATCH["noeps"])
        eps = ask(ONE_BATCH["eps"], at=main, disabled=without)
        gamma, beta = ask(ONE_BATCH["gamma"]), ask(ONE_BATCH["beta"])
        on, plain = "all", gamma == 1.0 and beta == 0.0
        # A link's wish is answered even where it changes nothing.
        if not plain or ONE_BATCH["on"].name in st.query_params:
            on = ask_feature(ONE_BATCH["on"], features, all_first=True)
        precision = ask(ONE_BATCH["precision"])
    return NormConfig(
        eps=0.0 if without else eps,
        gamma=gamma,
        beta=beta,
        affine_feature=None if plain or on == "all" else int(on) - 1,
        precision=precision,
    )


def ask_feature(control: Control, names: Sequence[str], *, all_first: bool = False) -> str:
    """Which of the features of these names, by its number from 1, or "all" of them."""
    numbers = [str(number) for number in range(1, len(names) + 1)]
    shown = dict(zip(numbers, names, strict=True)) | {"all": say("controls.all_features")}
    options = ["all", *numbers] if all_first else [*numbers, "all"]
    feature: str = ask(control, options=options, shown=shown.__getitem__)
    return feature


def own_axes() -> bool:
    """Whether each feature before BN is drawn over its own range."""
    with st.sidebar:
        st.subheader(say("controls.view"))
        return bool(ask(ONE_BATCH["axis"]) == "own")
