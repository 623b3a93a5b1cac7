"""The one cache of the screen, shared by all visitors and bounded in bytes.

Configs are frozen and hashable and results are frozen too. Unlike ``st.cache_data`` this hands
out the result itself instead of a copy, which for a large batch would cost more than computing
it. Arrays are made read-only before they are shared.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial, wraps
from hashlib import blake2b
from threading import Condition
from typing import Any, ParamSpec, TypeVar

import numpy as np
from cachetools import LRUCache
from cachetools import cached as kept_in
from cachetools.keys import hashkey

from bnviz.core.data.tables import Table

P = ParamSpec("P")
R = TypeVar("R")

#: Of all results together; a larger one is computed anew each time.
MOST_BYTES = 1 << 30
#: Counted for a result beside its arrays, so that small ones do not add up unseen.
_OVERHEAD = 2048


def _parts(result: object) -> Iterator[Any]:
    """Everything within a result that holds bytes: arrays, tensors."""
    if hasattr(result, "nbytes"):
        yield result
    elif is_dataclass(result):
        for field in fields(result):
            yield from _parts(getattr(result, field.name))
    elif isinstance(result, (tuple, list, Mapping)):
        for part in result.values() if isinstance(result, Mapping) else result:
            yield from _parts(part)


def _size(result: object) -> int:
    return _OVERHEAD + sum(int(part.nbytes) for part in _parts(result))


_RESULTS: LRUCache[Hashable, Any] = LRUCache(MOST_BYTES, _size)
#: Who asks for what somebody else is just computing waits for it.
_COMPUTED = Condition()


def _key(compute: object, *args: Hashable, **kwargs: Hashable) -> Hashable:
    """What a result is remembered by; of an uploaded file its digest, not its bytes."""
    shown = (blake2b(each).digest() if isinstance(each, bytes) else each for each in args)
    return hashkey(compute, *shown, **kwargs)


def cached(compute: Callable[P, R]) -> Callable[P, R]:
    """Remember what a pure function has returned, and make its arrays read-only."""

    @kept_in(_RESULTS, partial(_key, compute), condition=_COMPUTED)
    @wraps(compute)
    def sealed(*args: P.args, **kwargs: P.kwargs) -> R:
        result = compute(*args, **kwargs)
        for part in _parts(result):
            if isinstance(part, np.ndarray):
                part.setflags(write=False)
        return result

    return sealed


def table(digest: str | None) -> Table | None:
    """A stored user table. None is not remembered: the table may be stored later."""
    try:
        return None if digest is None else _table(digest)
    except LookupError:
        return None


@cached
def _table(digest: str) -> Table:
    from bnviz.store import open_store

    stored = open_store().table(digest)
    if stored is None:
        raise LookupError(digest)
    return stored
