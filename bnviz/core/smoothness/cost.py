"""What a measure takes of the machine, from its config alone: before it starts.

As for trainings (:mod:`bnviz.core.training.cost`), whose counts and speeds these are.
"""

from collections.abc import Callable

from bnviz.core.configs import TrainConfig
from bnviz.core.smoothness.along import AlongConfig
from bnviz.core.smoothness.density import DensityConfig
from bnviz.core.smoothness.extremes import ExtremesConfig
from bnviz.core.smoothness.gap import CELLS, GapConfig
from bnviz.core.smoothness.gap import MOMENTS as WHEN
from bnviz.core.smoothness.landscape import LandscapeConfig
from bnviz.core.smoothness.measure import NETS, Measure
from bnviz.core.smoothness.scales import ScalesConfig
from bnviz.core.smoothness.stability import MOMENTS, SHARES, StabilityConfig
from bnviz.core.training.cost import (
    BASIS_BYTES,
    CHUNK_BYTES,
    FEWEST,
    FLOP,
    LAYER,
    PROCESS,
    PRODUCTS,
    Cost,
    Sizes,
)
from bnviz.core.training.cost import cost as training_cost
from bnviz.core.training.snapshots import PROBE_ROWS

#: What takes more is not measured in the server, however quick it is: PROCESS and a good deal more.
LIGHT_BYTES = PROCESS + 300e6
#: Of points that run together: bnviz.core.curvature.problem.POINT_BYTES.
POINT_BYTES = 2**23
#: Of the points of a path that are kept: bnviz.core.smoothness.planes.
PATH_POINTS, PATH_BYTES = 100, 2**26
#: A Hessian with more rows is not built: bnviz.core.curvature.traces.
DENSE_LIMIT = 2000
#: The fewest probes of a trace: bnviz.core.curvature.traces.
FEWEST_PROBES = 32


def cost(measure: Measure, training: TrainConfig, rows: int, features: int) -> Cost:
    """The cost of a measure of the nets of a training on a table of `rows` x `features`."""
    nets = _Nets(training, rows, features)
    seconds = _seconds(measure, nets)
    held = HELD.get(type(measure))
    memory = nets.state + (held(measure, nets) if held else 0.0)
    trained = _trained(measure, training)
    if trained is not None:
        again = training_cost(trained, rows, features)
        times = 2 if isinstance(measure, GapConfig) else 1
        seconds += times * again.seconds
        memory = max(memory + nets.sizes.held(), times * (again.memory - PROCESS))
    return Cost(PROCESS + memory, seconds)


def _seconds(measure: Measure, nets: "_Nets") -> float:
    if isinstance(measure, AlongConfig):
        steps = nets.sizes.config.optimizer.epochs * -(-nets.sizes.train // nets.sizes.batch)
        looks = min(measure.moments, steps) * (measure.sizes + 1)
        return 1.5 * len(NETS) * nets.seeds * looks * nets.gradient(8, nets.sizes.batch)
    if isinstance(measure, ExtremesConfig):
        return len(NETS) * nets.seeds * nets.spectrum(measure.probes)
    if isinstance(measure, GapConfig):
        return 1.3 * len(CELLS) * len(WHEN) * nets.seeds * nets.spectrum(measure.probes)
    if isinstance(measure, DensityConfig):
        return len(NETS) * nets.density(measure.probes, measure.steps)
    gradients = measure.cost(nets.parameters, nets.rows, nets.seeds).gradients
    if isinstance(measure, LandscapeConfig):
        return 0.3 * gradients * nets.gradient(4, nets.rows)  # losses are less still
    if isinstance(measure, StabilityConfig):
        curves = len(NETS) * len(SHARES) * min(measure.steps, MOMENTS)
        return gradients * nets.gradient(4, nets.rows) + curves * nets.search()
    return 1.2 * gradients * nets.gradient(8, nets.rows)


#: What may be made smaller; where none of it saves much, only other nets do.
SMALLER = ("moments", "halvings", "steps", "sizes", "probes", "lines", "points")


def remedy(
    measure: Measure, training: TrainConfig, rows: int, features: int, of: Callable[[Cost], float]
) -> str:
    """The setting of the measure to make smaller, or "nets": those of a smaller training."""

    def left(name: str) -> float:
        least = min(2, getattr(measure, name))
        smaller = measure.model_copy(update={name: max(least, getattr(measure, name) // 2)})
        return of(cost(smaller, training, rows, features))

    now = of(cost(measure, training, rows, features))
    saved = {name: now - left(name) for name in SMALLER if hasattr(measure, name)}
    best = max(saved, key=saved.__getitem__, default="nets")
    return best if saved.get(best, 0.0) > 0.2 * now else "nets"


def _trained(measure: Measure, training: TrainConfig) -> TrainConfig | None:
    """What is trained anew for the measure, if anything is."""
    bare = training.model_copy(
        update={"probes": training.probes.model_copy(update={"checkpoints": 0})}
    )
    if isinstance(measure, GapConfig | AlongConfig):
        return bare
    if isinstance(measure, LandscapeConfig) and measure.plane == "path":
        return bare.model_copy(update={"seeds": 1})
    return None


class _Nets:
    """Sizes of what is measured, in bytes, and how long a gradient takes."""

    def __init__(self, training: TrainConfig, rows: int, features: int) -> None:
        self.sizes = sizes = Sizes(training, rows, features)
        self.parameters, self.seeds = sizes.parameters, sizes.seeds
        self.depth, self.width = sizes.depth, sizes.width
        self.rows = min(PROBE_ROWS, sizes.train)
        self.state = 4.0 * 6 * self.seeds * self.parameters

    def chunk(self, itemsize: int, rows: int = 0) -> int:
        """Points that run together, on so many rows or those of a measure."""
        most = POINT_BYTES // (itemsize * self.parameters)
        fast = CHUNK_BYTES // ((rows or self.rows) * self.width * itemsize)
        return max(1, min(most, fast))

    def gradient(self, itemsize: int, rows: int) -> float:
        """Seconds of one gradient of one net."""
        sizes = self.sizes
        return sizes.slower * sizes.gradient(rows, itemsize, self.chunk(itemsize, rows))

    def times(self, together: int) -> float:
        """Seconds of a product with the Hessian, of so many that run together."""
        return 2 * self.sizes.slower * self.sizes.gradient(self.rows, 8, together)

    def search(self) -> float:
        """Of the ends of one spectrum."""
        return min(PRODUCTS, self.parameters) * (self.times(1) + 0.5 * LAYER)

    def sums_take(self, probes: int) -> float:
        """Of a trace: its products, and what is orthonormal to what."""
        count = max(probes, FEWEST_PROBES)
        kept = self.kept(probes)
        products = 3 * count * self.times(max(1, self.chunk(8) // 2))
        return products + 6 * self.parameters * kept * count * FLOP

    def spectrum(self, probes: int) -> float:
        """Of both ends, of these once more with normalized filters, and of the sums."""
        return 1.2 * self.search() + self.sums_take(probes)

    def density(self, probes: int, steps: int) -> float:
        """Of a quadrature, and of what is exact, or known of the largest eigenvalue."""
        together, steps = max(1, self.chunk(8) // 2), min(steps, self.parameters)
        step = self.times(together) + 0.5 * LAYER / together
        seconds = probes * steps * (step + 8 * self.parameters * steps * FLOP)
        if self.parameters > DENSE_LIMIT:
            return seconds + self.search() + self.sums_take(probes)
        return seconds + self.parameters * self.times(together) + 5 * self.parameters**3 * FLOP

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
        return 8.0 * nets * self.parameters * (min(room, PRODUCTS) + FEWEST)

    def sums(self, probes: int) -> float:
        """Of a trace: the images of the probes, and their orthonormal basis."""
        return 8.0 * self.parameters * 3.5 * self.kept(probes)

    def kept(self, probes: int) -> int:
        """The images of so many probes that are kept."""
        room = max(FEWEST, BASIS_BYTES // (4 * 8 * self.parameters))
        return min(max(probes, FEWEST_PROBES), room, self.parameters)


def _spectrum(measure: ExtremesConfig | GapConfig | DensityConfig, nets: _Nets) -> float:
    return max(nets.lanczos(), nets.sums(measure.probes)) + nets.product()


def _density(measure: DensityConfig, nets: _Nets) -> float:
    if nets.parameters > DENSE_LIMIT:
        return max(_spectrum(measure, nets), float(BASIS_BYTES) + nets.product())
    group = max(1, min(nets.chunk(8) // 2, measure.probes))
    basis = 8.0 * nets.parameters * group * min(measure.steps, nets.parameters)
    return max(8.0 * 4 * nets.parameters**2, basis) + nets.product()


def _along(measure: AlongConfig, nets: _Nets) -> float:
    batch = nets.sizes.batch
    moved = 8.0 * nets.chunk(8, batch) * (4 * nets.depth * nets.width * batch + 6 * nets.parameters)
    return 8.0 * 4 * nets.seeds * nets.parameters + moved


def _landscape(measure: LandscapeConfig, nets: _Nets) -> float:
    lines = 4.0 * nets.parameters * (2 + measure.lines)
    planes = len(NETS) * lines + 3 * lines
    if measure.plane == "path":
        planes += len(NETS) * PATH_BYTES + 3 * 2 * PATH_BYTES
    if measure.plane == "eigen":
        planes += nets.lanczos()
    return planes + nets.layers(3, 2 * nets.chunk(4), 4) + nets.product()


def _scales(measure: ScalesConfig, nets: _Nets) -> float:
    drawn = 8.0 * nets.parameters * measure.probes
    return (len(NETS) + 1) * drawn + nets.layers(4, nets.chunk(8), 8) + nets.product()


def _stability(measure: StabilityConfig, nets: _Nets) -> float:
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
