"""Where One batch's controls become configs: one function a group, nobody else reads widgets."""

from collections.abc import Sequence
from typing import get_args

import streamlit as st

from bnviz.core.configs import BatchConfig, NormConfig, Precision, Source
from bnviz.ui.config_widgets import decades
from bnviz.ui.language import say
from bnviz.ui.upload import choose_table
from bnviz.ui.widgets import choice, slider, steps, switch, whole

BATCH_SIZES = sorted(
    {
        *range(1, 11),
        *(2**k for k in range(17)),
        *(3 * 2**k for k in range(1, 15)),
        100,
        1000,
        10_000,
    }
)
_MOST_SEED = 2**32 - 1


def batch_config(rows: int = 256, features: int = 8, *, play: bool = True) -> BatchConfig:
    """Source, size and seed of a batch; stops the page while a table is still to be given.

    `rows` and `features` are where the page begins; with `play` the next batch can be drawn.
    """
    with st.sidebar:
        st.subheader(say("controls.batch"))
        source = choice(
            "source",
            get_args(Source),
            label=say("source.label"),
            shown=lambda name: say(f"source.{name}"),
            default="normal",
            menu=True,
        )
        size = steps(
            "b", say("controls.batch_size"), rows, BATCH_SIZES, help=say("controls.batch_size_help")
        )
        own = source == "table"  # whose columns are chosen beside the file
        features = slider("d", say("controls.features"), features, 1, 256, disabled=own)
        seed_help = say("controls.seed_help")
        seed = whole("seed", say("controls.seed"), 42, 0, _MOST_SEED, help=seed_help)
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
    st.session_state["seed"] = (st.session_state["seed"] + 1) % (_MOST_SEED + 1)


def _play() -> None:
    """Runs with the page, whose batch is fresh, and then alone, where it draws the next."""
    if not st.session_state.pop("drawn", False):
        _advance()
        st.rerun()


def norm_config(features: Sequence[str]) -> NormConfig:
    """Epsilon, gamma, beta and precision, for a batch with these features."""
    with st.sidebar:
        st.subheader(say("controls.normalization"))
        eps = _epsilon()
        gamma = slider("gamma", say("controls.gamma"), 1.0, -5.0, 5.0, step=0.1)
        beta = slider("beta", say("controls.beta"), 0.0, -5.0, 5.0, step=0.1)
        everywhere = gamma == 1.0 and beta == 0.0
        on = choice(
            "on",
            ["all", *map(str, range(1, len(features) + 1))],
            label=say("controls.affine_feature"),
            shown=lambda i: say("controls.all_features") if i == "all" else features[int(i) - 1],
            menu=True,
            disabled=everywhere,
        )
        precision = choice(
            "precision", get_args(Precision), label=say("controls.precision"), shown=str
        )
    return NormConfig(
        eps=eps,
        gamma=gamma,
        beta=beta,
        affine_feature=None if on == "all" or everywhere else int(on) - 1,
        precision=precision,
    )


def _epsilon() -> float:
    without = switch("noeps", say("controls.no_epsilon"))
    hint = say("controls.epsilon_help")
    eps = steps("eps", say("controls.epsilon"), 1e-5, decades(-12, 1), help=hint, disabled=without)
    return 0.0 if without else eps


def own_axes() -> bool:
    """Whether each feature before BN is drawn over its own range."""
    with st.sidebar:
        st.subheader(say("controls.view"))
        picked = choice(
            "axis",
            ["shared", "own"],
            label=say("controls.axis"),
            shown=lambda name: say(f"controls.axis_{name}"),
        )
    return picked == "own"
