"""At which learning rate does full-batch gradient descent become unstable?

On a quadratic loss, where the rate exceeds 2 over the largest eigenvalue of the Hessian,
the sharpness; on others that is a prediction (Cohen et al. 2021, section 2). All starts go
in lockstep as one tensor program. Works in the precision, mode and device of the problem;
memory: about five parameter sets a start.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bnviz.core.curvature.extremes import sharpest
from bnviz.core.curvature.problem import Problem
from bnviz.core.nets.chunks import keep_freed_memory
from bnviz.core.types import Float, StopFlag, check, never

#: Every trial begins a little up the steepest wall: at the distance where the curvature
#: along it alone makes the loss larger by this share.
KICK = 0.01


#: The bracket is looked for in steps of this factor, so many at most.
WIDER = 2.0
_MOST = 30


@dataclass(frozen=True)
class Trials:
    """P descents, as far as they have come."""

    stable: Tensor
    """(P,) whether none of the steps so far was unstable."""
    ends: Tensor
    """(P, n) where they are; an unstable one stays where it became so."""
    share: float
    """How much of the work is done."""


@dataclass(frozen=True)
class Bracket:
    """Where the thresholds of S starts are known to be; NaN where no trial says it yet."""

    stable: Tensor
    """(S,) the largest rate found stable."""
    unstable: Tensor
    """(S,) the smallest found unstable."""
    ends: Tensor
    """(S, n) where the trial at `stable` ended; the start, if there was none."""
    share: float
    """How much of the work is done, about."""

    @property
    def threshold(self) -> Tensor:
        """(S,) the geometric mean of both rates."""
        return (self.stable * self.unstable).sqrt()


def kicked(
    problem: Problem,
    points: Float[Tensor, "p n"],
    sharpness: Float[Tensor, " p"],
    vectors: Float[Tensor, "p n"],
) -> Float[Tensor, "p n"]:
    """The `points` moved up along their sharpest directions, as KICK says.

    So a trial has weight on the direction in which it would become unstable, however little
    the point itself has, and rounding cannot lift the loss above that of the start.
    """
    losses, gradient = problem.losses_at(points).abs(), problem.gradients_at(points)
    uphill = torch.where((gradient * vectors.to(points)).sum(1) < 0, -1.0, 1.0).to(points)
    distance = (2 * KICK * losses / sharpness.to(points)).sqrt()
    # Where the loss is next to 0, that would drown in rounding, and be no kick.
    eps, reach = torch.finfo(points.dtype).eps, 1 + torch.linalg.vector_norm(points, dim=1)
    seen = distance.isfinite() & (distance > 16 * eps * reach)
    distance = torch.where(seen, distance, eps**0.5 * reach)
    return points + (uphill * distance)[:, None] * vectors.to(points)


def trials(
    problem: Problem, starts: Float[Tensor, "p n"], rates: Float[Tensor, " p"], steps: int
) -> Iterator[Trials]:
    """Gradient descent from each of `starts` at its own of `rates`, step by step.

    **Unstable** is a descent whose loss, within so many `steps`, rises above that of its start
    or is not finite. On a quadratic loss that is nowhere negative every rate up to
    2 / sharpness is stable. The last of what this yields is the outcome.
    """
    keep_freed_memory()
    points, stable = starts.clone(), torch.ones_like(rates, dtype=torch.bool)
    parts = list(range(0, len(points), problem.chunk))
    for index, first in enumerate(parts):
        part = slice(first, first + problem.chunk)
        chunk = _descend(problem, points[part], rates[part].to(points), stable[part], steps)
        for step in chunk:
            yield Trials(stable, points, (index + step / steps) / len(parts))
    yield Trials(stable, points, 1.0)


def _descend(
    problem: Problem, points: Tensor, rates: Tensor, stable: Tensor, steps: int
) -> Iterator[int]:
    """Moves `points` and clears what is not `stable`, both in place; yields the steps done."""
    limits = problem.losses_at(points)
    stable &= limits.isfinite()
    falling = stable.clone()  # a descent that has diverged goes no further
    for step in range(1, steps + 1):
        going = falling.nonzero().squeeze(1)
        if not len(going):
            return
        here = points[going]
        here = here - rates[going, None] * problem.gradients_at(here)
        points[going] = here
        losses = problem.losses_at(here)
        stable[going] = losses <= limits[going]
        falling[going] = stable[going] & losses.isfinite()
        yield step


def thresholds(
    problem: Problem,
    starts: Float[Tensor, "s n"],
    guesses: Float[Tensor, " s"],
    *,
    steps: int,
    halvings: int,
) -> Iterator[Bracket]:
    """Brackets that narrow, from `starts`, step by step; the last one is the narrowest.

    First each start's threshold is bracketed in steps of WIDER from its guess, by 2^30
    at most, then the bracket is halved in log rate, `halvings` times. A guess that is not a
    positive number has no trials. Trials above a threshold need not all be unstable on a
    loss that is not quadratic: what is found is one rate where they begin to be.

    For starts that were :func:`kicked`, the threshold found on a quadratic loss that is
    nowhere negative is at least 2 / sharpness, and larger by a share of
    (101^(1 / (2 steps)) - 1) / 2 at most (1.2 % for 100 steps): the time that instability
    takes to show in the loss. From the minimum it is 2 / sharpness, up to the bracket.
    """
    search = _Search(starts, guesses, halvings)
    while (turn := search.turn()).any():
        for trial in trials(problem, starts[turn], search.rates[turn], steps):
            if trial.share < 1:
                yield search.bracket(trial.share)
        search.take(turn, trial)
        yield search.bracket()


def threshold(problem: Problem, *, steps: int, halvings: int) -> tuple[float, float]:
    """2 / sharpness at a problem's own point, infinite where it is not positive, and the threshold
    measured from there: infinite where all trials were stable, NaN where none was.
    """
    start = problem.point
    sharpness, vector = sharpest(problem, start, tolerance=1e-4)  # right to some 1e-8
    predicted = torch.where(sharpness > 0, 2 / sharpness, torch.inf)
    predicted = torch.where(sharpness.isnan(), torch.nan, predicted)
    norm, slope = (
        torch.linalg.vector_norm(each, dim=1) for each in (start, problem.gradients_at(start))
    )
    guess = torch.where(slope > 0, (1 + norm) / slope, 1.0)
    guess = torch.where(predicted.isinf(), guess, predicted)
    starts, measured = kicked(problem, start, sharpness, vector), torch.nan
    for bracket in thresholds(problem, starts, guess, steps=steps, halvings=halvings):
        only_stable = bracket.share == 1 and bool(
            bracket.unstable.isnan() & ~bracket.stable.isnan()
        )
        measured = torch.inf if only_stable else float(bracket.threshold)
    return float(predicted), measured


class _Search:
    """Every start's own search; rates are float64."""

    def __init__(self, starts: Tensor, guesses: Tensor, halvings: int) -> None:
        self.rates = guesses.double()
        self.stable = torch.full_like(self.rates, torch.nan)
        self.unstable = self.stable.clone()
        self.ends = starts.clone()
        self.left = torch.full_like(self.rates, halvings)
        self.widenings = torch.zeros_like(self.rates)
        self.halvings = halvings
        self.possible = (self.rates > 0) & self.rates.isfinite()

    def turn(self) -> Tensor:
        """(S,) whose search goes on."""
        return self.possible & (self.left > 0) & (self.widenings <= _MOST)

    def take(self, turn: Tensor, outcome: Trials) -> None:
        """What the trials of those whose turn it was have shown; sets the next rates."""
        halved = self.known & turn
        which = turn.nonzero().squeeze(1)
        good, bad = which[outcome.stable], which[~outcome.stable]
        self.stable[good], self.unstable[bad] = self.rates[good], self.rates[bad]
        self.ends[good] = outcome.ends[outcome.stable]
        self.left[halved] -= 1
        self.widenings[turn & ~halved] += 1
        middle = (self.stable * self.unstable).sqrt()
        wider = torch.where(self.unstable.isnan(), self.rates * WIDER, self.rates / WIDER)
        self.rates = torch.where(self.known, middle, wider)

    @property
    def known(self) -> Tensor:
        """(S,) whose threshold is bracketed."""
        return ~(self.stable.isnan() | self.unstable.isnan())

    def bracket(self, share: float = 0.0) -> Bracket:
        """With `share` of the next round's work done."""
        turn = self.turn()
        if not turn.any():
            return Bracket(self.stable.clone(), self.unstable.clone(), self.ends.clone(), 1.0)
        # Two rounds to find the bracket are the rule; there may be more.
        halved = self.halvings - float(self.left[turn].max())
        rounds = 2 + halved + share
        if not halved:
            rounds = min(2.0, float(self.widenings[turn].max()) + share)
        done = rounds / (2 + self.halvings)
        stable, unstable = self.stable.clone(), self.unstable.clone()
        return Bracket(stable, unstable, self.ends, min(done, 0.99))


def descents(
    problem: Problem,
    start: Float[Tensor, " n"],
    rates: Float[Tensor, " c"],
    moments: Sequence[int],
    *,
    should_stop: StopFlag = never,
) -> Iterator[tuple[Float[Tensor, " c"], Float[Tensor, " c"]]]:
    """Losses and sharpness of gradient descent from `start` at `rates`; raises Stopped.

    At each of `moments`, steps in ascending order. NaN from where the
    numbers are no longer finite. In training, sharpness tends to rise until it is at
    2 / rate, and to stay there (Cohen et al. 2021, section 3).
    """
    points = start.expand(len(rates), -1).clone()
    steps, vectors = 0, None
    for moment in moments:
        while steps < moment:
            check(should_stop)
            parts = [problem.gradients_at(part) for part in torch.split(points, problem.chunk)]
            points -= rates[:, None].to(points) * torch.cat(parts)
            steps += 1
        values, vectors = sharpest(problem, points, start=vectors, should_stop=should_stop)
        parts = [problem.losses_at(part) for part in torch.split(points, problem.chunk)]
        losses = torch.cat(parts).double()
        finite = losses.isfinite()
        yield torch.where(finite, losses, torch.nan), torch.where(finite, values, torch.nan)
