"""Calls in processes of their own, kept warm: an Executor that can end a call at any moment.

So no call slows the server, takes its memory or brings it down, and none survives it: a
process that hears no more of the server ends by itself. A process makes one call at a time.
"""

import atexit
import pickle
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

from bnviz import children
from bnviz.jobs.bounds.turns import Turns
from bnviz.jobs.process import FAREWELL_SECONDS

#: How often a call at work is looked at.
LOOK_SECONDS = 0.1

P = ParamSpec("P")
T = TypeVar("T")


class Ended(Exception):
    """The process was ended before its call was; `reason` is "died", or why it had to go."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Engine(Executor):
    """Makes up to `size` calls at once; the others wait for their turn.

    What is called, with what, and what comes of it is pickled. A callable may have a method
    `overdue`: it is asked here, again and again while its call is at work, and as soon as it
    returns a reason the process is ended and the future raises :class:`Ended` of that reason.
    It may have an `owner`: owners take turns, and the calls of one are made in order.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._waiting: Turns[tuple[Future[Any], Callable[..., Any], bytes]] = Turns()
        self._threads: set[threading.Thread] = set()
        self._processes: set[_Process] = set()
        self._idle: list[_Process] = []
        self._lock = threading.Lock()
        self.closed = False
        atexit.register(self.shutdown)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """The future of ``fn(*args, **kwargs)``, which a process of its own computes."""
        future: Future[T] = Future()
        call = pickle.dumps((fn, args, kwargs))
        with self._lock:
            if self.closed:
                raise RuntimeError("The engine has been shut down.")
            self._waiting.add(getattr(fn, "owner", None), (future, fn, call))
            if len(self._threads) < self._size:
                thread = threading.Thread(target=self._serve, name="bnviz-engine", daemon=True)
                self._threads.add(thread)
                thread.start()
        return future

    def waiting(self) -> list[Callable[..., Any]]:
        """What will be called, in order."""
        with self._lock:
            return [fn for _, fn, _ in self._waiting.order()]

    def warm_up(self) -> None:
        """Start the processes that calls will need, in the background."""
        with self._lock:
            while len(self._processes) < self._size and not self.closed:
                self._idle.append(self._new())

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = True) -> None:
        """End all processes; calls at work have FAREWELL_SECONDS to put down what they do."""
        with self._lock:
            self.closed = True
            while self._waiting:
                self._waiting.take()[0].cancel()
            processes, threads = list(self._processes), list(self._threads)
        for process in processes:
            process.dismiss()
        last = time.monotonic() + FAREWELL_SECONDS
        for process in processes:
            process.end(max(0.0, last - time.monotonic()))
        for thread in threads:
            thread.join(1.0)  # it still reports how its call ended

    def _serve(self) -> None:
        """Make the calls that wait, one after the other, until there are none."""
        while True:
            with self._lock:
                if not self._waiting:
                    self._threads.discard(threading.current_thread())
                    return
                future, fn, call = self._waiting.take()
            if future.set_running_or_notify_cancel():
                self._make(future, call, getattr(fn, "overdue", lambda: None))

    def _make(self, future: Future[Any], call: bytes, overdue: Callable[[], str | None]) -> None:
        try:
            well, answer = self._answer(call, overdue)
            outcome = pickle.loads(answer)
        except Exception as error:
            well, outcome = False, Ended("left") if self.closed else error
        (future.set_result if well else future.set_exception)(outcome)

    def _answer(self, call: bytes, overdue: Callable[[], str | None]) -> tuple[bool, bytes]:
        process = self._take()
        try:
            answer = process.answer(call, overdue)
        except BaseException:  # nobody waits for its answer any more
            process.end(0)
            with self._lock:
                self._processes.discard(process)
            self.warm_up()  # for the next call
            raise
        with self._lock:
            self._idle.append(process)
        return answer

    def _take(self) -> "_Process":
        """A living process that does nothing."""
        with self._lock:
            while self._idle:
                process = self._idle.pop()
                if process.alive:
                    return process
                process.end(0)
                self._processes.discard(process)
            return self._new()

    def _new(self) -> "_Process":
        process = _Process()
        self._processes.add(process)
        return process


class _Process:
    """A process that runs :func:`bnviz.jobs.process.main`."""

    def __init__(self) -> None:
        start = children.command("bnviz.jobs.process", OMP_NUM_THREADS="1")
        self._popen = subprocess.Popen(**start, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._answers: SimpleQueue[tuple[bool, bytes] | None] = SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._popen.stdout is not None
        with suppress(Exception), self._popen.stdout as answers:  # what is no answer ends it too
            while True:
                self._answers.put(pickle.load(answers))
        self._answers.put(None)

    @property
    def alive(self) -> bool:
        """Whether it can be asked for something."""
        return self._popen.poll() is None

    def answer(self, call: bytes, overdue: Callable[[], str | None]) -> tuple[bool, bytes]:
        """What comes of the call; raises Ended."""
        assert self._popen.stdin is not None
        reason = None
        with suppress(OSError):
            pickle.dump(call, self._popen.stdin)
            self._popen.stdin.flush()
            while (reason := overdue()) is None:
                with suppress(Empty):
                    answer = self._answers.get(timeout=LOOK_SECONDS)
                    if answer is None:
                        break
                    return answer
        raise Ended(reason or "died")

    def dismiss(self) -> None:
        """Let it end by itself, soon."""
        assert self._popen.stdin is not None
        with suppress(OSError):
            self._popen.stdin.close()

    def end(self, patience: float) -> None:
        """End it, after so many seconds by force."""
        try:
            self._popen.wait(patience)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        self.dismiss()
