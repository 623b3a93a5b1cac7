"""What a person reads off each figure: heading, axes with their scale, names with their colours.

The numbers themselves are compared with core's in the tests of each figure.
"""

from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from bnviz.core.batchnorm import batch_dependence as companies
from bnviz.core.batchnorm import micro_batches
from bnviz.core.batchnorm.mean_noise import MeanNoise
from bnviz.core.batchnorm.momentum import clock
from bnviz.core.batchnorm.stream import drawn, gap, walk
from bnviz.core.configs import BatchConfig, StreamConfig
from bnviz.core.data.moments import moments
from bnviz.core.data.shape import shapes
from bnviz.core.training.precise_bn import Drift, Recalibration
from bnviz.core.training.snapshots import NetSnapshot, Snapshot
from bnviz.plots.fitness import curves, predictions
from bnviz.plots.one_batch import details, distributions
from bnviz.plots.theme import Look
from bnviz.plots.train_vs_eval import batch_dependence, momentum, nets, stream
from bnviz.texts.catalogue import sentence

SAY, LOOK = partial(sentence, "en"), Look()
COLORS = {"#0072B2": "blue", "#D55E00": "vermilion", LOOK.ink: "ink", LOOK.faint: "faint"}
COLORS |= {"rgba(0,114,178": "blue", "rgba(213,94,0": "vermilion"}
COLORS |= {"#E69F00": "orange", "#CC79A7": "pink", "#009E73": "green", "#7F8C99": "grey"}

STREAM = StreamConfig(batch=BatchConfig(source="normal", batch_size=8, features=2), steps=9)
TRUTH = moments(STREAM.batch)
WALK = walk(STREAM, drawn(STREAM.batch, STREAM.steps), TRUTH)
COMPANY = companies.batch_dependence(STREAM.batch, 0, 1.0, 1e-5, TRUTH, None)
SPLIT = micro_batches.split_ways(np.random.default_rng(0).normal(size=(12, 2)), 3, 1e-5, 0.1)
RECALIBRATION = Recalibration(*np.ones((3, 4)), drift=(Drift(np.zeros((4, 2)), np.ones((4, 2))),))
SHAPE = shapes(np.random.default_rng(0).normal(size=(9, 2)))["float64"]


def snapshot(epoch: int) -> Snapshot:
    """Two seeds, one layer."""
    deep = {"dead_share": (1, 2), "activation_mean": (1, 2), "activation_std": (1, 2)}
    deep |= dict.fromkeys(("activation_quantiles", "running_mean", "running_variance"), (1, 2, 5))
    values = {f.name: np.full(deep.get(f.name, 2), 1.0 + epoch) for f in fields(NetSnapshot)}
    net = NetSnapshot(**values | {"diverged": np.zeros(2)})
    return Snapshot(epoch, epoch, 1.0, net, replace(net), {})


RUN = [snapshot(0), snapshot(1)]
NETS = {"With BN": "blue", "Without BN": "vermilion"}


def color(trace: Any) -> str:
    """The name of a trace's colour."""
    shades = [trace.fillcolor] if trace.type == "scatter" and trace.fill else []
    shades += [getattr(trace[part], "color", None) for part in ("marker", "line") if part in trace]
    first = next((shade for shade in shades if isinstance(shade, str)), "")
    return COLORS.get(first) or COLORS.get(first.rpartition(",")[0], "the template's")


def reading(figure: dict[str, Any]) -> tuple[str, str, str, str, dict[str, str]]:
    """Heading, title of x, title of y, which axes are logarithmic, colour by name.

    A curve is named in the legend or, in its colour, at its end.
    """
    drawn = go.Figure(figure)
    layout = drawn.layout
    notes = {note.text: note.font.color for note in layout.annotations}
    heading = next((text for text, shade in notes.items() if shade is None), "")
    ends = {text: COLORS[shade] for text, shade in notes.items() if shade is not None}
    logs = "".join(axis for axis in "xy" if layout[f"{axis}axis"].type == "log")
    named = [trace for trace in drawn.data if trace.name and trace.showlegend is not False]
    return (
        heading.removeprefix("<b>").removesuffix("</b>"),
        layout.xaxis.title.text or "",
        layout.yaxis.title.text or "",
        logs,
        {trace.name: color(trace) for trace in named if trace.type != "heatmap"} | ends,
    )


Expected = tuple[str, str, str, str, dict[str, str]]
FIGURES: dict[str, tuple[Callable[[], dict[str, Any]], Expected]] = {
    "loss": (
        lambda: curves.loss(RUN, "points²", LOOK, SAY),
        (
            "",
            "Epoch",
            "Mean squared error (points²)",
            "y",
            NETS | {"With BN, training": "blue", "Without BN, training": "vermilion"},
        ),
    ),
    "smoothness": (
        lambda: curves.smoothness(RUN, LOOK, SAY),
        (
            "",
            "Epoch",
            "Δ gradient / Δ weights",
            "y",
            {
                **dict.fromkeys(("largest eigenvalue", "largest probe", "median probe"), "ink"),
                **NETS,
            },
        ),
    ),
    "gradient norm": (
        lambda: curves.per_seed(RUN, "gradient_norm", LOOK, SAY),
        ("", "Epoch", "Gradient norm", "y", NETS),
    ),
    "weight norm": (
        lambda: curves.per_seed(RUN, "weight_norm", LOOK, SAY),
        ("", "Epoch", "Weight norm", "y", NETS),
    ),
    "dead units": (
        lambda: curves.dead_units(RUN, LOOK, SAY),
        (
            "",
            "Epoch",
            "Dead units",
            "",
            {"With BN, layer 1": "blue", "Without BN, layer 1": "vermilion"},
        ),
    ),
    "activations": (
        lambda: curves.activations(RUN, "plain", 0, False, LOOK, SAY),
        (
            "Without BN",
            "Epoch",
            "Input of the activation",
            "",
            dict.fromkeys(
                (
                    "5th to 95th percentile",
                    "25th to 75th percentile",
                    "Mean",
                    "mean ± standard deviation",
                ),
                "vermilion",
            ),
        ),
    ),
    "running mean": (
        lambda: curves.running(RUN, "running_mean", LOOK, SAY),
        ("", "Epoch", "Running mean", "", {"Layer 1": "blue"}),
    ),
    "running variance": (
        lambda: curves.running(RUN, "running_variance", LOOK, SAY),
        ("", "Epoch", "Running variance (unbiased)", "", {"Layer 1": "blue"}),
    ),
    "predictions": (
        lambda: predictions.predicted_against_actual(
            np.arange(3.0), {"bn": np.arange(3.0), "plain": np.ones(3)}, "score", LOOK, SAY
        ),
        ("", "Actual: score", "Predicted: score", "", {"Perfect prediction": "ink"} | NETS),
    ),
    "targets": (
        lambda: predictions.targets(np.arange(9.0), "score", LOOK, SAY),
        ("", "score", "Rows", "", {}),
    ),
    "ridges before": (
        lambda: distributions.distributions(("a", "b"), SHAPE, "before", False, LOOK, SAY),
        (
            "Before BN",
            "Value",
            "",
            "",
            dict.fromkeys(("outlines", "deviation", "mean"), "vermilion"),
        ),
    ),
    "ridges after": (
        lambda: distributions.distributions(("a", "b"), SHAPE, "after", False, LOOK, SAY),
        (
            "After BN",
            "Value after BN",
            "",
            "",
            dict.fromkeys(("outlines", "deviation", "mean"), "blue"),
        ),
    ),
    "matrix": (
        lambda: details.matrix(("a", "b"), np.eye(2), "after", LOOK, SAY),
        ("After BN", "", "Row", "", {}),
    ),
    "gain": (
        lambda: details.gain_curve(("a",), np.ones(1), 1e-5, LOOK, SAY),
        (
            "What epsilon changes",
            "Biased variance",
            "Each deviation times",
            "xy",
            {
                "1 / √variance": "ink",
                "1 / √(variance + ε)": "blue",
                "Features of this batch": "vermilion",
                "ε": "ink",
            },
        ),
    ),
    "batch to batch": (
        lambda: details.batch_to_batch(
            ("a",), MeanNoise([0, 1], np.zeros((2, 1)), 0.0, 0.1), LOOK, SAY
        ),
        ("", "Seed", "Batch mean, in standard deviations of the rows", "", {}),
    ),
    "running mean, walk": (
        lambda: stream.running(WALK.mean, "mean", 0, "x1", LOOK, SAY),
        (
            "Running mean of x1",
            "Batches seen",
            "Mean",
            "",
            {
                "Theory ± 2σ": "blue",
                "Each batch": "vermilion",
                "True value": "ink",
                "Running": "blue",
            },
        ),
    ),
    "running variance, walk": (
        lambda: stream.running(WALK.variance, "variance", 0, "x1", LOOK, SAY),
        (
            "Running variance of x1",
            "Batches seen",
            "Unbiased variance",
            "",
            {
                "Theory ± 2σ": "blue",
                "Each batch": "vermilion",
                "True value": "ink",
                "Running": "blue",
            },
        ),
    ),
    "all running means": (
        lambda: stream.all_running(WALK.mean, "mean", TRUTH.scale, ("a", "b"), LOOK, SAY),
        (
            "Running means",
            "Batches seen",
            "Off by (standard deviations)",
            "",
            {"Theory ± 2σ": "blue", "True value": "ink", "Each feature": "blue"},
        ),
    ),
    "all running variances": (
        lambda: stream.all_running(WALK.variance, "variance", TRUTH.scale, ("a", "b"), LOOK, SAY),
        (
            "Running variances",
            "Batches seen",
            "Off by (share of the true value)",
            "",
            {"Theory ± 2σ": "blue", "True value": "ink", "Each feature": "blue"},
        ),
    ),
    "gap": (
        lambda: stream.gap_parts(gap(WALK, "mean", "true"), 0, 1, "x1", "the axis", LOOK, SAY),
        (
            "Gap of x1",
            "Batches seen",
            "the axis",
            "",
            {
                "Warm-up": "orange",
                "Bessel factor": "pink",
                "Drift": "green",
                "Batch noise": "grey",
                "Gap": "ink",
                "After batch": "ink",
            },
        ),
    ),
    "decay": (
        lambda: momentum.decay(0.1, clock(0.1), LOOK, SAY),
        ("What remains of the start", "Batches seen", "Share of mean 0 and variance 1", "", {}),
    ),
    "weights of batches": (
        lambda: momentum.batch_weights(0.1, 9, LOOK, SAY),
        (
            "What each batch weighs in the end",
            "Batches ago",
            "Weight",
            "",
            {"With this momentum": "blue", "All 9 batches alike": "ink"},
        ),
    ),
    "company": (
        lambda: batch_dependence.fan(COMPANY, 8, LOOK, SAY),
        (
            "One sample, random batches",
            "Batch size B",
            "Output of BN in train mode",
            "x",
            {
                "5th to 95th percentile": "blue",
                "25th to 75th percentile": "blue",
                "Median": "blue",
                "Theory": "vermilion",
            },
        ),
    ),
    "company at one size": (
        lambda: batch_dependence.at_size(
            COMPANY.outputs[2], (np.arange(3.0), np.ones(3)), 4, LOOK, SAY
        ),
        (
            "In batches of 4",
            "Output of BN in train mode",
            "Density",
            "",
            {"Measured": "blue", "Theory": "vermilion"},
        ),
    ),
    "recalibrated losses": (
        lambda: nets.losses(RECALIBRATION, "points²", LOOK, SAY),
        (
            "Validation loss",
            "BN on the held-out rows",
            "Mean squared error (points²)",
            "y",
            {},
        ),
    ),
    "drifts": (
        lambda: nets.drifts(RECALIBRATION.drift, LOOK, SAY),
        (
            "How far off each unit was",
            "Running mean, off by (standard deviations)",
            "Running / precise standard deviation",
            "",
            {},
        ),
    ),
    "micro-batches": (
        lambda: nets.micro_statistics(SPLIT, 0, "x1", LOOK, SAY),
        (
            "Statistics",
            "Micro-batch",
            "x1",
            "",
            {
                "Whole batch, and synchronized": "blue",
                "Micro-batches: mean ± standard deviation": "vermilion",
            },
        ),
    ),
    "split differences": (
        lambda: nets.split_differences(
            {
                way: micro_batches.differences(getattr(SPLIT, way), SPLIT.big)
                for way in ("accumulated", "synchronized")
            },
            LOOK,
            SAY,
        ),
        (
            "Difference to one big batch",
            "Largest difference to one big batch (relative)",
            "",
            "x",
            {"Plain accumulation": "vermilion", "Synchronized BN": "blue"},
        ),
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_what_a_person_reads(name: str) -> None:
    make, expected = FIGURES[name]
    heading, x, y, logs, named = reading(make())
    if not expected[-1]:
        named = {}
    told = [text.replace("\N{NO-BREAK SPACE}", " ") for text in (heading, x, y, logs)]
    told.append({key.replace("\N{NO-BREAK SPACE}", " "): value for key, value in named.items()})
    assert tuple(told) == expected
