"""What every figure of smoothness must do: any look, any language, and nothing measured yet."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from bnviz.plots.smoothness import along, density, document, extremes, landscape, scales, stability
from bnviz.plots.smoothness import gap as smooth_gap
from bnviz.plots.theme import Look, Say
from bnviz.texts.catalogue import sentence
from tests.plots.conftest import assert_sound
from tests.plots.smoothness import results as made

#: Where words do not matter.
SAY: Say = partial(sentence, "en")

Draw = Callable[[Any, Look, Say], go.Figure]


def split(gap: Any, look: Look, say: Say) -> go.Figure:
    return smooth_gap.split(made.parts(gap), look, say)


BOTH = ("xaxis", "yaxis")
#: By name: a result, its figure, and the axes that say what they are.
FIGURES: dict[str, tuple[Callable[[], Any], Draw, tuple[str, ...]]] = {
    "replay": (made.document, document.replay, BOTH),
    "drift": (made.document, document.drift, BOTH),
    "scales": (made.scales, scales.scales, BOTH),
    "kinks": (made.scales, scales.kinks, ("xaxis",)),
    "ruler": (made.extremes, extremes.ruler, ("xaxis",)),
    "normalized": (made.extremes, extremes.normalized, ("xaxis",)),
    "traces": (made.extremes, extremes.traces, ("xaxis",)),
    "density": (made.density, density.density, BOTH),
    "density_large": (lambda: made.density(exact=False), density.density, BOTH),
    "split": (made.gap, split, ("xaxis",)),
    "lines": (made.landscape, landscape.lines, BOTH),
    "thresholds": (made.stability, stability.thresholds, BOTH),
}
for each in smooth_gap.QUANTITIES:
    FIGURES[f"cells_{each}"] = (
        made.gap,
        lambda gap, look, say, each=each: smooth_gap.cells(gap, each, look, say),
        ("xaxis",),
    )
for each in along.QUANTITIES:
    FIGURES[f"along_{each}"] = (
        made.along,
        lambda result, look, say, each=each: along.along(result, each, look, say),
        BOTH,
    )
for net in ("bn", "plain"):
    for plane in ("random", "eigen", "path"):
        FIGURES[f"contour_{net}_{plane}"] = (
            made.landscape,
            lambda result, look, say, at=(net, plane): landscape.contour(result, *at, look, say),
            BOTH,
        )
        FIGURES[f"surface_{net}_{plane}"] = (
            made.landscape,
            lambda result, look, say, at=(net, plane): landscape.surface(result, *at, look, say),
            (),
        )
    for name, draw in (
        ("sharpness", stability.sharpness),
        ("losses", stability.losses),
    ):
        FIGURES[f"{name}_{net}"] = (
            made.stability,
            lambda result, look, say, at=(net, draw): at[1](result, at[0], look, say),
            BOTH,
        )


@pytest.mark.parametrize("name", FIGURES)
def test_sound(name: str) -> None:
    result, draw, titled = FIGURES[name]
    assert_sound(draw(result(), Look(dark=True), partial(sentence, "zh")), titled)


def changed(result: Any, change: Callable[[Any], Any]) -> Any:
    """A result with every array of numbers changed, and every fraction gone."""
    changes = {}
    for field in fields(result):
        value = getattr(result, field.name)
        if is_dataclass(value):
            changes[field.name] = changed(value, change)
        elif isinstance(value, np.ndarray) and value.dtype == np.float64:
            changes[field.name] = change(value)
        elif isinstance(value, float) and field.name != "unit":
            changes[field.name] = np.nan
    return replace(result, **changes)


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("number", [np.nan, np.inf, 0.0], ids=["nan", "infinite", "zero"])
def test_nothing_measured_yet_can_be_drawn(name: str, number: float) -> None:
    result, draw, titled = FIGURES[name]
    told = changed(result(), lambda values: np.full_like(values, number))
    assert_sound(draw(told, Look(), SAY), titled)


@pytest.mark.parametrize("name", FIGURES)
def test_one_seed_gone(name: str) -> None:
    """The last of everything is NaN: a seed, a probe, a scale, a step."""

    def gone(values: np.ndarray) -> np.ndarray:
        values = values.copy()
        values[..., -1:] = np.nan
        return values

    result, draw, titled = FIGURES[name]
    assert_sound(draw(changed(result(), gone), Look(), SAY), titled)


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("replay", made.document(0)),
        ("drift", made.document(0)),
        ("ruler", made.extremes(probes=0)),
        ("ruler", made.extremes(seeds=1)),
        ("ruler", made.extremes(seeds=64, probes=1000)),
        ("traces", made.extremes(seeds=1)),
        ("split", made.gap(seeds=1)),
        ("along_loss", made.along(moments=0)),
        ("along_change", made.along(moments=1)),
        ("along_smoothness", made.along(moments=0)),
        ("contour_bn_random", made.landscape(path=False)),
        ("surface_bn_random", made.landscape(path=False)),
        ("contour_plain_path", made.landscape(points=0)),
        ("surface_plain_path", made.landscape(points=0)),
        ("lines", made.landscape(points=0)),
        ("thresholds", made.stability(seeds=1)),
    ],
)
def test_little_can_be_drawn(name: str, result: Any) -> None:
    _, draw, titled = FIGURES[name]
    assert_sound(draw(result, Look(), SAY), titled)


@pytest.mark.parametrize("name", FIGURES)
def test_drawing_leaves_the_result_alone(name: str) -> None:
    result, draw, _ = FIGURES[name]
    told = changed(result(), lambda values: values)

    def lock(values: np.ndarray) -> np.ndarray:
        values.flags.writeable = False
        return values

    draw(changed(told, lock), Look(), SAY)  # would raise


def test_both_nets_differ_by_more_than_colour() -> None:
    """In each figure that has a trace of each."""
    for name, (result, draw, _) in FIGURES.items():
        figure = draw(result(), Look(), SAY)
        styles = {}
        for trace in figure.data:
            color = (trace.line.color or trace.marker.color) if trace.type == "scatter" else None
            if isinstance(color, str) and color in (Look().net("bn"), Look().net("plain")):
                mark = (trace.line.dash, trace.marker.symbol, trace.mode)
                styles.setdefault(color, set()).add(mark)
        if len(styles) == 2 and name not in ("scales", "ruler", "density", "density_large"):
            assert styles[Look().net("bn")] != styles[Look().net("plain")], name
