"""What comes of one cell of a sweep: frozen arrays, and their form on disk.

S seeds, M moments. Losses are mean squared errors in squared target units, BN in eval mode.
"""

from dataclasses import dataclass

import numpy as np

from bnviz.core.types import Bools, Floats, each_array

#: At how many moments of a training its losses are taken, the first and the last among them.
MOMENTS = 11


@dataclass(frozen=True)
class NetOutcome:
    """One of the two nets of a cell. A seed that diverged is NaN at the last moment at least."""

    train_loss: Floats
    """(M, S) on the training rows."""
    validation_loss: Floats
    """(M, S) on the held-out rows."""
    accuracy: Floats
    """(S,) R2 at the end: 1 - the loss over that of the held-out rows' own mean; NaN where these
    targets are all alike.
    """
    sharpness: Floats
    """(S,) the largest Hessian eigenvalue at the end, or (0,) where it was not asked for."""
    diverged: Floats
    """(S,) 1 where a loss or a parameter has left the finite numbers, else 0."""

    @property
    def stable(self) -> Bools:
        """(S,) whether a seed has not diverged, and fits its training rows better than at first."""
        learned: Bools = self.train_loss[-1] < self.train_loss[0]  # never, if the last is NaN
        return learned


@dataclass(frozen=True)
class Outcome:
    """Both nets of one cell."""

    epochs: Floats
    """(M,) when the losses were taken."""
    bn: NetOutcome
    plain: NetOutcome

    @property
    def seeds(self) -> int:
        """S, how many seeds each net has."""
        return len(self.bn.diverged)


@dataclass(frozen=True)
class Finished:
    """A cell, by its index, and what came of it, as the history keeps it."""

    cell: int
    outcome: Outcome


def moments(epochs: int) -> list[int]:
    """The epochs, evenly spread from 0 to the last, after which losses are taken."""
    return sorted({round(at) for at in np.linspace(0, epochs, MOMENTS)})


def part(outcome: Outcome, which: slice) -> Outcome:
    """Some of the networks of a stack's outcome."""
    nets = (each_array(lambda array: array[..., which], net) for net in (outcome.bn, outcome.plain))
    return Outcome(outcome.epochs, *nets)
