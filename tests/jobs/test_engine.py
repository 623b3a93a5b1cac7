"""Calls in processes of their own: what comes of them, however they end."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from pathlib import Path

import pytest

from bnviz import children
from bnviz.jobs.engine import Ended, Engine
from tests.jobs import calls
from tests.waiting import PATIENCE, wait_for

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module", autouse=True)
def at_once() -> Iterator[None]:
    """Processes do not wait for torch: no call of these tests is a job."""
    command = children.command
    with pytest.MonkeyPatch.context() as patch:
        unrehearsed = partial(command, "tests.jobs.unrehearsed")
        patch.setattr(children, "command", lambda _, **environment: unrehearsed(**environment))
        yield


@pytest.fixture(scope="module")
def engine(at_once: None) -> Iterator[Engine]:
    """One process, so that whoever calls next gets what the call before has left."""
    with Engine(1) as made:
        yield made


def reason(future: Future[None]) -> str:
    with pytest.raises(Ended) as caught:
        future.result()
    return caught.value.reason


def test_a_warm_process_makes_one_call_after_the_other(engine: Engine) -> None:
    first, second = engine.submit(calls.pid).result(), engine.submit(calls.pid).result()
    assert first == second != os.getpid()


@pytest.mark.skipif(not hasattr(os, "nice"), reason="Windows has no such thing")
def test_a_process_steps_back_for_pages_but_never_starves(engine: Engine) -> None:
    """Not in the class of the idle, which get nothing while other programs are at work."""
    kind, ours = calls.scheduled()
    assert engine.submit(calls.scheduled).result() == (kind, ours + 10)


def test_what_a_call_raises_is_raised_here(engine: Engine) -> None:
    with pytest.raises(KeyError, match="nothing there"):
        engine.submit(calls.fail, "nothing there").result()
    with pytest.raises(Exception, match="pickle"):
        engine.submit(calls.unpicklable).result()
    with pytest.raises(RuntimeError, match="ValueError: odd"):
        engine.submit(calls.fail_strangely).result()


def test_what_a_call_prints_is_no_answer(engine: Engine) -> None:
    assert engine.submit(calls.print_much, 20_000).result() == 20_000


def test_a_call_is_ended_when_it_is_overdue(engine: Engine) -> None:
    before = engine.submit(calls.pid).result()
    assert reason(engine.submit(calls.Sleeper())) == "enough"
    assert engine.submit(calls.pid).result() != before


def test_a_call_that_cannot_be_looked_at_is_ended(engine: Engine) -> None:
    before = engine.submit(calls.pid).result()
    with pytest.raises(ZeroDivisionError):
        engine.submit(calls.Unseen()).result()
    assert engine.submit(calls.pid).result() != before
    assert len(engine._processes) == 1, "none is left behind at work"


def test_a_process_that_dies_takes_its_call_alone(engine: Engine) -> None:
    dying, next_one = engine.submit(calls.die), engine.submit(calls.pid)
    assert reason(dying) == "died"
    victim = next_one.result()
    os.kill(victim, signal.SIGKILL)  # at rest
    wait_for(lambda: not any(process.alive for process in engine._idle))
    assert engine.submit(calls.pid).result() != victim


@pytest.mark.skipif(sys.platform != "linux", reason="only there memory can be limited")
def test_too_much_memory_fails_the_call_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BNVIZ_JOB_GIGABYTES", "1")
    with Engine(1) as small:
        with pytest.raises(RuntimeError, match="can't allocate memory"):
            small.submit(calls.allocate, 2.0).result()
        assert small.submit(calls.allocate, 0.1).result() > 0


@pytest.mark.skipif(sys.platform != "linux", reason="only there memory can be limited")
def test_a_call_that_is_too_large_to_be_heard_ends_its_process(engine: Engine) -> None:
    engine.submit(calls.leave_room, 20).result()
    assert reason(engine.submit(len, bytes(60 * 2**20))) == "died"  # type: ignore[arg-type]
    assert engine.submit(calls.pid).result()


LIMITED = """
from resource import RLIM_INFINITY, RLIMIT_DATA, getrlimit, setrlimit
from bnviz.children import limit_memory
setrlimit(RLIMIT_DATA, (2**28, RLIM_INFINITY))
limit_memory(2**30)
print(getrlimit(RLIMIT_DATA)[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only there memory can be limited")
def test_a_lower_limit_of_whoever_starts_a_process_stays() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == f"{2**28}\n", done.stderr


def test_calls_wait_in_order_and_can_be_cancelled(engine: Engine) -> None:
    done: list[str] = []
    first = calls.Gated()
    futures: dict[str, Future[object]] = {"first": engine.submit(first)}
    for name in "abc":
        futures[name] = engine.submit(calls.pid)
    for name, future in futures.items():
        future.add_done_callback(partial(lambda name, _: done.append(name), name))
    assert futures["b"].cancel()
    first.gate.set()
    wait_for(lambda: len(done) == 4)
    assert done == ["b", "first", "a", "c"] and reason(futures["first"]) == "open"


PROGRAM = """
from bnviz.jobs.engine import Engine
from tests.jobs import calls
engine = Engine(2)
print(engine.submit(calls.pid).result(), flush=True)
engine.submit(calls.sleep)
import time
time.sleep(600)
"""


def test_no_process_outlives_the_one_that_asked() -> None:
    pipe = subprocess.PIPE
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, stdout=pipe, stderr=pipe, text=True
    )
    assert program.stdout is not None
    assert int(program.stdout.readline()) != program.pid
    program.kill()
    # Standard error is theirs too: it ends with the last of them.
    assert program.communicate(timeout=PATIENCE) == ("", "")
