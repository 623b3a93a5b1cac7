"""Sizes of the nets that a measure is of, and how long their passes take: from configs alone."""

import math

from bnviz.core.configs import BnMode, TrainConfig
from bnviz.core.memory import (
    BASIS_BYTES,
    CHUNK_BYTES,
    FEWEST_PROBES,
    FEWEST_VECTORS,
    POINT_BYTES,
)
from bnviz.core.nets.norms.names import OVER_ROWS, Norm
from bnviz.core.training.cost import BASIS, START, Kind, Sizes
from bnviz.core.training.snapshots import PROBE_ROWS

#: Vectors of Lanczos's basis, as a rule, where they have room.
VECTORS = 60
#: A product with a Hessian, in units of a training's: written out for nets without a norm or with
#: BN, and for others.
WRITTEN, BACKWARD = 0.45, 0.8
#: Products until Lanczos has the ends of a spectrum to six digits, at a width of 1, and the power
#: of the width that they grow with.
SEARCH, WIDER = 8.0, 0.4
#: Seconds of a step of Lanczos; of a sum, each probe, parameter and vector kept.
STEP, SUMS = 1e-4, 2e-9


class Nets:
    """Both nets of a training on a table of `rows` x `features`: bytes, and seconds."""

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
        self.state = 4.0 * 6 * self.seeds * self.parameters  # bytes

    def chunk(self, itemsize: int, rows: int = 0) -> int:
        """How many points run together, on so many rows or those of a measure."""
        most = POINT_BYTES // (itemsize * self.parameters)
        fast = CHUNK_BYTES // ((rows or self.rows) * self.width * itemsize)
        return max(1, min(most, fast))

    def layers(self, copies: float, points: int, itemsize: int) -> float:
        """Bytes of so many copies of all layers' activations of so many points, and the points."""
        activations = copies * self.depth * self.width * self.rows
        return itemsize * points * (activations + 8 * self.parameters)

    def product(self) -> float:
        """Bytes of products with the Hessian, as many as run together."""
        return self.layers(14, max(1, self.chunk(8) // 2), 8)

    def lanczos(self, nets: int = 1) -> float:
        """Bytes of the basis of the ends of so many spectra."""
        room = max(FEWEST_VECTORS, BASIS_BYTES // (8 * nets * self.parameters))
        return 8.0 * nets * self.parameters * (min(room, VECTORS) + FEWEST_VECTORS)

    def sums(self, probes: int) -> float:
        """Bytes of a trace: the images of the probes, and their orthonormal basis."""
        return 8.0 * self.parameters * 3.5 * self.kept(probes)

    def kept(self, probes: int) -> int:
        """How many images of so many probes are kept."""
        room = max(FEWEST_VECTORS, BASIS_BYTES // (4 * 8 * self.parameters))
        return min(max(probes, FEWEST_PROBES), room, self.parameters)

    def passes(self, kind: Kind, norm: Norm, count: float, rows: int = 0) -> float:
        """Seconds of so many passes of one net, as many at a time as run fastest."""
        together = self.chunk(4 if kind in ("loss", "gradient") else 8, rows)
        together = max(1, together // 2) if kind == "product" else together
        return self.sizes.passes(kind, norm, count, rows or self.rows, min(together, count))

    def both(self, kind: Kind, count: float, rows: int = 0) -> float:
        """Seconds of so many passes of each of both nets."""
        return sum(self.passes(kind, norm, count, rows) for norm in self.norms)

    def products(self, norm: Norm, count: float, together: float = 1) -> float:
        """Seconds of so many products with the Hessian, whose gradients are written out or not."""
        written = WRITTEN if norm in ("batch", "none") else BACKWARD
        return written * self.sizes.passes("product", norm, count, self.rows, together)

    def search(self, norm: Norm) -> float:
        """Seconds until both ends of a spectrum are known to six digits."""
        steps = min(self.parameters, SEARCH * math.pow(self.width, WIDER))
        return (
            START + self.products(norm, steps) + steps * STEP + steps**2 * self.parameters * BASIS
        )

    def traces(self, norm: Norm, probes: int) -> float:
        """Seconds of a trace: its products, and what is orthonormal to what."""
        count, kept = max(probes, FEWEST_PROBES), self.kept(probes)
        together = max(1, self.chunk(8) // 2)
        return (
            self.products(norm, 3 * count, min(together, count))
            + SUMS * self.parameters * kept * count
        )

    def spectrum(self, norm: Norm, probes: int) -> float:
        """Seconds of both ends, of these once more with normalized filters, and of the sums."""
        return 2 * self.search(norm) + self.traces(norm, probes)

    def ends_or_sums(self, probes: int) -> float:
        """Bytes of one net's ends or of its sums, whichever take more."""
        return max(self.lanczos(), self.sums(probes)) + self.product()
