"""All eigenvalues of both nets' Hessians as two densities on one axis."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from bnviz.core.configs import BnMode, SeedIndex
from bnviz.core.fields import doubling, stops
from bnviz.core.memory import BASIS_BYTES, DENSE_LIMIT, FEWEST_VECTORS
from bnviz.core.nets.norms.names import Norm
from bnviz.core.smoothness.costs.nets import STEP, Nets
from bnviz.core.smoothness.measure import Gradients, Measure, Progress, Throttle, which
from bnviz.core.training.cost import BASIS, Cost
from bnviz.core.types import NETS, Floats, StopFlag, check
from bnviz.core.verdict import Verdict

if TYPE_CHECKING:
    from bnviz.core.smoothness.subject import Subject

#: Products with the Hessian that the largest eigenvalue and the sum of squares take, about.
PRODUCTS = 160

#: Seconds of a dense spectrum, each parameter cubed.
DENSE = 8e-11
#: On the axis, even where one net is 1e11 times as sharp as the other.
PLACES = 1000

#: An eigenvalue rules that makes more than this share of the sum of all squares.
RULES = 0.5


@dataclass(frozen=True)
class NetDensity:
    """One net's spectral density on the common grid, smoothed by a Gaussian of the grid's width."""

    mean: Floats
    """(G,) density over asinh(eigenvalue / unit): it integrates to 1 over that axis."""
    error: Floats
    """(G,) standard error over the probes; 0 where the spectrum is exact."""
    exact: Floats
    """(n,) all eigenvalues, ascending, where the net is small; else (0,)."""
    quadrature: Floats
    """(G,) the quadrature's mean, also where `mean` is from the exact spectrum."""
    quadrature_error: Floats
    """(G,) its standard error over the probes, also where `error` is 0."""
    near_zero: float
    """Share of the eigenvalues within `unit` of 0."""
    negative: float
    """Share of the eigenvalues below -`unit`."""
    largest: float
    """The largest |eigenvalue|."""
    top: float
    """Its share of the sum of all squared eigenvalues: 1 if there is no other, 1 / n if all are
    alike. Exact where the spectrum is."""
    top_low: float = 0.0
    """Where the 95 % confidence interval of `top` begins ..."""
    top_high: float = 1.0
    """... and ends."""
    band: float = 1.96
    """Standard errors in half a 95 % interval of `quadrature`: Student's t for its probes."""


@dataclass(frozen=True)
class Density:
    """Both nets on one axis."""

    grid: Floats
    """(G,) eigenvalues, ascending, evenly spaced in asinh(eigenvalue / unit)."""
    unit: float
    """Where the axis turns from linear to logarithmic."""
    bn: NetDensity
    plain: NetDensity


#: How the share of the largest eigenvalue is told.
Share = Literal["smoothness.density.exact", "smoothness.density.interval"]

#: What the verdict can be.
Key = Literal["neither", "bn", "plain", "both", "open", "bulk", "unknown"]


class DensityConfig(Measure):
    """The whole spectrum of one net each: exact where it is small, else by quadrature."""

    result: ClassVar = Density
    kind: Literal["density"] = "density"
    bn_mode: BnMode = "eval"
    net: SeedIndex = 0
    probes: int = stops(16, doubling(2, 64))
    steps: int = stops(80, (8, 10, 20, 40, 50, 80, 100, 150, 200))

    def gradients(self, parameters: int, rows: int, seeds: int) -> Gradients:
        """A product for each step of every probe; Lanczos; three products a probe for the sum."""
        products = self.probes * self.steps + PRODUCTS
        return Gradients(len(NETS) * 2 * products, parameters, rows)

    def cost(self, nets: Nets) -> Cost:
        """A quadrature, and what is exact, or known of the largest eigenvalue and the sums."""
        size, together = nets.parameters, max(1, nets.chunk(8) // 2)
        seconds = sum(self._seconds(nets, norm, together) for norm in nets.norms)
        kept = PLACES + len(NETS) * (4 * PLACES + 8)
        if size > DENSE_LIMIT:
            held = max(nets.ends_or_sums(self.probes), float(BASIS_BYTES) + nets.product())
            return Cost(held, seconds, 8.0 * kept)
        basis = 8.0 * size * max(1, min(together, self.probes)) * min(self.steps, size)
        held = max(8.0 * 4 * size**2, basis) + nets.product()
        return Cost(held, seconds, 8.0 * (kept + len(NETS) * size))

    def _seconds(self, nets: Nets, norm: Norm, together: int) -> float:
        """Of one net, `together` products with whose Hessian run fastest."""
        size, probes = nets.parameters, self.probes
        steps = min(self.steps, size, max(FEWEST_VECTORS, BASIS_BYTES // (8 * size)))
        some = min(together, probes, max(1, BASIS_BYTES // (8 * size * steps)))
        seconds = nets.products(norm, probes * steps, some)
        seconds += -(-probes // some) * steps * STEP + probes * steps**2 * size * BASIS
        if size > DENSE_LIMIT:
            return seconds + nets.search(norm) + nets.traces(norm, probes)
        return seconds + nets.products(norm, size, together) + DENSE * size**3

    def work(self, subject: "Subject", should_stop: StopFlag) -> Iterator[Progress]:
        """Every eigenvalue first, where a net is small, then the quadrature, some probes at a time.

        A part of the progress is one product with a Hessian.
        """
        from bnviz.core.smoothness.spectra import NetSpectrum, density

        nets = [NetSpectrum(self, subject, name) for name in NETS]
        total, throttle = sum(net.parts for net in nets), Throttle()

        def progress() -> Progress:
            return Progress(sum(net.done for net in nets), total, density(*nets))

        for net in nets:
            for _ in net.exactly(should_stop):
                check(should_stop)
                if throttle.due():
                    yield Progress(sum(net.done for net in nets), total)
        yield progress()
        for _ in zip_longest(*(net.roughly(should_stop) for net in nets)):
            check(should_stop)
            if throttle.due():
                yield progress()
        yield progress()

    def verdicts(self, result: Density) -> tuple[Verdict[Key], ...]:
        """Whether one eigenvalue rules: it makes more than RULES of the sum of all squares.

        "both", "neither"; "bn", "plain": in that net alone; "open": an interval of the share
        reaches across RULES; "unknown": a net is not finite, or nothing is known of it yet.
        Then where the other eigenvalues are, "bulk".
        """
        values: dict[str, Any] = {}
        bulk = {"unit": result.unit}
        rules, known = [], True
        for name in NETS:
            net: NetDensity = getattr(result, name)
            if not np.isfinite(net.top):
                return (Verdict("unknown"),)
            low, high = (net.top, net.top) if net.exact.size else (net.top_low, net.top_high)
            known &= low > RULES or high <= RULES
            rules += [name] if low > RULES else []
            interval = {"share": net.top, "low": low, "high": high}
            share: Share = "smoothness.density.interval"
            if net.exact.size:
                share = "smoothness.density.exact"
            values |= {f"{name}_largest": net.largest, f"{name}_share": Verdict(share, interval)}
            bulk |= {f"{name}_near_zero": net.near_zero, f"{name}_negative": net.negative}
        return Verdict(which(rules) if known else "open", values), Verdict("bulk", bulk)
