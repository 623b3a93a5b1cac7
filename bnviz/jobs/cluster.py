"""Who trains a sweep's cells: processes of this machine, or the workers of a Dask cluster."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bnviz.jobs.engine import Engine
from bnviz.jobs.sweep import Pool
from bnviz.store import Problem

#: How long a scheduler has to answer, in seconds.
TIMEOUT = 10.0

#: Whose versions decide whether two machines compute the same numbers to the bit.
PACKAGES = ("torch", "numpy", "safetensors", "pydantic")


def schedulers() -> tuple[str, ...]:
    """The addresses of the Dask schedulers that sweeps may go to (BNVIZ_SCHEDULER)."""
    return tuple(os.environ.get("BNVIZ_SCHEDULER", "").split())


def scheduler() -> str | None:
    """The one that they go to where nobody chooses, if there is one."""
    return next(iter(schedulers()), None)


@contextmanager
def pool(address: str | None, workers: int) -> Iterator[Pool]:
    """The cluster whose scheduler has that `address`, else so many processes of this machine.

    Raises Problem: no Dask, no scheduler there, or other versions than here.
    """
    if address is None:
        engine = Engine(workers)
        try:
            yield Pool(engine, workers)
        finally:
            engine.shutdown()
        return
    with _connected(address) as client:
        threads = sum(
            worker["nthreads"] for worker in client.scheduler_info(-1)["workers"].values()
        )
        executor = client.get_executor(pure=False)
        try:
            yield Pool(executor, max(1, threads), gave_up=(_killed_worker(),))
        finally:
            executor.shutdown(wait=False)


def _killed_worker() -> type[Exception]:
    """What Dask raises once several workers have died over one call."""
    from distributed import KilledWorker

    killed: type[Exception] = KilledWorker
    return killed


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    try:
        from distributed import Client
        from distributed.comm.addressing import get_address_host_port
    except ImportError as error:
        raise Problem("no_dask", {}) from error
    try:
        get_address_host_port(address)  # a client without a port would wait for ever when it closes
        client = Client(address, timeout=TIMEOUT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise Problem("no_scheduler", {"scheduler": address}) from error
    try:
        _compare(client)
        yield client
    finally:
        client.close(timeout=2)


def _compare(client: Any) -> None:
    """Refuse workers whose numbers may differ from those of this process."""
    told = client.get_versions(packages=list(PACKAGES))
    ours = told["client"]["packages"]
    for address, worker in told["workers"].items():
        for name in ("python", *PACKAGES):
            theirs = worker["packages"].get(name)
            if theirs != ours[name]:
                values = {"package": name, "ours": str(ours[name]), "theirs": str(theirs)}
                raise Problem("versions_differ", values | {"worker": address})
