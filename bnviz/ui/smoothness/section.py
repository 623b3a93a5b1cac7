"""A section of Smoothness: what is measured and how it is shown, at once or as a job.

A job's state is in the store alone, and which job it is follows from the config: a reload,
another tab and another visitor with the same settings all see the same one.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from bnviz.core.smoothness.costs.cost import LIGHT_BYTES, cost
from bnviz.core.smoothness.measure import Gradients, Measure, SubjectConfig
from bnviz.core.types import NETS
from bnviz.export.code import config_code
from bnviz.jobs import runner
from bnviz.jobs.bounds import refusals
from bnviz.store import Run
from bnviz.texts.numbers import short
from bnviz.ui.cache import cached
from bnviz.ui.errors import refusable, worded
from bnviz.ui.figures import explain
from bnviz.ui.language import paragraph, say, say_verdict
from bnviz.ui.runs.current import closing_line, follow, progress, takes
from bnviz.ui.smoothness.controls import ask_measure
from bnviz.ui.smoothness.frames import frame
from bnviz.ui.smoothness.subject import Asked
from bnviz.ui.sources import show_links
from bnviz.ui.visitor import visitor

if TYPE_CHECKING:
    from bnviz.core.smoothness.subject import Subject

#: Draws a result, and says below it what more there is to say.
Draw = Callable[[Any, str], None]


@dataclass(frozen=True)
class Section:
    """What the page shows of one measure; its sentences are ``smoothness.NAME`` in the texts."""

    measure: type[Measure]
    controls: tuple[str, ...]
    """The fields of the measure that one can set here."""
    figures: Callable[[Any, Any], None]
    """Draws a result, given the measure and the result."""
    formula: str
    """What it computes, in LaTeX."""
    library: tuple[str, ...]
    """The functions of :mod:`bnviz.library` that do the same for any module."""
    dimensions: Mapping[str, tuple[str, ...]]
    """The dimensions of each field of a result; see :func:`bnviz.ui.smoothness.frames.frame`."""
    sources: tuple[tuple[str, str], ...]
    """Names and addresses."""
    measured: str = ""
    """The array of each net that the pictures show; without a finite number there is none."""
    caption: Callable[[Any], Mapping[str, Any]] = lambda config: {}
    """What stands in the caption of the figures beside the measure's fields and `seeds`."""

    def show(self, asked: Asked) -> None:
        """Controls, result, data and code, formula and sources."""
        config, name = ask_measure(self.measure, asked, *self.controls), self.measure.name()

        def draw(result: Any, more: str) -> None:
            caption = ""
            if self._any_measured(result):
                self.figures(config, result)
                told = {"seeds": asked.config.seeds, **dict(config), **self.caption(config)}
                caption = say(f"smoothness.{name}.caption", **told)
            if more:
                st.markdown(more)
            explain(
                config.kind,
                caption,
                data=lambda: frame(self.dimensions, result, asked.config.network.first_net),
                code=self.code(config),
            )

        if _show(config, draw, asked):
            st.markdown(say(f"smoothness.lead.{name}"))
        st.latex(self.formula)
        st.markdown(say(f"smoothness.{name}.reading"))
        show_links(self.sources)

    def _any_measured(self, result: Any) -> bool:
        """Whether there is anything to draw; nets that all diverged have nothing."""
        nets = (getattr(result, net) for net in NETS) if self.measured else ()
        return not self.measured or any(np.isfinite(getattr(n, self.measured)).any() for n in nets)

    def code(self, config: Measure) -> str:
        """What is on screen, then the same of an ordinary module: the document's net with BN."""
        owner = type(config)
        default = "eval" if owner.needs == "nothing" else "train"
        mode = getattr(config, "bn_mode", default)
        calls = "\n".join(
            f'print({name}(net, mse_loss, x, y, mode="{mode}", precision="float64"))'
            for name in self.library
        )
        expression, imports = config_code(config)
        return f"""from torch.nn.functional import mse_loss

from bnviz import {", ".join(sorted(self.library))}
from bnviz.core.data.document import experiment
{imports}from bnviz.jobs import runner

# What is on screen.
config = {expression}
*_, last = config.measure(runner.resolve(config.subject), lambda: False)
print(*config.verdicts(last.result))

# The same of any module, loss and batch; here of the document's net with BN.
document = experiment()
net, x, y = document.bn, document.x, document.y
{calls}
"""


def _show(config: Measure, draw: Draw, asked: Asked) -> bool:
    """The verdict and what `draw` makes of the result: at once, or of a job; whether there is any.

    Where nothing is measured yet, what would be stands before what it costs.
    """
    nets = asked.config, *asked.size
    needed = cost(config, *nets)
    gradients = config.gradients(asked.parameters, asked.rows, asked.config.seeds)
    if gradients.light and needed.memory < LIGHT_BYTES:
        with st.spinner(say("measuring.now")):
            result = measured(config, asked.snapshots)
        _show_result(config, result, draw)
        return True
    run = runner.find_measure(config, visitor())
    if run is not None:
        follow(run, lambda now: _stand(now, config, draw))
        return True
    st.markdown(say(f"smoothness.lead.{config.name()}"))
    if problem := refusals.of_measure(config, *nets):
        st.error(worded(problem), icon=":material/error:")
    else:
        words = _in_words(gradients, anew=bool(config.trainings(asked.config)))
        st.caption(paragraph(words, takes(needed)))
        _measure_button(config, "measuring.measure")
    return False


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
    opening = "" if over else say("measuring.so_far")
    first, *more = config.verdicts(result)
    st.markdown(paragraph(opening, say_verdict(f"smoothness.{config.name()}.verdict", first)))
    draw(result, say_verdict(f"smoothness.{config.name()}.verdict", *more))


def _in_words(gradients: Gradients, *, anew: bool) -> str:
    return say(
        "measuring.trains" if anew else "measuring.heavy",
        gradients=short(float(f"{gradients.count:.1e}")),
        parameters=f"{gradients.parameters:,}",
        rows=f"{gradients.rows:,}",
    )


def _launch(config: Measure) -> None:
    with refusable():
        runner.submit_measure(config, visitor())


def _measure_button(config: Measure, text: str) -> None:
    st.button(
        say(text),
        key="measure_now",
        type="primary",
        icon=":material/straighten:",
        on_click=_launch,
        args=(config,),
    )


@cached
def _subject(config: SubjectConfig, snapshots: int) -> "Subject":
    return runner.resolve(config)


@cached
def measured(config: Measure, snapshots: int) -> Any:
    """What a quick measure finds of a run with so many snapshots; the nets come with the last."""
    import torch

    torch.set_num_threads(1)  # in this thread: small tensors gain nothing from more
    *_, last = config.measure(_subject(config.subject, snapshots), lambda: False)
    return last.result
