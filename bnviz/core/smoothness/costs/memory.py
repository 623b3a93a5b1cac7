"""What a measure holds at its peak, in bytes, from its config alone."""

from collections.abc import Callable

from bnviz.core.configs import BnMode, TrainConfig
from bnviz.core.nets.norms.names import OVER_ROWS, Norm
from bnviz.core.smoothness.along import AlongConfig
from bnviz.core.smoothness.density import DensityConfig
from bnviz.core.smoothness.extremes import ExtremesConfig
from bnviz.core.smoothness.gap import GapConfig
from bnviz.core.smoothness.landscape import LandscapeConfig
from bnviz.core.smoothness.measure import Measure
from bnviz.core.smoothness.scales import ScalesConfig
from bnviz.core.smoothness.stability import StabilityConfig
from bnviz.core.training.cost import BASIS_BYTES, CHUNK_BYTES, FEWEST, Sizes
from bnviz.core.training.snapshots import PROBE_ROWS
from bnviz.core.types import NETS

#: Of points that run together: bnviz.core.curvature.problem.POINT_BYTES.
POINT_BYTES = 2**23
#: Of the points of a path that are kept: bnviz.core.smoothness.planes.
PATH_POINTS, PATH_BYTES = 100, 2**26
#: A Hessian with more rows is not built: bnviz.core.curvature.traces.
DENSE_LIMIT = 2000
#: The fewest probes of a trace: bnviz.core.curvature.traces.
FEWEST_PROBES = 32
#: Vectors of Lanczos's basis, as a rule, where they have room.
VECTORS = 60


class Nets:
    """Sizes of what is measured, in bytes, and how long a gradient takes."""

    def __init__(
        self, training: TrainConfig, rows: int, features: int, mode: BnMode = "train"
    ) -> None:
        self.sizes = sizes = Sizes(training, rows, features)
        self.parameters, self.seeds = sizes.parameters, sizes.seeds
        self.depth, self.width = sizes.depth, sizes.width
        self.activation = training.network.activation
        self.rows = min(PROBE_ROWS, sizes.train)
        norm: Norm = training.network.norm
        folded = mode == "eval" and norm in OVER_ROWS  # into the weights: as if there were none
        self.norms: tuple[Norm, Norm] = ("none" if folded else norm, "none")
        self.state = 4.0 * 6 * self.seeds * self.parameters

    def chunk(self, itemsize: int, rows: int = 0) -> int:
        """Points that run together, on so many rows or those of a measure."""
        most = POINT_BYTES // (itemsize * self.parameters)
        fast = CHUNK_BYTES // ((rows or self.rows) * self.width * itemsize)
        return max(1, min(most, fast))

    def layers(self, copies: float, points: int, itemsize: int) -> float:
        """So many copies of all layers' activations of so many points, and the points."""
        activations = copies * self.depth * self.width * self.rows
        return itemsize * points * (activations + 8 * self.parameters)

    def product(self) -> float:
        """A product with the Hessian, as many as run together."""
        return self.layers(14, max(1, self.chunk(8) // 2), 8)

    def lanczos(self, nets: int = 1) -> float:
        """The basis of the ends of so many spectra."""
        room = max(FEWEST, BASIS_BYTES // (8 * nets * self.parameters))
        return 8.0 * nets * self.parameters * (min(room, VECTORS) + FEWEST)

    def sums(self, probes: int) -> float:
        """Of a trace: the images of the probes, and their orthonormal basis."""
        return 8.0 * self.parameters * 3.5 * self.kept(probes)

    def kept(self, probes: int) -> int:
        """The images of so many probes that are kept."""
        room = max(FEWEST, BASIS_BYTES // (4 * 8 * self.parameters))
        return min(max(probes, FEWEST_PROBES), room, self.parameters)


def _spectrum(measure: ExtremesConfig | GapConfig | DensityConfig, nets: Nets) -> float:
    return max(nets.lanczos(), nets.sums(measure.probes)) + nets.product()


def _density(measure: DensityConfig, nets: Nets) -> float:
    if nets.parameters > DENSE_LIMIT:
        return max(_spectrum(measure, nets), float(BASIS_BYTES) + nets.product())
    group = max(1, min(nets.chunk(8) // 2, measure.probes))
    basis = 8.0 * nets.parameters * group * min(measure.steps, nets.parameters)
    return max(8.0 * 4 * nets.parameters**2, basis) + nets.product()


def _along(measure: AlongConfig, nets: Nets) -> float:
    batch = nets.sizes.batch
    moved = 8.0 * nets.chunk(8, batch) * (4 * nets.depth * nets.width * batch + 6 * nets.parameters)
    return 8.0 * 4 * nets.seeds * nets.parameters + moved


def _landscape(measure: LandscapeConfig, nets: Nets) -> float:
    lines = 4.0 * nets.parameters * (2 + measure.lines)
    planes = len(NETS) * lines + 3 * lines
    if measure.plane == "path":
        planes += len(NETS) * PATH_BYTES + 3 * 2 * PATH_BYTES
    if measure.plane == "eigen":
        planes += nets.lanczos()
    return planes + nets.layers(3, 2 * nets.chunk(4), 4) + nets.product()


def _scales(measure: ScalesConfig, nets: Nets) -> float:
    drawn = 8.0 * nets.parameters * measure.probes
    return (len(NETS) + 1) * drawn + nets.layers(4, nets.chunk(8), 8) + nets.product()


def _stability(measure: StabilityConfig, nets: Nets) -> float:
    together = min(nets.seeds, nets.chunk(4))
    points = 4.0 * 12 * nets.seeds * nets.parameters
    return points + nets.lanczos(together) + nets.layers(14, together, 4)


#: What each measure holds at its peak, in bytes, beside the nets themselves.
HELD: dict[type[Measure], Callable[..., float]] = {
    ExtremesConfig: _spectrum,
    GapConfig: _spectrum,
    DensityConfig: _density,
    AlongConfig: _along,
    LandscapeConfig: _landscape,
    ScalesConfig: _scales,
    StabilityConfig: _stability,
}
