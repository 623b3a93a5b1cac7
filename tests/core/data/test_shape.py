"""The shape of a batch against numpy's own figures, in both precisions."""

import numpy as np
import pytest

from bnviz.core.configs import Precision
from bnviz.core.data.shape import shapes
from bnviz.core.types import LEVELS


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("rows", [1, 2, 7, 1000])
@np.errstate(all="ignore")
def test_figures_are_numpys(rows: int, precision: Precision) -> None:
    x = np.random.default_rng(rows).standard_t(2, (rows, 21)) * 10.0 ** np.arange(-60, 45, 5)
    x[0, 3], x[-1, 4] = np.nan, np.inf
    now, seen = shapes(x)[precision], x.astype(precision).astype(np.float64)
    for mine, numpys in (
        (now.mean, seen.mean(axis=0)),
        (now.deviation, seen.std(axis=0)),
        (now.low, seen.min(axis=0)),
        (now.high, seen.max(axis=0)),
        (now.quantiles, np.quantile(seen, LEVELS, axis=0)),
    ):
        np.testing.assert_allclose(mine, numpys, rtol=1e-12)
