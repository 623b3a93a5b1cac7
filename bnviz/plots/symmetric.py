"""An axis for values of either sign over many powers of ten: linear near 0, else logarithmic."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bnviz.plots.decades import tick_label

Floats = NDArray[np.float64]


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
        "range": [float(ends[0] - pad), float(ends[1] + pad)],
    }
