"""What a picture of a batch shows of each feature, before and after something moves it."""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bnviz.core.data.outlines import Outlines, outlines

Floats = NDArray[np.float64]

#: The quantile levels, lowest first; they mirror each other.
LEVELS: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
#: More features than this have no outlines: they would be hairlines.
MOST_OUTLINES: Final = 12


@dataclass(frozen=True)
class Shape:
    """Figures of D features, (D,) each; `quantiles` (5, D) at LEVELS."""

    mean: Floats
    deviation: Floats
    """Square root of the biased variance."""
    low: Floats
    high: Floats
    quantiles: Floats
    outline: Outlines | None
    """None for more than MOST_OUTLINES features."""

    @np.errstate(all="ignore")
    def moved(self, factor: Floats, shift: Floats) -> "Shape":
        """The shape of factor * x + shift, both (D,), without looking at x again.

        A feature whose factor or shift is not finite is NaN throughout.
        """
        factor = np.where(np.isfinite(factor) & np.isfinite(shift), factor, np.nan)
        down = factor < 0
        quantiles = factor * self.quantiles + shift
        low, high = factor * self.low + shift, factor * self.high + shift
        return Shape(
            mean=factor * self.mean + shift,
            deviation=np.abs(factor) * self.deviation,
            low=np.where(down, high, low),
            high=np.where(down, low, high),
            quantiles=np.where(down, quantiles[::-1], quantiles),
            outline=self.outline and _moved(self.outline, factor, shift),
        )


def _moved(outline: Outlines, factor: Floats, shift: Floats) -> Outlines:
    grid = factor[:, None] * outline.grid + shift[:, None]
    down = (factor < 0)[:, None]
    grid = np.where(down, grid[:, ::-1], grid)
    height = np.where(down, outline.height[:, ::-1], outline.height)
    flat = np.zeros(grid.shape[1])
    flat[grid.shape[1] // 2] = 1  # all values are one: a spike
    height = np.where((factor == 0)[:, None], flat, height)
    return replace(outline, grid=grid, height=np.where(np.isnan(grid), np.nan, height))


@np.errstate(all="ignore")
def shape(x: NDArray[np.floating[Any]]) -> Shape:
    """The shape of a batch `x` (B, D)."""
    columns = np.ascontiguousarray(x.T, dtype=np.float64)
    return Shape(
        mean=columns.mean(axis=1),
        deviation=columns.std(axis=1),
        low=columns.min(axis=1),
        high=columns.max(axis=1),
        quantiles=np.quantile(columns, LEVELS, axis=1),
        outline=outlines(x) if x.shape[1] <= MOST_OUTLINES else None,
    )
