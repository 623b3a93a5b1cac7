"""Every figure, drawn from results that are made up or that core computes in no time."""

from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial
from typing import Any

import numpy as np

from bnviz.core.batchnorm import batch_dependence as companies
from bnviz.core.batchnorm import micro_batches
from bnviz.core.batchnorm.mean_noise import MeanNoise
from bnviz.core.batchnorm.momentum import clock
from bnviz.core.batchnorm.stream import drawn, gap, walk
from bnviz.core.configs import BatchConfig, StreamConfig
from bnviz.core.data.moments import moments
from bnviz.core.data.shape import shapes
from bnviz.core.pitfalls.configs import CONFIGS
from bnviz.core.sweep.atlas import outcomes
from bnviz.core.sweep.grid import grid, rates
from bnviz.core.sweep.presets import PRESETS
from bnviz.core.training.precise_bn import Drift, Recalibration
from bnviz.core.training.snapshots import NetSnapshot, Snapshot
from bnviz.plots import axes, flow, home
from bnviz.plots.fitness import arena, curves, predictions
from bnviz.plots.one_batch import details, distributions
from bnviz.plots.pitfalls.figures import draw
from bnviz.plots.pitfalls.shapes import SHAPES, Bars, Cells, Pairs
from bnviz.plots.runs.side_by_side import side_by_side
from bnviz.plots.smoothness import along, density, document, extremes, landscape, scales, stability
from bnviz.plots.smoothness import gap as smooth_gap
from bnviz.plots.sweep import curves as sweep_curves
from bnviz.plots.sweep import maps
from bnviz.plots.theme import Figure, Look
from bnviz.plots.train_vs_eval import batch_dependence, momentum, nets, stream
from bnviz.texts.catalogue import sentence
from tests.plots.smoothness import results

SAY, ZH = partial(sentence, "en"), partial(sentence, "zh")
LOOK, DARK = Look(), Look(dark=True)
FIGURES: dict[str, Callable[[], Figure]] = {}


def put(room: str, **figures: Callable[[], Figure]) -> None:
    """Adds figures of a room."""
    FIGURES.update({f"{room}/{name}": make for name, make in figures.items()})


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    """Around 0, the same everywhere."""
    return np.random.default_rng(seed).normal(size=shape)


# ---------------------------------------------------------------- Home

HEIGHTS = np.arange(6 * 5, dtype=np.uint8).reshape(6, 5) * 8
ENDS = np.array([[-2, 1], [-1, 3], [0, 4], [-3, 2], [-4, 5], [1, 6]], dtype=np.float32)
ERRORS = np.array([[9.0, 8.0], [3.0, 5.0], [1.0, 4.0], [0.5, np.nan]])
WINES = np.array([[13.0, 4.0], [12.0, 6.0], [14.0, 2.0]])
put(
    "home",
    walk=lambda: home.walk(WINES, WINES / 3, 1, ("alcohol", "colour"), "train", LOOK, SAY),
    flow_bn=lambda: flow.layers(
        "bn", HEIGHTS, ENDS, [flow.label(w, SAY) for w in (1, 2.5, 0, np.nan, 1e5, 1)], LOOK, SAY
    ),
    flow_plain_zh=lambda: flow.layers("plain", HEIGHTS[:3], ENDS[:3], ["1", "2", "3"], DARK, ZH),
    flow_nothing_yet=lambda: flow.layers("bn", HEIGHTS[:0], ENDS[:0], [], LOOK, SAY),
    errors=lambda: flow.errors(2, ERRORS, LOOK, SAY),
)

# ---------------------------------------------------------------- One batch

BATCH = noise(30, 3) * [1, 10, 0] + [0, 5, 2]
FEW, MANY = shapes(BATCH)["float64"], shapes(noise(30, 14))["float64"]
NAMES, NUMBERS = ("a", "long " * 9, "<b>"), [f"x{k}" for k in range(14)]
DEPARTURES = np.array([[0.1, -0.2, 0.3], [0.0, 0.5, -0.5]])
put(
    "one_batch",
    ridges_before=lambda: distributions.distributions(NAMES, FEW, "before", False, LOOK, SAY),
    ridges_after=lambda: distributions.distributions(NAMES, FEW, "after", False, DARK, SAY),
    ridges_own_axes=lambda: distributions.distributions(NAMES, FEW, "before", True, LOOK, SAY),
    bands_before=lambda: distributions.distributions(NUMBERS, MANY, "before", False, LOOK, SAY),
    bands_after=lambda: distributions.distributions(NUMBERS, MANY, "after", False, LOOK, SAY),
    bands_own_axes=lambda: distributions.distributions(NUMBERS, MANY, "after", True, LOOK, SAY),
    matrix_before=lambda: details.matrix(NAMES, BATCH[:4], "before", LOOK, SAY),
    matrix_after=lambda: details.matrix(NAMES, BATCH[:4], "after", LOOK, SAY),
    matrix_thinned=lambda: details.matrix(("a",), noise(900, 1), "after", DARK, SAY),
    matrix_nothing=lambda: details.matrix(("a",), np.full((2, 1), np.nan), "after", LOOK, SAY),
    gain=lambda: details.gain_curve(NAMES, np.array([4.0, 0.01, 0.0]), 0.1, LOOK, SAY),
    gain_without_epsilon=lambda: details.gain_curve(NAMES[:2], np.array([1e3, 0]), 0, DARK, SAY),
    batch_to_batch=lambda: details.batch_to_batch(
        NAMES, MeanNoise([3, 4], DEPARTURES, 0.0, 0.25), LOOK, SAY
    ),
    batch_to_batch_many=lambda: details.batch_to_batch(
        NUMBERS[:13], MeanNoise([3, 4], noise(2, 13), 0.0, 0.25), LOOK, SAY
    ),
)

# ---------------------------------------------------------------- Train vs eval

STREAM = StreamConfig(batch=BatchConfig(source="normal", batch_size=8, features=2), steps=9)
TRUTH = moments(STREAM.batch)
WALK = walk(STREAM, drawn(STREAM.batch, STREAM.steps), TRUTH)
LONG = walk(STREAM.model_copy(update={"steps": 300}), drawn(STREAM.batch, 300), TRUTH)
COMPANY = companies.batch_dependence(STREAM.batch, 0, 1.0, 1e-5, TRUTH, None)
SPLIT = micro_batches.split_ways(noise(12, 2), 3, 1e-5, 0.1)
DRIFTS = tuple(Drift(noise(*s) / 9, np.exp(noise(*s) / 9)) for s in ((4, 2), (300, 2)))
RECALIBRATION = Recalibration(
    np.array([9.0, 8, 7]), np.array([3.0, np.inf, 2]), np.full(3, np.nan), drift=DRIFTS
)
put(
    "train_vs_eval",
    running_mean=lambda: stream.running(WALK.mean, "mean", 1, "x2", LOOK, SAY),
    running_variance=lambda: stream.running(WALK.variance, "variance", 0, "x1", DARK, SAY),
    all_means=lambda: stream.all_running(WALK.mean, "mean", TRUTH.scale, ("a", "b"), LOOK, SAY),
    all_variances=lambda: stream.all_running(
        LONG.variance, "variance", TRUTH.scale, ("a", "b"), LOOK, SAY
    ),
    gap=lambda: stream.gap_parts(gap(WALK, "mean", "true"), 0, 1, "x1", "the axis", LOOK, SAY),
    gap_long=lambda: stream.gap_parts(
        gap(LONG, "variance", "train"), 1, 200, "x2", "the axis", LOOK, SAY
    ),
    decay=lambda: momentum.decay(0.1, clock(0.1), 10, LOOK, SAY),
    decay_fast=lambda: momentum.decay(0.9, clock(0.9), 10, LOOK, SAY),
    decay_slow=lambda: momentum.decay(0.005, clock(0.005), 10, LOOK, SAY),
    decay_at_once=lambda: momentum.decay(1.0, clock(1.0), 10, LOOK, SAY),
    decay_cumulative=lambda: momentum.decay(None, clock(None), 10, LOOK, SAY),
    weights=lambda: momentum.batch_weights(0.1, 9, LOOK, SAY),
    weights_long=lambda: momentum.batch_weights(0.01, 300, LOOK, SAY),
    weights_cumulative=lambda: momentum.batch_weights(None, 5, LOOK, SAY),
    company=lambda: batch_dependence.fan(COMPANY, 8, LOOK, SAY),
    company_without_theory=lambda: batch_dependence.fan(
        replace(COMPANY, theory=None), 4, DARK, SAY
    ),
    company_at_one_size=lambda: batch_dependence.at_size(
        noise(99), (np.arange(3.0), np.ones(3)), 4, LOOK, SAY
    ),
    company_all_alike=lambda: batch_dependence.at_size(np.ones(9), None, 2, LOOK, SAY),
    recalibrated_losses=lambda: nets.losses(RECALIBRATION, "points²", LOOK, SAY),
    recalibrated_losses_without_unit=lambda: nets.losses(RECALIBRATION, "", LOOK, SAY),
    drifts=lambda: nets.drifts(DRIFTS, LOOK, SAY),
    micro_batches=lambda: nets.micro_statistics(SPLIT, 1, "x2", LOOK, SAY),
    micro_batches_many=lambda: nets.micro_statistics(
        micro_batches.split_ways(noise(34, 1), 17, 1e-5, 0.1), 0, "x1", LOOK, SAY
    ),
    split_differences=lambda: nets.split_differences(
        {
            way: dict(zip(micro_batches.COMPARED, (off * 2.0**k for k in range(9)), strict=False))
            for way, off in (("accumulated", 1e-3), ("synchronized", 1e-19))
        },
        LOOK,
        SAY,
    ),
)

# ---------------------------------------------------------------- Fitness, Runs


def net_snapshot(epoch: int, level: float) -> NetSnapshot:
    """Three seeds, two layers; each field at a height of its own, falling."""
    layered = {"dead_share", "activation_mean", "activation_std"}
    spread = {"activation_quantiles", "running_mean", "running_variance"}
    values: dict[str, np.ndarray] = {}
    for number, field in enumerate(fields(NetSnapshot)):
        seeds = level * (10 + number) / (1 + epoch) * np.array([1.0, 1.1, 1.3])
        if field.name in layered | spread:
            seeds = seeds * np.array([[1.0], [0.5]])
        if field.name in spread:
            seeds = seeds[..., None] + np.arange(-2.0, 3.0)
        values[field.name] = seeds
    shares = values["dead_share"] / (100 * level)
    return NetSnapshot(**values | {"diverged": np.zeros(3), "dead_share": shares})


def snapshot(epoch: int, apart: float = 9.0) -> Snapshot:
    """Both nets, the plain one so many times as high."""
    others = {norm: net_snapshot(epoch, 2.0 + k) for k, norm in enumerate(("ghost", "group"))}
    bn, plain = net_snapshot(epoch, 1.0), net_snapshot(epoch, apart)
    return Snapshot(epoch, epoch, 1.0, bn, plain, {}, others)


def unmeasured(snapshot: Snapshot) -> Snapshot:
    """Without what only checkpoints have."""
    none = dict.fromkeys(("eigenvalue_max", "lipschitz_max", "lipschitz_median"), np.empty(0))
    return replace(snapshot, bn=replace(snapshot.bn, **none), plain=replace(snapshot.plain, **none))


RUN = [snapshot(epoch) for epoch in (0, 1, 4)]
CLOSE = [snapshot(epoch, 1.2) for epoch in (0, 1, 4)]
OVER = replace(RUN[2], bn=replace(RUN[2].bn, train_loss=np.full(3, np.nan)))
ACTUAL = np.array([90.0, 120.0, 150.0])
PREDICTED = {"bn": np.array([95.0, 118.0, np.inf]), "plain": np.array([80.0, 121.0, 149.0])}
ANSWERS = {"bn": 100.0, "plain": 500.0, "rule": 140.0}
put(
    "fitness",
    loss=lambda: curves.loss(RUN, "points²", LOOK, SAY),
    loss_close=lambda: curves.loss(CLOSE, "", DARK, SAY),
    loss_nothing_yet=lambda: curves.loss(RUN[:1], "", LOOK, SAY),
    smoothness=lambda: curves.smoothness(RUN, LOOK, SAY),
    smoothness_unmeasured=lambda: curves.smoothness([unmeasured(RUN[0])], LOOK, SAY),
    gradient_norm=lambda: curves.per_seed(RUN, "gradient_norm", LOOK, SAY),
    weight_norm=lambda: curves.per_seed(CLOSE, "weight_norm", LOOK, SAY),
    dead_units=lambda: curves.dead_units(RUN, LOOK, SAY),
    activations=lambda: curves.activations(RUN, "plain", 0, False, LOOK, SAY),
    activations_one_axis=lambda: curves.activations(RUN, "bn", 1, True, LOOK, SAY),
    activations_at_first=lambda: curves.activations(RUN[:1], "bn", 1, False, LOOK, SAY),
    running_mean=lambda: curves.running(RUN, "running_mean", LOOK, SAY),
    running_variance=lambda: curves.running(CLOSE, "running_variance", LOOK, SAY),
    predictions=lambda: predictions.predicted_against_actual(ACTUAL, PREDICTED, "score", LOOK, SAY),
    targets=lambda: predictions.targets(noise(99), "score", LOOK, SAY),
    among=lambda: predictions.among(ACTUAL, ANSWERS, "score", LOOK, SAY),
    arena=lambda: arena.losses(
        RUN,
        {"batch": "bn", "ghost": "ghost", "group": "group", "none": "plain"},
        "points²",
        LOOK,
        SAY,
    ),
    arena_close=lambda: arena.losses(CLOSE[:1], {"layer": "bn", "none": "plain"}, "", DARK, SAY),
)
TWO_RUNS = {"A": ("one", RUN), "B": ("<b>two", [*CLOSE[:2], OVER])}
put(
    "runs",
    train_loss=lambda: side_by_side(TWO_RUNS, "train_loss", ["bn", "plain"], LOOK, SAY),
    weight_norm=lambda: side_by_side(TWO_RUNS, "weight_norm", ["plain"], DARK, SAY),
    nothing_yet=lambda: side_by_side({"A": ("one", [])}, "train_loss", ["bn"], LOOK, SAY),
)

# ---------------------------------------------------------------- Smoothness

SMOOTH = {
    "replay": (document.replay, results.document(5)),
    "replay_without_probes": (document.replay, results.document(0)),
    "drift": (document.drift, results.document(5)),
    "scales": (scales.scales, results.scales()),
    "kinks": (scales.kinks, results.scales()),
    "kinks_without_rectifiers": (
        scales.kinks,
        replace(results.scales(), bn_rectifiers=0, plain_rectifiers=0),
    ),
    "ruler": (extremes.ruler, results.extremes(3, 4)),
    "ruler_of_many": (extremes.ruler, results.extremes(64, 100)),
    "ruler_of_one_seed": (extremes.ruler, results.extremes(1, 0)),
    "normalized": (extremes.normalized, results.extremes(3, 4)),
    "traces": (extremes.traces, results.extremes(3, 4)),
    "traces_of_one_net": (
        extremes.traces,
        replace(results.extremes(3, 4), plain=results.extremes(3, 4).bn),
    ),
    "density": (density.density, results.density()),
    "density_of_a_large_net": (density.density, results.density(exact=False)),
    "lines": (landscape.lines, results.landscape()),
    "lines_alike": (landscape.lines, results.landscape(steep=1.0)),
    "thresholds": (stability.thresholds, results.stability(3)),
}
for each in smooth_gap.QUANTITIES:
    SMOOTH[f"cells_{each}"] = (partial(smooth_gap.cells, quantity=each), results.gap(3))
for each in along.QUANTITIES:
    SMOOTH[f"along_{each}"] = (partial(along.along, quantity=each), results.along(8))
LOST = results.landscape(9)
LOST = replace(LOST, bn=replace(LOST.bn, loss=np.full((9, 9), np.nan)))
for net, plane, steep in (("bn", "random", 1e3), ("plain", "path", 1.0), ("bn", "eigen", 1.0)):
    around = results.landscape(9, plane == "path", steep)
    SMOOTH[f"contour_{plane}"] = (partial(landscape.contour, net=net, plane=plane), around)
    SMOOTH[f"surface_{plane}"] = (partial(landscape.surface, net=net, plane=plane), around)
for each in ("sharpness", "losses"):
    of = partial(getattr(stability, each), net="plain")
    SMOOTH[each] = (of, results.stability())
for name, (plot, measured) in SMOOTH.items():
    FIGURES[f"smoothness/{name}"] = partial(plot, measured, look=LOOK, say=SAY)
put(
    "smoothness",
    contour_lost=lambda: landscape.contour(LOST, "bn", "random", LOOK, SAY),
    surface_dark=lambda: landscape.surface(results.landscape(3), "bn", "path", DARK, SAY),
    split=lambda: smooth_gap.split(results.parts(results.gap(3)), LOOK, SAY),
    split_of_one_seed=lambda: smooth_gap.split(results.parts(results.gap(1)), LOOK, SAY),
)

# ---------------------------------------------------------------- Pitfalls


def made_up(name: str) -> dict[str, np.ndarray]:
    """Numbers of the shape that the pitfall's experiment has."""
    shape = SHAPES[name]
    if isinstance(shape, Cells):
        return {shape.values: noise(2, 3, 2), shape.shared: np.eye(4, 3).reshape(2, 3, 2)}
    if isinstance(shape, Bars):
        return {shape.x: np.arange(1.0, 4), shape.y: np.array([8, 8, 1.0]), shape.marked: [1, 1, 0]}
    if isinstance(shape, Pairs):
        used = [each for pair in shape.series.values() for each in pair[:2]]
        return {each: noise(3, seed=k) for k, each in enumerate(used)}
    numbers = {each: 10.0 ** -np.arange(k, k + 4.0) for k, each in enumerate(shape.series)}
    numbers[next(iter(shape.series))][1] = 0
    return numbers | {shape.x: np.array([1.0, 2, 5, 50]), "here": np.array(2)}


for name in SHAPES:
    config, numbers = CONFIGS[name](), made_up(name)
    numbers = {key: np.asarray(value) for key, value in numbers.items()}
    FIGURES[f"pitfalls/{name}"] = partial(draw, name, config, numbers, LOOK, SAY)
MANY_STEPS = {"step": np.arange(50.0), "everything": noise(50), "matrices": np.full(50, np.nan)}
put(
    "pitfalls",
    handwritten_no_epsilon=lambda: draw(
        "handwritten", CONFIGS["handwritten"](bug="no_epsilon"), _made("handwritten"), DARK, SAY
    ),
    family_dark=lambda: draw("family", CONFIGS["family"](), _made("family"), DARK, SAY),
    many_steps=lambda: draw("gamma_decay", CONFIGS["gamma_decay"](), MANY_STEPS, LOOK, SAY),
)


def _made(name: str) -> Any:
    return {key: np.asarray(value) for key, value in made_up(name).items()}


# ---------------------------------------------------------------- Sweep


def sweep(preset: str, metric: Any) -> Any:
    return grid(PRESETS[preset], outcomes(preset), metric)


put(
    "sweep",
    net_loss=lambda: maps.net_map(sweep("depth_rate", "loss"), "plain", LOOK, SAY),
    net_divergence=lambda: maps.net_map(sweep("depth_rate", "divergence"), "bn", LOOK, SAY),
    difference=lambda: maps.difference_map(sweep("depth_rate", "loss"), LOOK, SAY),
    difference_dark=lambda: maps.difference_map(sweep("depth_rate", "divergence"), DARK, SAY),
    nothing_yet=lambda: maps.net_map(grid(PRESETS["depth_rate"], {}, "loss"), "bn", LOOK, SAY),
    stable_rates=lambda: sweep_curves.stable_rates(
        rates(PRESETS["depth_rate"], outcomes("depth_rate")), LOOK, SAY
    ),
    losses=lambda: sweep_curves.losses(outcomes("depth_rate")[0], LOOK, SAY),
)

# ---------------------------------------------------------------- axes

#: Ends of logarithmic axes, most labels, the place of zeros.
LOGARITHMIC: list[tuple[float, float, int, float | None]] = [
    (1, 1, 7, None),
    (1, 1.01, 7, None),
    (1, 1.2, 4, None),
    (1, 2, 7, None),
    (1, 4.5, 7, None),
    (1, 7, 7, None),
    (3, 80, 7, None),
    (1, 900, 7, None),
    (1, 2e3, 7, None),
    (1e-9, 1e9, 7, None),
    (1e-9, 1e9, 4, 1e-9),
    (0.5, 20, 4, 0.5),
]
SIDES: list[tuple[float, float, float, int]] = [
    (-1, 1, 1, 9),
    (0, 0, 1, 9),
    (-3, 60, 1, 9),
    (-10, 10, 1, 9),
    (-2e4, 1e6, 1, 9),
    (-2e4, 1e6, 1, 4),
    (5, 1e3, 30, 7),
    (-0.4, 0, 0.1, 9),
    (-1e9, 1e9, 1e-3, 7),
]
LINEAR = [(0, 0), (0, 1), (-0.3, 17), (2.01, 2.02), (-7, 1), (5.5, 1e4), (np.nan, np.nan)]


def all_axes() -> dict[str, Any]:
    """Axes of many kinds by what they hold."""
    every: dict[str, Any] = {}
    for low, high, most, zero in LOGARITHMIC:
        ends = np.array([low, high])
        every[f"decades {low}, {high}, most {most}, zero {zero}"] = axes.decades(
            ends, most=most, zero=zero
        )
    for low, high, unit, most in SIDES:
        every[f"symmetric {low}, {high}, unit {unit}, most {most}"] = axes.symmetric(
            [low, high], unit, most
        )
    for low, high in LINEAR:
        ends = np.array([low, high], dtype=float)
        every[f"span {low}, {high}"] = {"range": axes.span(ends)}
        every[f"around {low}, {high}"] = {"range": axes.around(ends)}
    return every
