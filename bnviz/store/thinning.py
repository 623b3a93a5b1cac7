"""What is kept when all of it would be too much: of one run, and of the whole history.

Of one run: model states up to STATE_BYTES, evenly spread. Of the history, looked at whenever a
run is launched: runs are deleted for good RESTORABLE seconds after they were deleted; and where
all runs together keep more than :func:`budget`, the oldest first lose all model states but the
newest, and if that is not enough, they go; deleted ones before all others. Pinned runs, runs at
work and runs that ended less than SPARED seconds ago stay whole, as long as nobody deletes them:
what they keep has an end too, in all and for each visitor (QUOTAS), past which none is launched.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bnviz.core.training.snapshots import STATE_BYTES as STATE_BYTES
from bnviz.environment import number
from bnviz.store.errors import Code

#: Seconds in which a deleted run can be brought back.
RESTORABLE = 7 * 24 * 3600.0
#: Seconds after its end in which a run is not thinned.
SPARED = 24 * 3600.0
#: The variables that say how many GB runs keep together, and one visitor's that are not thinned,
#: and what they may where it is not set.
QUOTAS: Mapping[Code, tuple[str, float]] = {
    "runs_full": ("BNVIZ_HISTORY_GIGABYTES", 4.0),
    "runs_of_visitor": ("BNVIZ_HISTORY_VISITOR_GIGABYTES", 1.0),
}


def gigabytes(code: Code = "runs_full") -> float:
    """How much all runs together may keep, or those of one visitor that are not thinned."""
    return max(0.0, number(*QUOTAS[code]))


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
