"""What of One batch follows the hand, and the rows from which the browser draws other sizes."""

from typing import Any, Final
from urllib.parse import urlencode

import streamlit as st

from bnviz.core.configs import MAX_ROWS, BatchConfig, NormConfig
from bnviz.core.data.batches import ONE_DRAW
from bnviz.core.data.shape import Shape
from bnviz.plots.labels import labels
from bnviz.plots.theme import Figure
from bnviz.ui.chart.chart import Live
from bnviz.ui.one_batch import compute

#: The browser gets so many values at most; beyond, the picture comes on release.
MOST_CELLS: Final = 262_144


def ridges(config: BatchConfig, norm: NormConfig, own_axes: bool) -> dict[str, Live]:
    """Before BN the batch size moves the picture; after BN epsilon, gamma and beta do too."""
    size = {"b": config.batch_size}
    rows = _rows(config)
    common = {
        "b": config.batch_size,
        "names": labels(compute.batch_of(config).names),
        "single": norm.precision == "float32",
        "eps": norm.eps,
    }
    before = {
        "side": "before",
        "own_axes": own_axes,
        **_packed(compute.shape_of(config, "float64")),
    }
    moments = compute.batch_moments_of(config, norm.precision)
    after = {
        "side": "after",
        "feature": _feature(),
        "mu": moments.mean,
        "biased_variance": moments.biased_variance,
        **_packed(compute.shape_of(config, norm.precision)),
    }
    affine = {"gamma": norm.gamma, "beta": norm.beta}
    return {
        "before": Live("ridges", size, common | before, rows=rows),
        "after": Live("ridges", size | affine | _eps(norm), common | after, rows=rows),
    }


def gain(curve: Figure, norm: NormConfig) -> Live:
    """Epsilon moves the gain curve."""
    _, line, dots, *_ = curve["data"]
    return Live("gainCurve", _eps(norm), {"curve": line["x"], "variance": dots["customdata"]})


def _eps(norm: NormConfig) -> dict[str, float]:
    """Without epsilon its slider says nothing."""
    return {"eps": norm.eps} if norm.eps else {}


def _feature() -> int | None:
    """The feature that gamma and beta act on, once they do anything; None: all."""
    chosen = st.session_state.get("on", "all")
    return None if chosen == "all" else int(chosen) - 1


def _packed(shape: Shape) -> dict[str, Any]:
    outline = shape.outline and {"grid": shape.outline.grid, "height": shape.outline.height}
    return {
        "shape": {
            "mean": shape.mean,
            "deviation": shape.deviation,
            "low": shape.low,
            "high": shape.high,
            "quantiles": shape.quantiles,
            "outline": outline,
        }
    }


def _rows(config: BatchConfig) -> dict[str, Any] | None:
    """Where the browser finds the rows of which other batch sizes are the beginning.

    None for a source whose batches do not begin alike: its picture comes on release.
    """
    if config.source not in ONE_DRAW:
        return None
    features = len(compute.batch_of(config).names)
    most = min(MAX_ROWS, (MOST_CELLS - 1) // features)
    asked = config.model_copy(update={"batch_size": most, "features": features}).model_dump_json()
    return {
        "slider": "b",
        "path": "rows?" + urlencode({"batch": asked}),
        "least": 1,
        "most": most,
    }
