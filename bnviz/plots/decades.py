"""Logarithmic axes whose labels are few, plain and of one size."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnviz.plots.numbers import plain


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
