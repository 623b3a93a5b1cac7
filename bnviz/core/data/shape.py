"""What a picture of a batch shows of each feature, before and after something moves it."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from bnviz.core.configs import Precision
from bnviz.core.data.outlines import Outlines, outlines
from bnviz.core.types import LEVELS, Floats

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


#: Columns taken at a time: as many as lie in one line of the processor's cache.
_AT_ONCE: Final = 8


@np.errstate(all="ignore")
def shapes(x: Floats) -> dict[Precision, Shape]:
    """The shape of a batch `x` (B, D), as it is and with its values rounded to float32.

    Rounding keeps values in order, so they are sorted once.
    """
    outlined = x.shape[1] <= MOST_OUTLINES
    drawn: dict[Precision, Outlines | None] = {
        "float64": outlines(x) if outlined else None,
        "float32": outlines(x.astype(np.float32)) if outlined else None,
    }
    measured: dict[Precision, list[Floats]] = {precision: [] for precision in drawn}
    for start in range(0, x.shape[1], _AT_ONCE):
        columns = np.ascontiguousarray(x[:, start : start + _AT_ONCE].T)
        ordered = np.sort(columns, axis=1)
        for precision, figures in measured.items():
            figures.append(_figures(*(_rounded(of, precision) for of in (columns, ordered))))
    return {
        precision: _of(np.concatenate(measured[precision], axis=1), outline)
        for precision, outline in drawn.items()
    }


def _figures(columns: Floats, ordered: Floats) -> Floats:
    """Mean, deviation, lowest, highest and quantiles of each row, (9, D)."""
    undefined = np.isnan(ordered[:, -1])  # NaN is sorted to the end
    parts = [columns.mean(axis=1), columns.std(axis=1), ordered[:, 0], ordered[:, -1]]
    figures: Floats = np.array([*parts, *(_quantile(ordered, level) for level in LEVELS)])
    figures[:, undefined] = np.nan
    return figures


def _quantile(ordered: Floats, level: float) -> Floats:
    """Linear between two of the sorted values of each row, as numpy's."""
    place = level * (ordered.shape[1] - 1)
    below, above = ordered[:, int(place)], ordered[:, min(int(place) + 1, ordered.shape[1] - 1)]
    part, apart = place - int(place), above - below
    between: Floats = below + apart * part if part < 0.5 else above - apart * (1 - part)
    return between


def _rounded(values: Floats, precision: Precision) -> Floats:
    return values.astype(precision, copy=False).astype(np.float64, copy=False)


def _of(figures: Floats, outline: Outlines | None) -> Shape:
    mean, deviation, low, high, *quantiles = figures
    return Shape(mean, deviation, low, high, np.array(quantiles), outline)
