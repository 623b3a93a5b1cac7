"""All eigenvalues of both nets' Hessians as two densities on one axis."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from bnviz.core.configs import BnMode
from bnviz.core.smoothness.measure import (
    NETS,
    Cost,
    Floats,
    Measure,
    Progress,
    StopFlag,
    Throttle,
    which,
)
from bnviz.core.types import check
from bnviz.core.verdict import Verdict

if TYPE_CHECKING:
    from bnviz.core.curvature.density import Nodes
    from bnviz.core.curvature.problem import Problem
    from bnviz.core.smoothness.subject import Subject

#: The axis turns logarithmic at this share of the flatter net's largest |eigenvalue|: about
#: as far as some dozens of Lanczos steps can tell eigenvalues apart.
TURN = 0.01

#: Standard deviation of the smoothing, on the axis asinh(eigenvalue / unit) ...
WIDTH = 0.2

#: ... and the spacing of the grid, on which sums are integrals to many digits.
SPACING = WIDTH / 3

#: Products with the Hessian that the largest eigenvalue and the sum of squares take, about.
_PRODUCTS = 160

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


@dataclass(frozen=True)
class Density:
    """Both nets on one axis."""

    grid: Floats
    """(G,) eigenvalues, ascending, evenly spaced in asinh(eigenvalue / unit)."""
    unit: float
    """Where the axis turns from linear to logarithmic."""
    bn: NetDensity
    plain: NetDensity


#: What the verdict can be.
Key = Literal["neither", "bn", "plain", "both", "open", "bulk", "unknown"]


class DensityConfig(Measure):
    """The whole spectrum of one net each: exact where it is small, else by quadrature."""

    result: ClassVar = Density
    kind: Literal["density"] = "density"
    bn_mode: BnMode = "eval"
    net: int = Field(0, ge=0, le=63)
    probes: int = Field(16, ge=2, le=64)
    steps: int = Field(80, ge=8, le=200)

    def cost(self, parameters: int, rows: int, seeds: int) -> Cost:
        """A product a step of every probe; Lanczos, and three products a probe for the sum."""
        products = self.probes * self.steps + _PRODUCTS
        return Cost(len(NETS) * 2 * products, parameters, rows)

    def work(self, subject: "Subject", should_stop: StopFlag) -> Iterator[Progress]:
        """Every eigenvalue first, where a net is small, then the quadrature, some probes at a time.

        A part of the progress is one product with a Hessian.
        """
        nets = [_Net(self, subject, name) for name in NETS]
        total, throttle = sum(net.parts for net in nets), Throttle()

        def progress() -> Progress:
            return Progress(sum(net.done for net in nets), total, _density(*nets))

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
        values: dict[str, float] = {}
        bulk = {"unit": result.unit}
        rules, known = [], True
        for name in NETS:
            net: NetDensity = getattr(result, name)
            if not np.isfinite(net.top):
                return (Verdict("unknown"),)
            low, high = (net.top, net.top) if net.exact.size else (net.top_low, net.top_high)
            known &= low > RULES or high <= RULES
            rules += [name] if low > RULES else []
            values |= {
                f"{name}_largest": net.largest,
                f"{name}_share": net.top,
                f"{name}_low": low,
                f"{name}_high": high,
            }
            bulk |= {f"{name}_near_zero": net.near_zero, f"{name}_negative": net.negative}
        return Verdict(which(rules) if known else "open", values), Verdict("bulk", bulk)


@dataclass(frozen=True)
class Top:
    """What is known of one net's largest |eigenvalue|; fields as in NetDensity."""

    size: float = float("nan")
    share: float = float("nan")
    low: float = 0.0
    high: float = 1.0


class _Net:
    """What is known of one net so far."""

    def __init__(self, config: DensityConfig, subject: "Subject", name: str) -> None:
        from bnviz.core.curvature.density import steps_taken
        from bnviz.core.curvature.traces import DENSE_LIMIT

        self.config = config
        self.problem = subject.problem(name, config.bn_mode, config.net)
        self.alive = bool(subject.alive(name)[config.net])
        self.small = self.problem.size <= DENSE_LIMIT
        self.exact = np.empty(0)
        self.top = Top()
        self.nodes: list[Nodes] = []
        self.done = 0
        self.parts = config.probes * steps_taken(self.problem, config.steps)
        self.parts += self.problem.size if self.small else _PRODUCTS
        if not self.alive:
            self.done = self.parts

    def exactly(self, should_stop: StopFlag) -> Iterator[None]:
        """What needs no random vector: the spectrum of a small net, the top of a large one."""
        if self.alive and self.small:
            yield from self._every_eigenvalue()
        elif self.alive:
            self.top = _largest(self.problem, self.config, should_stop)
            self.done += _PRODUCTS
            yield

    def _every_eigenvalue(self) -> Iterator[None]:
        import torch

        from bnviz.core.curvature.traces import dense_rows, eigenvalues, symmetric

        rows = []
        for part in dense_rows(self.problem):
            rows.append(part)
            self.done += len(part)
            yield
        values = eigenvalues(symmetric(torch.cat(rows)))
        self.alive = bool(np.isfinite(values).all())
        if self.alive:
            self.exact, self.top = values, _exact_top(values)

    def roughly(self, should_stop: StopFlag) -> Iterator[None]:
        """The quadrature, a group of probes each time."""
        from bnviz.core.curvature.density import quadratures

        config = self.config
        parts = quadratures(self.problem, config.probes, config.steps, config.seed, should_stop)
        for part in parts if self.alive else ():
            self.alive = bool(np.isfinite(part.values).all())
            if not self.alive:
                break
            self.nodes.append(part)
            self.done += part.values.size
            yield
        if not self.alive:
            self.done = self.parts

    def known(self) -> "Nodes | None":
        """The best that is known of the spectrum; None for nothing."""
        from bnviz.core.curvature.density import joined, of_eigenvalues

        if len(self.exact):
            return of_eigenvalues(self.exact)
        return joined(self.nodes) if self.nodes else None


def _density(bn: _Net, plain: _Net) -> Density:
    """Both nets on a common axis that holds all that is known of both."""
    known = [net.known() for net in (bn, plain)]
    values = [nodes.values for nodes in known if nodes is not None]
    unit = _unit(values)
    places = np.arcsinh(np.concatenate([np.zeros(1), *(v.ravel() for v in values)]) / unit)
    low, high = places.min() - 6 * WIDTH, places.max() + 6 * WIDTH
    axis = np.linspace(low, high, int(np.ceil((high - low) / SPACING)) + 1)
    grid = unit * np.sinh(axis)
    return Density(grid, unit, _on_grid(bn, grid, unit), _on_grid(plain, grid, unit))


def _unit(spectra: list[Floats]) -> float:
    """Where the axis turns; 1 where all eigenvalues are 0."""
    largest = [float(np.abs(values).max()) for values in spectra]
    return TURN * min((value for value in largest if value > 0), default=1 / TURN)


def _on_grid(net: _Net, grid: Floats, unit: float) -> NetDensity:
    from bnviz.core.curvature.density import joined, of_eigenvalues, smoothed

    mean = error = rough = rough_error = np.full(len(grid), np.nan)
    known = net.known()
    if net.nodes:
        probes = smoothed(joined(net.nodes), grid, unit, WIDTH)
        mean = rough = probes.mean(0)
        if len(probes) > 1:
            error = rough_error = probes.std(0, ddof=1) / np.sqrt(len(probes))
    if len(net.exact):
        mean = smoothed(of_eigenvalues(net.exact), grid, unit, WIDTH)[0]
        error = np.zeros_like(grid)
    near_zero = negative = float("nan")
    if known is not None:
        weights = known.weights / len(known.weights)
        near_zero = float(weights[np.abs(known.values) <= unit].sum())
        negative = float(weights[known.values < -unit].sum())
    top = net.top
    return NetDensity(
        mean,
        error,
        net.exact,
        rough,
        rough_error,
        near_zero,
        negative,
        largest=top.size,
        top=top.share,
        top_low=top.low,
        top_high=top.high,
    )


def _exact_top(eigenvalues: Floats) -> Top:
    largest = float(np.abs(eigenvalues).max())
    share = 1 / float(((eigenvalues / largest) ** 2).sum()) if largest > 0 else float("nan")
    return Top(largest, share, share, share)


def _largest(problem: "Problem", config: DensityConfig, should_stop: StopFlag) -> Top:
    """The largest |eigenvalue| by Lanczos over the sum of squares by Hutch++ with its interval."""
    from bnviz.core.curvature.extremes import problem_extremes
    from bnviz.core.curvature.traces import traces

    ends = problem_extremes(problem, seed=config.seed, should_stop=should_stop)
    sums = traces(problem, config.probes, config.seed, should_stop=should_stop)
    if not ends.converged[0]:
        return Top()
    largest = float(max(-ends.minimum[0], ends.maximum[0]))
    square, n = largest**2, problem.size
    if not square > 0:
        return Top()
    total, margin = n * sums.mean_square, n * sums.mean_square_margin
    # The sum holds the largest square itself, so it is at least that.
    share, low, high = (square / max(total + by, square) for by in (0.0, margin, -margin))
    return Top(largest, share, low, high)
