"""Every cache of the screen, in one place.

Configs are frozen and hashable and results are frozen too, so one plain
least-recently-used cache serves all visitors: unlike ``st.cache_data`` it hands
out the result itself instead of a copy, which for a large batch would cost more
than computing it. Arrays are made read-only before they are shared.
"""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

from bnviz.core.data.tables import Table

P = ParamSpec("P")
R = TypeVar("R")


def _seal(result: object) -> None:
    """Make every array in a frozen result read-only."""
    if isinstance(result, np.ndarray):
        result.setflags(write=False)
    elif isinstance(result, (tuple, list)):
        for part in result:
            _seal(part)
    elif is_dataclass(result):
        for field in fields(result):
            _seal(getattr(result, field.name))


def kept(entries: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Remember the last results of a pure function, as many as `entries`, and seal them."""

    def keep(compute: Callable[P, R]) -> Callable[P, R]:
        @lru_cache(maxsize=entries)
        @wraps(compute)
        def sealed(*args: Any, **kwargs: Any) -> R:
            result = compute(*args, **kwargs)
            _seal(result)
            return result

        return sealed  # type: ignore[return-value]

    return keep


def table(digest: str) -> Table | None:
    """A stored user table; None is not kept: it may be stored later."""
    try:
        return _table(digest)
    except LookupError:
        return None


@kept(8)
def _table(digest: str) -> Table:
    from bnviz.store import open_store

    found = open_store().table(digest)
    if found is None:
        raise LookupError(digest)
    return found
