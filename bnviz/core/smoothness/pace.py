"""How often a measure reports."""

from time import perf_counter

#: A progress bar moves, and figures grow, about as often, where the work allows.
SECONDS = 0.25


class Pace:
    """A clock: :meth:`due` says yes when SECONDS have passed since it last did."""

    def __init__(self) -> None:
        self._last = perf_counter()

    def due(self) -> bool:
        """Whether it is time to report."""
        now = perf_counter()
        if now - self._last < SECONDS:
            return False
        self._last = now
        return True
