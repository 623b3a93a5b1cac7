"""Every control whose value travels in an address, in one table: a page's rows under its name.

A row says what a control is called, what it accepts and what it offers. Limits, defaults and
offered numbers come from the configs, which have the last word. One more control is one more
row; a new field of a pitfall or of a measure is a row by itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, get_args

from bnviz.core.batchnorm.batch_dependence import SIZES
from bnviz.core.configs import (
    MAX_BATCHES,
    BatchConfig,
    NetworkConfig,
    NormConfig,
    OptimizerConfig,
    StreamConfig,
    TrainConfig,
)
from bnviz.core.fields import Config, doubling
from bnviz.core.pitfalls.configs import CONFIGS as PITFALL_CONFIGS
from bnviz.core.smoothness.registry import MEASURES
from bnviz.core.sweep.config import Metric
from bnviz.core.sweep.presets import PRESETS as SWEEPS
from bnviz.core.training.presets import PRESETS, RATES, STEPS
from bnviz.plots.smoothness.gap import QUANTITIES
from bnviz.store.history import Order, State
from bnviz.texts.catalogue import LANGUAGES
from bnviz.ui.control import Control, choice, choice_of, in_address, of, switch, tabs

#: What runs are compared by: fields of NetSnapshot.
MEASURED = (
    "validation_loss",
    "train_loss",
    "eigenvalue_max",
    "lipschitz_max",
    "gradient_norm",
    "weight_norm",
)

#: Names in the address of any page that are no controls.
ELSEWHERE = ("lesson", "step")

#: On every page.
LANG = choice("lang", "language.label", LANGUAGES)
PRESENT = switch("present", "presenter.switch")


def _table(*rows: Control) -> dict[str, Control]:
    return {row.key: row for row in (LANG, PRESENT, *rows)}


HOME = _table(
    Control("trained", "home.flow.step", 0, least=0, most=STEPS, step=1, main=True),
    Control("rate", "home.flow.rate", "0.01", options=tuple(map(in_address, RATES))),
    Control("progress", "home.progress", 0.0, least=0.0, most=4.0, step=0.01, main=True),
    choice("wine", "home.wine"),
)


def _batch(rows: int, features: int) -> tuple[Control, ...]:
    """The rows of what a batch is drawn from, its size at first `rows` x `features`."""
    return (
        of(BatchConfig, "source", label="source.label", option="source.{}", menu=True),
        of(BatchConfig, "batch_size", "b", "controls.batch_size", default=rows, main=True),
        of(BatchConfig, "features", "d", "controls.features", default=features, step=1),
        of(BatchConfig, "seed", label="controls.seed"),
        choice("table", "upload.stored", menu=True, pinned=True),
    )


_EPSILON = of(NormConfig, "eps", label="controls.epsilon", main=True)

ONE_BATCH = _table(
    *_batch(256, 8),
    switch("noeps", "controls.no_epsilon"),
    _EPSILON,
    of(NormConfig, "gamma", label="controls.gamma", step=0.1),
    of(NormConfig, "beta", label="controls.beta", step=0.1),
    choice("on", "controls.affine_feature", menu=True),
    of(NormConfig, "precision", label="controls.precision"),
    choice("axis", "controls.axis", ("shared", "own"), "controls.axis_{}"),
    tabs("batch_tab", "one_batch.tabs.{}", first=("formula", "statistics", "steps", "matrix")),
)

TRAIN_VS_EVAL = _table(
    *(replace(row, main=False) for row in _batch(32, 4)),
    switch("stream_cumulative", "train_vs_eval.controls.cumulative"),
    of(
        StreamConfig,
        "torch_momentum",
        "momentum",
        "train_vs_eval.controls.torch_momentum",
        main=True,
    ),
    replace(_EPSILON, main=False),
    of(StreamConfig, "steps", label="train_vs_eval.controls.steps"),
    of(StreamConfig, "shift_at", label="train_vs_eval.controls.shift_at", default=60),
    of(StreamConfig, "shift", label="train_vs_eval.controls.shift", step=0.1, main=True),
    of(StreamConfig, "spread", label="train_vs_eval.controls.spread"),
    choice("feature", "stat.feature", menu=True),
    tabs(
        "stream_tab",
        "train_vs_eval.tabs.{}",
        pinned=True,
        first=("gap", "parts", "clock", "company"),
    ),
    choice_of("quantity", "train_vs_eval.quantity", ("variance", "mean")),
    choice_of("reference", "train_vs_eval.reference", ("train", "true"), menu=True),
    Control("gap_step", "train_vs_eval.gap.step", MAX_BATCHES, least=0, most=MAX_BATCHES, step=1),
    Control("z", "train_vs_eval.company.z", 1.0, least=-4.0, most=4.0, step=0.1),
    Control("company_b", "train_vs_eval.company.size", 8, stops=(1, *SIZES)),
    choice("net", "train_vs_eval.recalibrate.net", menu=True, pinned=True),
    Control("pass_b", "train_vs_eval.recalibrate.rows", 64, stops=doubling(2, 1024)),
    Control("small_b", "train_vs_eval.recalibrate.small", 4, stops=(2, 3, 4, 8, 16, 32)),
    Control(
        "small_momentum",
        "train_vs_eval.recalibrate.small_momentum",
        0.5,
        stops=(0.01, 0.1, 0.2, 0.5, 1.0),
    ),
    switch("training", "train_vs_eval.frozen.training", True),
    switch("requires_grad", "train_vs_eval.frozen.requires_grad"),
    switch("track", "train_vs_eval.frozen.track", True),
    switch("affine", "train_vs_eval.frozen.affine", True),
    switch("frozen_cumulative", "train_vs_eval.frozen.cumulative"),
    switch("tracking_ended", "train_vs_eval.frozen.tracking_ended"),
    Control(
        "parts", "train_vs_eval.split.parts", 4, stops=(1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32, 48, 64)
    ),
)


def _fields(owner: type[Config], prefix: str, label: str, **more: Any) -> Iterator[Control]:
    """A row for each field of a config; a field that is a config is asked for by its own fields."""
    for field, info in owner.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, Config):
            yield from _fields(info.annotation, f"{prefix}{field}.", f"{label}{field}.", **more)
        elif info.default is not None and not isinstance(info.default, tuple):
            yield of(owner, field, f"{prefix}{field}", f"{label}{field}", **more)


#: The path of a training's own seed, which as a key would be that of One batch's seed.
FIRST_SEED = "first_seed"
#: A start beside the presets: the settings of the run on screen.
SHOWN = "shown"


def _training() -> Iterator[Control]:
    """The rows of a training's config but its own seed."""
    for row in _fields(TrainConfig, "", "train.", option="option.{}"):
        if row.key == "network.norm":
            yield replace(row, menu=True, main=True)
        elif row.key != "seed":
            yield row


FITNESS = _table(
    choice(
        "preset", "train.preset", (*PRESETS, SHOWN), "preset.{}", menu=True, pinned=True, main=True
    ),
    *_training(),
    of(TrainConfig, "seed", FIRST_SEED, f"train.{FIRST_SEED}"),
    switch("cumulative", "train.network.cumulative"),
    choice("table", "upload.stored", menu=True, pinned=True),
    choice("target", "upload.target", menu=True),
    choice("run", "run.earlier"),
    choice("layer", "fitness.layer_label"),
    choice("axes", "fitness.axes", ("own", "shared"), "fitness.axes_{}"),
    tabs("run_tab", "fitness.tabs.{}", first=("predictions", "your_score", "gradients")),
)

#: The axes of a sweep, by their keys; after the key it is that of the axis's values, and of the
#: setting that they are of.
AXES = ("across", "down", "third")
VALUES, VALUES_OF = "_values", "_of"

SWEEP = _table(
    choice(
        "sweep_preset",
        "sweep.preset_label",
        (*SWEEPS, SHOWN),
        "sweep.preset.{}",
        menu=True,
        main=True,
    ),
    choice(
        "sweep_metric",
        "sweep.metric_label",
        get_args(Metric),
        "sweep.metric.{}",
        menu=True,
        main=True,
        pinned=True,
    ),
    *(
        choice(f"{axis}{part}", f"sweep.{axis}{part}", menu=True)
        for axis in AXES
        for part in ("", VALUES)
    ),
    of(NetworkConfig, "norm", "sweep_norm", "train.network.norm", option="option.{}", menu=True),
    of(TrainConfig, "seeds", "sweep_seeds", "sweep.seeds"),
    of(OptimizerConfig, "epochs", "sweep_epochs", "train.optimizer.epochs"),
    choice(
        "shown",
        "sweep.shown",
        ("loss", "accuracy", "divergence", "sharpness"),
        "sweep.metric.{}",
        pinned=True,
    ),
    choice("slice", "sweep.slice", menu=True, pinned=True),
    choice("cell", "sweep.cell", menu=True, pinned=True),
    choice("run", "run.earlier"),
)

#: No pitfall in particular: all of them as cards.
ALL = "all"

#: Where a pitfall opens whose defaults go well; they then stand in the address.
PITFALL_OPENINGS = {"folding.shape": "nlc"}

PITFALLS = _table(
    choice("pitfall", "pitfalls.choose", (ALL, *PITFALL_CONFIGS), menu=True),
    choice("symptom", "pitfalls.search"),
    *(
        replace(row, pinned=row.key in PITFALL_OPENINGS, menu=len(row.options) > 5)
        for name, owner in PITFALL_CONFIGS.items()
        for row in _fields(
            owner,
            f"{name}.",
            f"pitfalls.{name}.control.",
            option=f"pitfalls.{name}.option.{{}}",
            main=True,
        )
    ),
)

_LANCZOS = {"density.steps": "lanczos"}


def _measure(kind: str, owner: type[Config]) -> Iterator[Control]:
    """The rows of the fields that are a measure's own."""
    for field in owner.model_fields:
        key = f"{kind}.{field}"
        row = of(owner, field, key, f"smoothness.control.{_LANCZOS.get(key, field)}")
        if row.stops:
            yield row
        elif field in ("grid", "plane"):
            yield replace(row, option="smoothness.option.{}", menu=True)


SMOOTHNESS = _table(
    choice("smooth_run", "smoothness.controls.run", menu=True, address="run"),
    choice("epoch", "smoothness.controls.epoch", menu=True, pinned=True),
    choice(
        "bn_mode",
        "smoothness.controls.bn_mode",
        ("eval", "train"),
        "option.{}",
        menu=True,
        main=True,
    ),
    choice("net_seed", "smoothness.controls.net_seed", menu=True),
    of(BatchConfig, "seed", "measure_seed", "smoothness.controls.seed", default=0),
    *(row for kind, owner in MEASURES.items() for row in _measure(kind, owner)),
    choice("gap_quantity", "smoothness.gap.quantity", QUANTITIES, "smoothness.gap.{}"),
    choice("view", "smoothness.landscape.view", ("contour", "surface"), "smoothness.landscape.{}"),
    choice(
        "curve", "smoothness.stability.curve", ("sharpness", "losses"), "smoothness.stability.{}"
    ),
    tabs(
        "measure",
        "smoothness.tabs.{}",
        pinned=True,
        first=("document", "extremes", "gap", "landscape"),
    ),
)


RUNS = _table(
    choice("find", "runs.find"),
    choice_of("kind", "runs.kind", ("all", "train", "measure", "sweep"), menu=True),
    choice_of("state", "runs.state", get_args(State), menu=True, main=True),
    choice_of("order", "runs.order", get_args(Order), menu=True),
    choice("compared", "runs.compared", address="runs"),
    choice_of("measured", "runs.measured", MEASURED, menu=True),
    choice_of("nets", "runs.nets", ("both", "bn", "plain")),
    choice("first", "runs.pair_first", menu=True),
    choice("second", "runs.pair_second", menu=True),
    tabs("runs_tab", "runs.tabs.{}"),
)


#: By the page's name.
CONTROLS: Mapping[str, Mapping[str, Control]] = {
    "home": HOME,
    "one_batch": ONE_BATCH,
    "train_vs_eval": TRAIN_VS_EVAL,
    "pitfalls": PITFALLS,
    "fitness": FITNESS,
    "smoothness": SMOOTHNESS,
    "sweep": SWEEP,
    "runs": RUNS,
    "glossary": _table(),
}
