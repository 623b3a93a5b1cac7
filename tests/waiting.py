"""Waiting for what threads, processes and servers do."""

import time
from collections.abc import Callable

from bnviz.store import Run, open_store

#: Seconds that a test waits for anything: what takes longer hangs. A busy machine takes its time.
PATIENCE = 600.0


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def known(run_id: str) -> Run:
    """What the history knows of a run."""
    run = open_store().run(run_id)
    assert run is not None
    return run


def ended(run_id: str) -> Run:
    """The run, once it is over."""
    wait_for(lambda: not known(run_id).active)
    return known(run_id)
