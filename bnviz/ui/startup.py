"""Imports at the right moment: a first page's before it is asked for, torch after it is painted."""

import importlib
import threading
from functools import cache

#: What every page imports beyond Streamlit itself.
EVERY_PAGE = ("bnviz.ui.cache", "bnviz.ui.figures", "plotly.graph_objs.scatter", "plotly.io")

#: Importing torch holds up everything else for a second or two; the first page goes first,
#: on a busy machine too.
SECONDS_AFTER_FIRST_PAGE = 4.0


def warm_up_now() -> None:
    """When the server starts: what the first page would otherwise wait for."""
    for module in EVERY_PAGE:
        importlib.import_module(module)


@cache
def warm_up_later() -> None:
    """Once in a process, some time after the first page: start the imports in the background."""
    timer = threading.Timer(SECONDS_AFTER_FIRST_PAGE, _warm_up)
    timer.daemon = True
    timer.start()


def _warm_up() -> None:
    from bnviz.jobs import runner

    runner.warm_up()
