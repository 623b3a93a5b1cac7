"""Home's first minute: two small nets train beside each other, and what flows through them."""

import sys
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from bnviz.core.training.presets import STEPS, small
from bnviz.core.types import NETS
from bnviz.plots import flow as plots
from bnviz.ui.cache import cached
from bnviz.ui.chart.chart import Live, player
from bnviz.ui.controls import HOME
from bnviz.ui.figures import draw, explain, look
from bnviz.ui.language import say, say_verdict
from bnviz.ui.presenter.panel import start_first_lesson
from bnviz.ui.widgets import ask

if TYPE_CHECKING:
    import pandas as pd

    from bnviz.core.flow import Flow, Places

SECONDS = 3.0


@cached
def trained(learning_rate: float) -> "Flow":
    """Both nets of that training, at every step."""
    import torch

    from bnviz.core.flow import flow

    torch.set_num_threads(1)  # in this thread: small tensors gain nothing from more
    return flow(small(learning_rate))


def show_flow() -> None:
    """The nets, how to train them, what came of it at the step that is shown; the way on."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        words = {name: say(f"home.flow.{name}") for name in ("play", "help")}
        player("train", "trained", SECONDS, words | {"stop": say("home.stop")})
        step = ask(HOME["trained"])
        rate = float(ask(HOME["rate"], width="content"))
    # The first page of a server is painted before torch is there.
    flow = trained(rate) if step or "torch" in sys.modules else None
    _pictures(flow, step)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_verdict(flow, step) if flow else say("home.flow.verdict.untrained"))
        start_first_lesson()
    explain("flow", say("home.flow.caption"), data=lambda: _frame(trained(rate)))
    if flow is None:
        st.fragment(_wait_for_torch, run_every=1.0)()


def _verdict(flow: "Flow", step: int) -> str:
    from bnviz.core.flow import verdict

    return say_verdict("home.flow.verdict", verdict(flow, step))


def _frame(flow: "Flow") -> "pd.DataFrame":
    """One row a step: both nets' errors, and the width of what enters the last tanh."""
    import pandas as pd

    columns = {f"error_{net}": flow.error[:, side] for side, net in enumerate(NETS)}
    columns |= {f"last_deviation_{net}": getattr(flow, net).deviation[:, -1] for net in NETS}
    return pd.DataFrame(columns).rename_axis("step").reset_index()


def _wait_for_torch() -> None:
    if "torch" in sys.modules:
        st.rerun()


def _pictures(flow: "Flow | None", step: int) -> None:
    """Both nets at that step, and their errors so far; without a training yet the nets alone."""
    nets, errors = st.columns([7, 4], gap="medium")
    with nets:
        _net("bn", flow.bn if flow else None, step)
        _net("plain", flow.plain if flow else None, step)
    error = flow.error if flow else np.full((STEPS + 1, 2), np.nan)
    with errors:
        draw(
            plots.errors(step, error, look(), say),
            "flow-errors",
            say("home.flow.errors_alt"),
            Live("errors", {"trained": step}, {"error": error}) if flow else None,
        )


def _net(net: plots.Net, places: "Places | None", step: int) -> None:
    alt = f"{say(f'net.{net}')}: {say('home.flow.alt')}"
    if places is None:
        none = np.empty((0, 0), np.uint8), np.empty((0, 2), np.float32)
        draw(plots.layers(net, *none, [], look(), say), f"flow-{net}", alt)
        return
    labels = [[plots.label(width, say) for width in widths] for widths in places.deviation]
    now = places.height[step], places.ends[step], labels[step]
    base = {
        "height": places.height,
        "ends": places.ends,
        "labels": labels,
        "places": plots.places(net),
        "reach": plots.REACH,
    }
    live = Live("layers", {"trained": step}, base)
    draw(plots.layers(net, *now, look(), say), f"flow-{net}", alt, live)
