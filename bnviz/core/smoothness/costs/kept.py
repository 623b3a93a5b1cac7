"""What a measure keeps in the history, in bytes, from its config alone: at most."""

from collections.abc import Callable

from bnviz.core.smoothness.along import AlongConfig
from bnviz.core.smoothness.costs.memory import DENSE_LIMIT, PATH_POINTS, Nets
from bnviz.core.smoothness.density import DensityConfig
from bnviz.core.smoothness.document import DocumentConfig
from bnviz.core.smoothness.extremes import ExtremesConfig
from bnviz.core.smoothness.gap import CELLS, GapConfig
from bnviz.core.smoothness.gap import MOMENTS as WHEN
from bnviz.core.smoothness.landscape import DISTANCES, LandscapeConfig
from bnviz.core.smoothness.measure import Measure
from bnviz.core.smoothness.scales import SCALES, ScalesConfig
from bnviz.core.smoothness.stability import MOMENTS, SHARES, StabilityConfig
from bnviz.core.training.cost import NAMES
from bnviz.core.types import NETS

#: On the axis of a density, even where one net is 1e11 times as sharp as the other.
PLACES = 1000


def kept(measure: Measure, nets: Nets) -> float:
    """The newest result: eight bytes for each of its numbers, and what these are called."""
    return 8.0 * NUMBERS[type(measure)](measure, nets) + len(NETS) * NAMES


def _along(measure: AlongConfig, nets: Nets) -> int:
    return measure.moments * (1 + len(NETS) * 6 * nets.seeds) + measure.sizes


def _density(measure: DensityConfig, nets: Nets) -> int:
    exact = nets.parameters if nets.parameters <= DENSE_LIMIT else 0
    return PLACES + len(NETS) * (4 * PLACES + exact + 8)


def _landscape(measure: LandscapeConfig, nets: Nets) -> int:
    path = 4 * PATH_POINTS if measure.plane == "path" else 0
    plane = measure.points * (measure.points + 2)
    return len(NETS) * (plane + path + DISTANCES * (measure.lines + 1) + 2)


def _stability(measure: StabilityConfig, nets: Nets) -> int:
    moments = min(measure.steps, MOMENTS) + 1
    return len(NETS) * (5 * nets.seeds + moments + len(SHARES) * (1 + 2 * moments))


#: How many numbers are in the result of each measure.
NUMBERS: dict[type[Measure], Callable[..., int]] = {
    DocumentConfig: lambda measure, nets: len(NETS) * 4 * measure.probes,
    ScalesConfig: lambda measure, nets: len(SCALES) * (1 + 2 * len(NETS) * 7) + 4,
    ExtremesConfig: lambda measure, nets: len(NETS) * (nets.seeds * (9 + measure.probes) + 1),
    DensityConfig: _density,
    GapConfig: lambda measure, nets: 5 * len(WHEN) * len(CELLS) * nets.seeds,
    AlongConfig: _along,
    LandscapeConfig: _landscape,
    StabilityConfig: _stability,
}
