"""How long a measure takes, from its config alone."""

import math

from bnviz.core.nets.norms.names import Norm
from bnviz.core.smoothness.along import AlongConfig
from bnviz.core.smoothness.costs.memory import DENSE_LIMIT, FEWEST_PROBES, Nets
from bnviz.core.smoothness.density import DensityConfig
from bnviz.core.smoothness.extremes import ExtremesConfig
from bnviz.core.smoothness.gap import CELLS, GapConfig
from bnviz.core.smoothness.gap import MOMENTS as WHEN
from bnviz.core.smoothness.landscape import DISTANCES, LandscapeConfig
from bnviz.core.smoothness.measure import Measure
from bnviz.core.smoothness.scales import SCALES, ScalesConfig
from bnviz.core.smoothness.stability import MOMENTS, SHARES, StabilityConfig
from bnviz.core.training.cost import BASIS, BASIS_BYTES, FEWEST, START, Kind

#: A product with a Hessian, in units of a training's: written out for nets without a norm or with
#: BN, and for others.
WRITTEN, BACKWARD = 0.45, 0.8
#: Products until Lanczos has the ends of a spectrum to six digits, at a width of 1, and the power
#: of the width that they grow with; until it has the largest again, a little farther.
SEARCH, WIDER, CURVE = 8.0, 0.4, 8
#: Seconds of a step of Lanczos; of a sum, each probe, parameter and vector kept; of a dense
#: spectrum, each parameter cubed.
STEP, SUMS, DENSE = 1e-4, 2e-9, 8e-11
#: Gradients that a look along a step takes; the share of trials' steps that are taken; gradients
#: that a probe taken apart takes, with what rounding makes of it.
LOOK, TRIALS = 1.35, 1.0
APART = {"relu": 5.5, "tanh": 3.1}


def seconds(measure: Measure, nets: "Timed") -> float:
    """Of a measure of these nets, but for what is trained anew."""
    seeds = nets.seeds
    if isinstance(measure, AlongConfig):
        sizes = nets.sizes
        steps = sizes.config.optimizer.epochs * -(-sizes.train // sizes.batch)
        points = seeds * (measure.sizes + 1)
        return LOOK * min(measure.moments, steps) * nets.both("gradient64", points, sizes.batch)
    if isinstance(measure, ExtremesConfig):
        return seeds * sum(nets.spectrum(norm, measure.probes) for norm in nets.norms)
    if isinstance(measure, GapConfig):
        norm, plain = (nets.spectrum(norm, measure.probes) for norm in nets.norms)
        probes = len(CELLS) / 2 * nets.both("gradient64", measure.probes + 1)
        return seeds * len(WHEN) * (4 * norm + 2 * plain + probes)
    if isinstance(measure, DensityConfig):
        return sum(nets.density(norm, measure.probes, measure.steps) for norm in nets.norms)
    if isinstance(measure, LandscapeConfig):
        searches = 2 * sum(map(nets.search, nets.norms)) if measure.plane == "eigen" else 0.0
        return searches + nets.both("loss", measure.points**2 + DISTANCES * measure.lines)
    if isinstance(measure, StabilityConfig):
        return nets.stability(measure.steps, measure.halvings)
    if isinstance(measure, ScalesConfig):
        kinds: tuple[Kind, Kind] = ("gradient64", "gradient")
        apart = sum(nets.both(kind, measure.probes + 1) for kind in kinds)
        return APART[nets.activation] * len(SCALES) * apart
    gradients = measure.cost(nets.parameters, nets.rows, seeds).gradients
    return gradients / 2 * nets.both("gradient64", 1)


class Timed(Nets):
    """How long the parts of measures take."""

    def passes(self, kind: Kind, norm: Norm, count: float, rows: int = 0) -> float:
        """Seconds of so many passes of one net, as many at a time as run fastest."""
        together = self.chunk(4 if kind in ("loss", "gradient") else 8, rows)
        together = max(1, together // 2) if kind == "product" else together
        return self.sizes.passes(kind, norm, count, rows or self.rows, min(together, count))

    def both(self, kind: Kind, count: float, rows: int = 0) -> float:
        """The same of both nets."""
        return sum(self.passes(kind, norm, count, rows) for norm in self.norms)

    def products(self, norm: Norm, count: float, together: float = 1) -> float:
        """Seconds of so many products with the Hessian, whose gradients are written out or not."""
        written = WRITTEN if norm in ("batch", "none") else BACKWARD
        return written * self.sizes.passes("product", norm, count, self.rows, together)

    def search(self, norm: Norm) -> float:
        """Of both ends of a spectrum, to six digits."""
        steps = min(self.parameters, SEARCH * math.pow(self.width, WIDER))
        return (
            START + self.products(norm, steps) + steps * STEP + steps**2 * self.parameters * BASIS
        )

    def traces(self, norm: Norm, probes: int) -> float:
        """Of a trace: its products, and what is orthonormal to what."""
        count, kept = max(probes, FEWEST_PROBES), self.kept(probes)
        together = max(1, self.chunk(8) // 2)
        return (
            self.products(norm, 3 * count, min(together, count))
            + SUMS * self.parameters * kept * count
        )

    def spectrum(self, norm: Norm, probes: int) -> float:
        """Of both ends, of these once more with normalized filters, and of the sums."""
        return 2 * self.search(norm) + self.traces(norm, probes)

    def density(self, norm: Norm, probes: int, steps: int) -> float:
        """Of a quadrature, and of what is exact, or known of the largest eigenvalue."""
        size, together = self.parameters, max(1, self.chunk(8) // 2)
        steps = min(steps, size, max(FEWEST, BASIS_BYTES // (8 * size)))
        together = min(together, probes, max(1, BASIS_BYTES // (8 * size * steps)))
        seconds = self.products(norm, probes * steps, together)
        seconds += -(-probes // together) * steps * STEP + probes * steps**2 * size * BASIS
        if size > DENSE_LIMIT:
            return seconds + self.search(norm) + self.traces(norm, probes)
        return seconds + self.products(norm, size, max(1, self.chunk(8) // 2)) + DENSE * size**3

    def stability(self, steps: int, halvings: int) -> float:
        """Of both nets' trials, most of which end before their last step, and of the curves."""
        trials = TRIALS * (halvings + 2) * steps
        each = sum(self.both(kind, self.seeds) for kind in ("gradient", "loss"))
        seconds = trials * (each + len(self.norms) * STEP)
        seconds += steps * self.both("gradient", len(SHARES))
        for norm in self.norms:
            curve = CURVE * self.sizes.passes("product", norm, len(SHARES), self.rows, len(SHARES))
            seconds += (min(steps, MOMENTS) + 1) * (START + BACKWARD * curve + CURVE * STEP)
            seconds += self.search(norm) * math.sqrt(self.seeds)
        return seconds
