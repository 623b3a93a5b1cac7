"""How a page gets what a measure finds: at once if that is quick, else as a job.

A job's state is in the store alone, and which job it is follows from the config: a reload,
another tab and another visitor with the same settings all see the same one.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import streamlit as st

from bnviz.core.smoothness.measure import Cost, Measure, SubjectConfig, cost
from bnviz.jobs import runner
from bnviz.store import Run
from bnviz.texts.numbers import percent, short
from bnviz.ui.cache import kept
from bnviz.ui.figures import explain, look
from bnviz.ui.language import literal, say
from bnviz.ui.runs import closing_line, follow, progress
from bnviz.ui.smoothness import code
from bnviz.ui.smoothness.formulas import FORMULAS
from bnviz.ui.smoothness.frames import frame
from bnviz.ui.smoothness.subject import Asked
from bnviz.ui.sources import show_sources

if TYPE_CHECKING:
    from bnviz.core.smoothness.subject import Subject

Draw = Callable[[Any], None]


def show(config: Measure, cost: Cost, draw: Draw, *, snapshots: int = 0) -> None:
    """The verdict of the measure and what `draw` makes of its result, as soon as there is one.

    `snapshots` counts those of the run that is measured.
    """
    if cost.light:
        with st.spinner(say("measuring.now")):
            result = measured(config, snapshots)
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
    from bnviz.core.smoothness import measure as entry

    found = entry.verdict(config, result)
    values = {name: _shown(name, value) for name, value in found.values.items()}
    return say(f"smoothness.{config.kind}.verdict.{found.key}", **values)


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


def show_section(
    asked: Asked, config: Measure, draw: Callable[[Any], None], **caption: Any
) -> None:
    """The result of `config`, drawn by `draw`, with data and code, formula and sources.

    `caption` holds the values that the section's caption needs.
    """
    kind = config.kind

    def figures(found: Any) -> None:
        draw(found)
        explain(
            kind,
            say(f"smoothness.{kind}.caption", **caption),
            data=lambda: frame(kind, found),
            code=code.code(config),
        )

    estimate = cost(config, asked.parameters, asked.rows, asked.config.seeds)
    show(config, estimate, figures, snapshots=asked.snapshots)
    for formula in FORMULAS[kind]:
        st.latex(formula)
    st.markdown(say(f"smoothness.{kind}.reading"))
    show_sources(f"smooth_{kind}")


@kept(4)
def _subject(config: SubjectConfig, snapshots: int) -> "Subject":
    from bnviz.jobs import runner

    return runner.resolve(config)


@kept(32)
def measured(config: Measure, snapshots: int) -> Any:
    """What a quick measure finds of a run with so many snapshots; the nets come with the last."""
    import torch

    from bnviz.core.smoothness.measure import measure

    torch.set_num_threads(1)  # in this thread: small tensors gain nothing from more
    *_, last = measure(config, _subject(config.subject, snapshots), lambda: False)
    return last.result
