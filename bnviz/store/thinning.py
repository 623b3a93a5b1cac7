"""Which model states of a run are kept when all of them would be too many."""

from collections.abc import Sequence
from dataclasses import dataclass

#: Bytes of model states kept of one run; the newest is kept whatever its size.
STATE_BYTES = 64 * 2**20


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
