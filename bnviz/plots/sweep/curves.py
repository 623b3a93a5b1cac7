"""The largest stable rate along an axis, and the losses of one cell."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bnviz.core.sweep.grid import Rates
from bnviz.core.sweep.outcome import Outcome
from bnviz.core.training.series import band
from bnviz.core.types import NETS, Floats
from bnviz.plots.axes import decades
from bnviz.plots.fitness.curves import banded
from bnviz.plots.nets import across, named_at_ends, room_for
from bnviz.plots.sweep.maps import axis_title, labels
from bnviz.plots.theme import Figure, Look, Say, figure, titled

HEIGHT = 340


def stable_rates(rates: Rates, look: Look, say: Say) -> Figure:
    """Medians over seeds with their bands, from the 10 % to the 90 % quantile."""
    values = {net: getattr(rates, net) for net in NETS}
    places = np.arange(len(rates.across.values), dtype=np.float64)
    names = labels(rates.across, say)
    titles = titled(axis_title(rates.across, say), tickvals=places, ticktext=names)
    return _bands(places, values, say("sweep.metric.stable_rate"), look, say, xaxis=titles)


def losses(outcome: Outcome, look: Look, say: Say) -> Figure:
    """The validation losses of one cell's nets over its epochs."""
    values = {net: getattr(outcome, net).validation_loss for net in NETS}
    epochs = titled(say("fitness.axis.epoch"))
    title = say("sweep.metric.loss")
    together: dict[str, Any] = {"xaxis": epochs, "hovermode": "x unified"}
    return _bands(outcome.epochs, values, title, look, say, **together)


def _bands(
    x: Floats, values: Mapping[str, Floats], title: str, look: Look, say: Say, **layout: Any
) -> Figure:
    """Both nets' medians at `x` (N,) over seeds, with their bands; values are (N, S)."""
    traces = [
        trace
        for net in NETS
        for trace in banded(band(x, values[net]), net, say(f"sweep.net_{net}"), look)
    ]
    layout["xaxis"] |= across(traces[1::2])
    yaxis = titled(title, **decades(*values.values()))
    names = named_at_ends(traces[1::2], yaxis)
    return figure(
        look,
        traces,
        HEIGHT,
        yaxis=yaxis,
        annotations=names,
        margin={"l": 72, "t": 12, "b": 56} | room_for(names),
        **layout,
    )
