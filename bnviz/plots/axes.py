"""Logarithmic axes whose labels are few, plain and of one size."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bnviz.core.types import Floats
from bnviz.texts.numbers import plain

#: A scale is logarithmic where the values span more than this.
WIDE = 30.0


def decades(
    *values: NDArray[np.float64], zero: float | None = None, most: int = 7
) -> dict[str, Any]:
    """The layout of an axis for these values; those that a logarithm cannot show are left out.

    `zero` is the place where zeros are drawn all the same, below everything else. About `most`
    powers of ten are labelled: 7 fit the height of a figure, 4 the width of a phone.
    """
    every = np.concatenate(values)
    shown = every[np.isfinite(every) & (every > 0)]
    low, high = (np.log10(shown.min()), np.log10(shown.max())) if shown.size else (0.0, 1.0)
    low, high = low - 0.04 * (high - low) - 0.02, high + 0.04 * (high - low) + 0.02
    digits = (1,) if high - low > 3 else (1, 2, 5) if high - low > 0.7 else (1, 1.5, 2, 3, 4, 5, 7)
    apart = max(1, round((high - low) / most))
    powers = range(int(np.floor(low)), int(np.ceil(high)) + 1, apart)
    ticks = [d * 10.0**k for k in powers for d in digits if low <= np.log10(d * 10.0**k) <= high]
    if len(ticks) < 3 and high - low < 1:
        ticks = _even(10.0**low, 10.0**high, most)
    if zero is not None:
        ticks = [zero, *(tick for tick in ticks if tick > 2 * zero)]
    labels = ["0" if tick == zero else tick_label(tick) for tick in ticks]
    return {"type": "log", "range": [low, high], "tickvals": ticks, "ticktext": labels}


def tick_label(tick: float) -> str:
    """`tick` in few characters: 0.001, 1000, 1e5, -1e7."""
    return plain(tick) if abs(tick) < 1e5 else f"{tick:.4g}".replace("e+0", "e").replace("e+", "e")


def _even(low: float, high: float, most: int) -> list[float]:
    """About so many round numbers between two that are close to each other."""
    step = 10.0 ** np.floor(np.log10(high - low))
    finer: list[float] = []
    for factor in (0.1, 0.2, 0.5, 1, 2, 5):
        grain = factor * step
        ticks = [float(k * grain) for k in range(int(np.ceil(low / grain)), int(high / grain) + 1)]
        if len(ticks) <= most + 1:
            return ticks if len(ticks) > 1 else finer
        finer = ticks
    return finer


def place(values: ArrayLike, unit: float) -> Floats:
    """Where values stand: asinh(value / unit)."""
    return np.arcsinh(np.asarray(values, dtype=np.float64) / unit)


def symmetric(values: ArrayLike, unit: float, most: int = 9) -> dict[str, Any]:
    """The layout of an axis on which these values stand; about `most` labels, 0 among them."""
    every = np.asarray(values, dtype=np.float64)
    every = every[np.isfinite(every)]
    low, high = (every.min(), every.max()) if every.size else (-unit, unit)
    low, high = min(low, -0.5 * unit), max(high, 0.5 * unit)
    ends = place([low, high], unit)
    pad = 0.03 * (ends[1] - ends[0])
    first = int(np.ceil(np.log10(unit) + 0.2))
    last = int(np.floor(np.log10(max(-low, high))))
    # Both sides share their powers; a side that is short has fewer of them.
    sides = sum(np.log10(max(reach / unit, 1.0)) for reach in (-low, high))
    apart = max(1, int(np.ceil(sides / (most - 1))))
    powers = 10.0 ** np.arange(last, first - 1, -apart)[::-1]
    if sides < 2:
        powers = 10.0 ** np.ceil(np.log10(unit)) * np.array([1.0, 2.0, 5.0, 10.0, 20.0, 50.0])
    ticks = [t for t in (*-powers[::-1], 0.0, *powers) if low <= t <= high]
    return {
        "tickvals": place(ticks, unit).tolist(),
        "ticktext": [tick_label(tick) for tick in ticks],
        "tickangle": 0,  # where two powers are near each other, Plotly would turn all labels
        "range": [float(ends[0] - pad), float(ends[1] + pad)],
    }


def span(*values: Floats) -> list[float]:
    """An axis that holds all `values` and ends at round numbers: it changes seldom."""
    low, high = _ends(values)
    step = 10.0 ** np.floor(np.log10(max(high - low, 1e-300))) / 2
    ends = [float(np.floor(low / step) * step), float(np.ceil(high / step) * step)]
    return ends if ends[0] < ends[1] else [low - 0.5, high + 0.5]


def around(values: Floats) -> list[float]:
    """An axis as wide to the left of 0 as to the right, from -5 to 5 or twice as far, or more."""
    low, high = _ends([values])
    reach = 5 * 2.0 ** np.ceil(np.log2(max(-low, high, 5) / 5))
    return [-reach, reach]


def _ends(values: Iterable[Floats]) -> tuple[float, float]:
    every = np.concatenate([np.ravel(part) for part in values])
    shown = every[np.isfinite(every)]
    return (float(shown.min()), float(shown.max())) if shown.size else (-1.0, 1.0)


def floor(*values: Floats, nothing: float = 1.0) -> float:
    """Where zeros are drawn on a logarithmic axis: a good way below everything else.

    Where there is `nothing` else, there.
    """
    every = np.concatenate(values)
    every = every[np.isfinite(every) & (every > 0)]
    return float(10 ** (np.floor(np.log10(every.min())) - 1)) if every.size else nothing


def is_wide(values: Floats) -> bool:
    """Whether these values, all positive, span so much that a scale of them is logarithmic."""
    known = values[np.isfinite(values)]
    return bool(known.size and known.min() > 0 and known.max() > WIDE * known.min())


def of_logarithms(values: Floats, most: int) -> dict[str, Any]:
    """The labels of a scale of logarithms: about `most` of the powers of ten among `values`."""
    ticks = decades(values, most=most)["tickvals"]
    return {"tickvals": np.log10(ticks), "ticktext": [tick_label(tick) for tick in ticks]}
