"""The spectra of :mod:`bnviz.core.smoothness.density`: what is known of each, on one axis."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import stdtrit

from bnviz.core.curvature.density import (
    Nodes,
    joined,
    of_eigenvalues,
    quadratures,
    smoothed,
    steps_taken,
)
from bnviz.core.curvature.extremes import problem_extremes
from bnviz.core.curvature.problem import Problem
from bnviz.core.curvature.traces import dense_rows, eigenvalues, symmetric, traces
from bnviz.core.memory import DENSE_LIMIT
from bnviz.core.smoothness.density import PRODUCTS, Density, DensityConfig, NetDensity
from bnviz.core.smoothness.subject import Subject
from bnviz.core.types import Floats, StopFlag

#: The axis turns logarithmic at this share of the flatter net's largest |eigenvalue|: about
#: as far as some dozens of Lanczos steps can tell eigenvalues apart.
TURN = 0.01

#: Standard deviation of the smoothing, on the axis asinh(eigenvalue / unit) ...
WIDTH = 0.2

#: ... and the spacing of the grid, on which sums are integrals to many digits.
SPACING = WIDTH / 3


@dataclass(frozen=True)
class Top:
    """What is known of one net's largest |eigenvalue|; fields as in NetDensity."""

    size: float = float("nan")
    share: float = float("nan")
    low: float = 0.0
    high: float = 1.0


class NetSpectrum:
    """What is known of one net so far."""

    def __init__(self, config: DensityConfig, subject: Subject, name: str) -> None:
        self.config = config
        self.problem = subject.problem(name, config.bn_mode, config.net)
        self.alive = bool(subject.alive(name)[config.net])
        self.small = self.problem.size <= DENSE_LIMIT
        self.exact = np.empty(0)
        self.top = Top()
        self.nodes: list[Nodes] = []
        self.done = 0
        self.parts = config.probes * steps_taken(self.problem, config.steps)
        self.parts += self.problem.size if self.small else PRODUCTS
        if not self.alive:
            self.done = self.parts

    def exactly(self, should_stop: StopFlag) -> Iterator[None]:
        """What needs no random vector: the spectrum of a small net, the top of a large one."""
        if self.alive and self.small:
            yield from self._every_eigenvalue()
        elif self.alive:
            self.top = _largest(self.problem, self.config, should_stop)
            self.done += PRODUCTS
            yield

    def _every_eigenvalue(self) -> Iterator[None]:

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

    def known(self) -> Nodes | None:
        """The best that is known of the spectrum; None for nothing."""
        if len(self.exact):
            return of_eigenvalues(self.exact)
        return joined(self.nodes) if self.nodes else None


def density(bn: NetSpectrum, plain: NetSpectrum) -> Density:
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


def _on_grid(net: NetSpectrum, grid: Floats, unit: float) -> NetDensity:
    mean = error = rough = rough_error = np.full(len(grid), np.nan)
    known, band = net.known(), float("nan")
    if net.nodes:
        probes = smoothed(joined(net.nodes), grid, unit, WIDTH)
        mean = rough = probes.mean(0)
        if len(probes) > 1:
            error = rough_error = probes.std(0, ddof=1) / np.sqrt(len(probes))
            band = float(stdtrit(len(probes) - 1, 0.975))
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
        band=band,
    )


def _exact_top(eigenvalues: Floats) -> Top:
    largest = float(np.abs(eigenvalues).max())
    share = 1 / float(((eigenvalues / largest) ** 2).sum()) if largest > 0 else float("nan")
    return Top(largest, share, share, share)


def _largest(problem: Problem, config: DensityConfig, should_stop: StopFlag) -> Top:
    """The largest |eigenvalue| by Lanczos over the sum of squares by Hutch++ with its interval."""
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
