"""The largest stable rate along an axis, and the losses of one cell."""

import numpy as np

from bnviz.core.sweep.grid import Rates
from bnviz.core.sweep.outcome import Outcome
from bnviz.core.training.series import band
from bnviz.plots.axes import decades
from bnviz.plots.fitness.curves import banded
from bnviz.plots.nets import LEGEND, NETS
from bnviz.plots.sweep.maps import axis_title, label
from bnviz.plots.theme import Figure, Look, Say, figure, titled

HEIGHT = 340
_MARGIN = {"l": 72, "r": 16, "t": 12, "b": 92}


def stable_rates(rates: Rates, look: Look, say: Say) -> Figure:
    """Medians over seeds with their bands, from the 10 % to the 90 % quantile."""
    values = {net: getattr(rates, net) for net in NETS}
    places = np.arange(len(rates.across.values), dtype=np.float64)
    traces = [
        trace
        for net in NETS
        for trace in banded(band(places, values[net]), net, say(f"sweep.net_{net}"), look)
    ]
    every = np.concatenate([each.ravel() for each in values.values()])
    names = [label(value) for value in rates.across.values]
    return figure(
        look,
        traces,
        HEIGHT,
        xaxis=titled(axis_title(rates.across, say), tickvals=places, ticktext=names),
        yaxis=titled(say("sweep.metric.stable_rate"), **decades(every)),
        legend=LEGEND,
        margin=_MARGIN,
    )


def losses(outcome: Outcome, look: Look, say: Say) -> Figure:
    """The validation losses of one cell's nets over its epochs."""
    values = {net: getattr(outcome, net).validation_loss for net in NETS}
    traces = [
        trace
        for net in NETS
        for trace in banded(band(outcome.epochs, values[net]), net, say(f"sweep.net_{net}"), look)
    ]
    every = np.concatenate([each.ravel() for each in values.values()])
    return figure(
        look,
        traces,
        HEIGHT,
        xaxis=titled(say("fitness.axis.epoch"), rangemode="tozero"),
        yaxis=titled(say("sweep.metric.loss"), **decades(every)),
        hovermode="x unified",
        legend=LEGEND,
        margin=_MARGIN,
    )
