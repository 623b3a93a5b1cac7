"""What is kept when all of it would be too much: of one run, and of the whole history.

Of one run: model states up to STATE_BYTES, evenly spread. Of the history, looked at whenever a
run is launched: runs are deleted for good RESTORABLE seconds after they were deleted; and where
all runs together keep more than :func:`budget`, the oldest first lose all model states but the
newest, and if that is not enough, they go. Pinned runs, runs at work and runs that ended less
than SPARED seconds ago stay whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bnviz.environment import number

#: Bytes of model states kept of one run; the newest is kept whatever its size.
STATE_BYTES = 64 * 2**20
#: Seconds in which a deleted run can be brought back.
RESTORABLE = 7 * 24 * 3600.0
#: Seconds after its end in which a run is not thinned.
SPARED = 24 * 3600.0
#: How much all runs together keep unless BNVIZ_HISTORY_GIGABYTES says otherwise.
GIGABYTES = 4.0


def gigabytes() -> float:
    """How much all runs together may keep (BNVIZ_HISTORY_GIGABYTES)."""
    return max(0.0, number("BNVIZ_HISTORY_GIGABYTES", GIGABYTES))


def budget() -> int:
    """The same in bytes."""
    return round(min(gigabytes(), 1e9) * 2**30)


@dataclass(frozen=True)
class Held:
    """The model state of snapshot `index`, taken after `epoch` epochs; `size` in bytes."""

    index: int
    epoch: int
    size: int


def surplus(held: Sequence[Held], budget: int) -> list[Held]:
    """Those of the states, given in order, that have to go so that `budget` bytes hold the rest.

    The first and the newest stay as long as two have room. Of the others that one goes first
    whose neighbours are closest together in epochs, so that what stays is evenly spread.
    """
    kept, gone = list(held), list[Held]()
    while len(kept) > 1 and sum(each.size for each in kept) > budget:
        between = range(1, len(kept) - 1)
        place = min(between, key=lambda i: kept[i + 1].epoch - kept[i - 1].epoch, default=0)
        gone.append(kept.pop(place))
    return gone
