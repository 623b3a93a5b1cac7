"""Who is next, fairly: those who wait take turns, and what one of them asked for stays in order."""

from collections import OrderedDict, deque
from collections.abc import Hashable
from itertools import chain, zip_longest
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """Items that wait, each by its owner; no owner comes twice while another waits."""

    def __init__(self) -> None:
        self._owners: OrderedDict[Hashable, deque[T]] = OrderedDict()

    def add(self, owner: Hashable, item: T) -> None:
        """The item waits from now on, as its owner's last."""
        self._owners.setdefault(owner, deque()).append(item)

    def take(self) -> T:
        """The next item, which waits no more; raises StopIteration if none waits."""
        owner, items = next(iter(self._owners.items()))
        item = items.popleft()
        if items:
            self._owners.move_to_end(owner)
        else:
            del self._owners[owner]
        return item

    def __len__(self) -> int:
        return sum(map(len, self._owners.values()))

    def order(self) -> list[T]:
        """All items, in the order in which they will be taken."""
        rounds = zip_longest(*([(item,) for item in items] for items in self._owners.values()))
        return [item for turn in rounds for item in chain(*filter(None, turn))]
