"""Which figure shows which pitfall: four shapes, and what each pitfall puts into one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

#: What a series is: the trap, the way out of it, what theory says, or a further measurement.
Role = Literal["wrong", "right", "theory", "more"]


@dataclass(frozen=True)
class Curves:
    """Series over `x`, as lines or (`dots`) as markers alone. `here` is the control's own value."""

    x: str
    series: Mapping[str, Role]
    log: str = ""
    """The axes that are logarithmic: "", "x", "y" or "xy"."""
    here: str = ""
    """The config's field that is a place on the x axis."""
    titled_by: str = ""
    """The config's field that names the title of the x axis, where it differs."""
    dots: bool = False
    percent: bool = False
    holds: tuple[float, ...] = ()
    """Values that the y axis holds besides, so that it stands still while epsilon moves."""


@dataclass(frozen=True)
class Bars:
    """One bar a value; the bars where `marked` is 0 stand out."""

    x: str
    y: str
    marked: str


@dataclass(frozen=True)
class Pairs:
    """Points that ought to lie on the diagonal: series over what they should be."""

    series: Mapping[str, tuple[str, str, Role]]
    """Name to what it should be, what it is, and its role."""


@dataclass(frozen=True)
class Cells:
    """An (N, C, L) tensor, cells that `shared` a statistic with the first one shaded."""

    values: str
    shared: str


Shape = Curves | Bars | Pairs | Cells

SHAPES: dict[str, Shape] = {
    "eval_forgotten": Curves(
        "size",
        {"forgotten": "wrong", "right": "right", "afterwards": "more"},
        log="x",
        here="batch_size",
        percent=True,
    ),
    "train_forgotten": Curves(
        "step", {"forgotten": "wrong", "right": "right"}, log="y", here="step"
    ),
    "last_batch": Bars("batch", "size", "passed"),
    "sorted_data": Curves(
        "epoch", {"training": "more", "validation": "wrong", "fixed": "right"}, percent=True
    ),
    "nan_batch": Curves(
        "step",
        {"training": "more", "validation": "wrong", "fixed": "right"},
        log="y",
        here="step",
    ),
    "dropout_before_bn": Curves(
        "rate", {"wrong": "wrong", "right": "right", "theory": "theory"}, here="rate"
    ),
    "target_normalized": Pairs(
        {"wrong": ("actual", "wrong", "wrong"), "right": ("actual", "right", "right")}
    ),
    "bias_before_bn": Curves(
        "unit",
        {"bias_bn": "wrong", "weight_bn": "right", "bias_plain": "more"},
        log="y",
        dots=True,
    ),
    "scale_invariance": Curves(
        "scale", {"gradient": "right", "theory": "theory", "change": "wrong"}, "xy", "scale"
    ),
    "weight_decay": Curves("step", {"with_decay": "right", "without": "wrong"}, log="y"),
    "gamma_decay": Curves("step", {"everything": "wrong", "matrices": "right"}),
    "gamma_zero": Curves(
        "layer",
        {"zeros": "wrong", "zeros_later": "more", "ones": "theory", "fixed": "right"},
        log="y",
        dots=True,
    ),
    "dead_features": Curves(
        "before", {"after": "wrong", "usual": "right"}, "xy", "spread", holds=(3e-8, 1.0)
    ),
    "low_precision": Curves("spread", {"low": "wrong", "mixed": "right"}, "xy", "spread"),
    "handwritten": Curves(
        "x", {"train": "wrong", "eval": "more", "right": "right"}, "xy", titled_by="bug"
    ),
    "folding": Pairs(
        {
            "axis_one": ("original_axis_one", "folded_axis_one", "wrong"),
            "mistake": ("original_last_axis", "folded_mistake", "wrong"),
            "last_axis": ("original_last_axis", "folded_last_axis", "right"),
        }
    ),
    "folding_conv": Pairs(
        {
            "mistake": ("original", "mistake", "wrong"),
            "folded": ("original", "folded", "right"),
        }
    ),
    "second_pass": Curves("step", {"twice": "wrong", "once": "right"}, log="y"),
    "averaged_nets": Curves(
        "shift", {"averaged": "wrong", "pooled": "right", "forgotten": "more"}, here="shift"
    ),
    "tracking_off": Curves(
        "step", {"switched_off": "wrong", "frozen": "right", "as_ever": "more"}, log="y"
    ),
    "ranks": Curves("rank", {"own": "wrong", "synchronized": "right"}, dots=True),
    "padding": Curves(
        "share", {"padded": "wrong", "masked": "right", "theory": "theory"}, here="padding"
    ),
    "two_populations": Curves(
        "before",
        {"separate": "wrong", "joint": "right", "eval": "more", "theory": "theory"},
        here="distance",
    ),
    "latent_noise": Curves(
        "dimension",
        {"after": "wrong", "before": "more", "selected": "right"},
        "y",
        dots=True,
        holds=(0.9, 1.6),
    ),
    "family": Cells("y", "shared"),
}
