"""Imports what the next page will need, once the first page has been painted."""

import threading
from functools import cache

#: Importing torch holds up everything else for a second or two; the first page goes first.
SECONDS_AFTER_FIRST_PAGE = 2.0


@cache
def warm_up_later() -> None:
    """Once in a process, some time after the first page: start the imports in the background."""
    timer = threading.Timer(SECONDS_AFTER_FIRST_PAGE, _warm_up)
    timer.daemon = True
    timer.start()


def _warm_up() -> None:
    from bnviz.jobs import runner

    runner.warm_up()
