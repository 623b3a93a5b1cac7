"""A worker's side of the engine: a process that makes the calls it is sent, until it is left.

Started by :mod:`bnviz.jobs.engine`. Calls come in and answers go out as pickles, through
standard input and output; what a call prints goes to standard error.
"""

import importlib
import os
import pickle
import signal
import sys
import threading
from contextlib import suppress
from queue import SimpleQueue
from typing import BinaryIO

from bnviz.children import limit_memory
from bnviz.core.configs import DataConfig, OptimizerConfig, TrainConfig
from bnviz.core.training.cost import GIGABYTE
from bnviz.jobs.bounds import limits

#: How long a call has to put down its work once nobody waits for its answer any more.
FAREWELL_SECONDS = 3.0

#: Set once the process that asks is gone, or wants this one to go.
leaving = threading.Event()


def main() -> None:
    """Make calls until standard input ends; never returns."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which says goodbye
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    calls: SimpleQueue[bytes | None] = SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, calls), daemon=True).start()
    _step_back()
    _rehearse()
    limit_memory(round(limits.gigabytes() * GIGABYTE))
    while (call := calls.get()) is not None:
        with suppress(OSError):  # nobody reads the answer any more
            answers.write(pickle.dumps(_answer(call)))
            answers.flush()
    os._exit(0)  # without waiting for torch's threads, or for the one that listens


def _step_back() -> None:
    """Pages answer first: beside them this process gets a tenth of a core, of an idle one all.

    Scheduled as idle, it would get a thousandth beside other programs that are at work, which
    is none: a training would not begin. A page answers a millisecond later for it.
    """
    if hasattr(os, "nice"):
        os.nice(10)


def _rehearse() -> None:
    """What a first job would otherwise wait for: imports, torch's own among them."""
    importlib.import_module("bnviz.jobs.runner")
    from bnviz.core.data.preparation import dataset_for
    from bnviz.core.training import train

    config = TrainConfig(data=DataConfig(samples=10), optimizer=OptimizerConfig(epochs=1), seeds=1)
    for _ in train.train(config, dataset_for(config.data, None), leaving.is_set):
        pass


def _listen(stream: BinaryIO, calls: "SimpleQueue[bytes | None]") -> None:
    with suppress(Exception):  # a call too large for the memory that a job may take, for one
        while True:
            calls.put(pickle.load(stream))
    leaving.set()
    calls.put(None)
    leave = threading.Timer(FAREWELL_SECONDS, os._exit, [1])
    leave.daemon = True
    leave.start()


def _answer(call: bytes) -> tuple[bool, bytes]:
    """Whether it went well, and the pickled value, or the exception."""
    try:
        work, args, kwargs = pickle.loads(call)
        return True, pickle.dumps(work(*args, **kwargs))
    except Exception as error:
        try:
            return False, pickle.dumps(error)
        except Exception:
            return False, pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))
