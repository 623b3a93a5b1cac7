"""Smooth outlines of samples: a binned Gaussian kernel density estimate, all features at once.

Silverman, *Density Estimation* (1986), section 3.4.2 for the bandwidth and 3.5 for binning.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bnviz.core.types import Floats


@dataclass(frozen=True)
class Outlines:
    """`grid` (D, G) in each feature's own units; `height` (D, G) with peak 1."""

    grid: Floats
    height: Floats


def outlines(x: NDArray[np.floating], points: int = 80) -> Outlines:
    """Density outline of each column of `x` (B, D).

    A constant column becomes one spike, one that holds NaN is NaN throughout.
    """
    x = x.astype(np.float64)
    rows, features = x.shape
    # A constant column's would be the rounding of its mean.
    deviation = np.where(x.max(axis=0) > x.min(axis=0), x.std(axis=0), 0.0)
    low, high = np.quantile(x, (0.25, 0.75), axis=0)
    spread = np.where(high > low, np.minimum(deviation, (high - low) / 1.34), deviation)
    bandwidth = 0.9 * spread * rows**-0.2
    start, end = x.min(axis=0) - 3 * bandwidth, x.max(axis=0) + 3 * bandwidth
    step = (end - start) / (points - 1)
    safe = np.where(step > 0, step, 1.0)

    # Share each value between its two grid neighbours, then smooth along the grid.
    place = (x - start) / safe
    with np.errstate(invalid="ignore"):  # a NaN falls anywhere: its part is NaN too
        left = np.clip(place.astype(np.intp), 0, points - 2)
    part = np.clip(place - left, 0.0, 1.0)
    flat = left + np.arange(features) * points
    size = features * points
    counts = np.bincount(flat.ravel(), (1 - part).ravel(), size)
    counts += np.bincount(flat.ravel() + 1, part.ravel(), size)
    offsets = np.arange(points)
    # Far outliers stretch the grid until the bandwidth falls between two of its points.
    width = np.maximum(bandwidth / safe, 1.0)[:, None, None]
    kernel = np.exp(-0.5 * ((offsets[:, None] - offsets) / width) ** 2)
    height = np.einsum("dg,dgh->dh", counts.reshape(features, points), kernel)
    height /= np.maximum(height.max(axis=1, keepdims=True), 1e-300)
    height[step <= 0] = 0.0
    height[step <= 0, points // 2] = 1.0
    grid = start[:, None] + offsets * step[:, None]
    return Outlines(grid, height)
