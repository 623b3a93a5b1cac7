"""How a page gets what a measure finds: at once if that is quick, else as a job.

A job's state is in the store alone, and which job it is follows from the config: a reload,
another tab and another visitor with the same settings all see the same one.
"""

import time
from collections.abc import Callable
from typing import Any

import streamlit as st

from bnviz.core.smoothness.configs import Measure
from bnviz.core.smoothness.cost import Cost
from bnviz.jobs import runner
from bnviz.plots.numbers import percent, short
from bnviz.store import Run
from bnviz.ui import cached_smooth
from bnviz.ui.language import literal, say
from bnviz.ui.layout import look
from bnviz.ui.running import closing_line, follow, progress

Draw = Callable[[Any], None]


def show(config: Measure, cost: Cost, draw: Draw, *, snapshots: int = 0) -> None:
    """The verdict of the measure and what `draw` makes of its result, as soon as there is one.

    `snapshots` counts those of the run that is measured.
    """
    if cost.light:
        with st.spinner(say("measuring.now")):
            result = cached_smooth.measured(config, snapshots)
        _show_result(config, result, draw)
        return
    run = runner.find_measure(config)
    if run is None:
        st.caption(_in_words(cost))
        _measure_button(config, "measuring.measure")
    else:
        follow(run, lambda now: _stand(now, config, draw))


def _stand(run: Run, config: Measure, draw: Draw) -> None:
    """How far the job is, and what it has found so far."""
    if run.active:
        begun = run.started.timestamp() if run.started else time.time()
        progress(run, time.time() - begun)
    else:
        closing_line(run)
        if run.status != "done":
            _measure_button(config, "measuring.again")
    result = runner.result(run.id)
    if result is not None:
        _show_result(config, result, draw, over=run.status == "done")


def _show_result(config: Measure, result: Any, draw: Draw, *, over: bool = True) -> None:
    opening = "" if over else say("measuring.so_far") + say("sentence.between")
    st.markdown(opening + verdict(config, result))
    draw(result)


def verdict(config: Measure, result: Any) -> str:
    """What the result says, in one sentence computed from it."""
    from bnviz.core.smoothness import entry

    found = entry.verdict(config, result)
    values = {name: _shown(name, value) for name, value in found.values.items()}
    return say(f"smoothness.{config.kind}.verdict.{found.name}", **values)


def _shown(name: str, value: float | str) -> str:
    if isinstance(value, str):
        return say(f"net.{value}") if name.startswith("net") else literal(value)
    return percent(value) if name.endswith("share") else short(value)


def _in_words(cost: Cost) -> str:
    return say(
        "measuring.trains" if cost.trains else "measuring.heavy",
        gradients=short(float(f"{cost.gradients:.1e}")),
        parameters=f"{cost.parameters:,}",
        rows=f"{cost.rows:,}",
    )


def _launch(config: Measure) -> None:
    runner.submit_measure(config)


def _measure_button(config: Measure, text: str) -> None:
    st.button(
        say(text),
        key="measure_now",
        # Streamlit writes white on the primary colour, which on a dark page is a light one.
        type="secondary" if look().dark else "primary",
        icon=":material/straighten:",
        on_click=_launch,
        args=(config,),
    )
