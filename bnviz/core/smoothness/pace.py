"""How often a measure reports."""

from time import perf_counter

#: A progress bar moves, and figures grow, at least this often where work allows.
SECONDS = 0.25


class Pace:
    """A clock: :meth:`due` says yes when `seconds` have passed since it last did."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._last = perf_counter()

    def due(self) -> bool:
        """Whether it is time to report."""
        now = perf_counter()
        if now - self._last < self._seconds:
            return False
        self._last = now
        return True
