"""A room that moves sliders: how long each waits for the answer, alone and together."""

import asyncio
import random
import statistics
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import psutil

from tools.load.session import Session, visit
from tools.server import ROOT

#: How often a visitor moves the slider, in seconds.
EVERY = 1.0
#: Until the server has imported what it imports after the first page.
WARM = 8.0
IDLE = 200
LAUNCHES, WITHIN = 50, 2.0
#: A training and a sweep that go on until they are stopped.
LONG = "optimizer.epochs=2000&optimizer.batch_size=2"
LONG_SWEEP = "sweep_epochs=400&sweep_seeds=16"


@dataclass(frozen=True)
class Page:
    """A page of a server, with the key of a slider on it and its ends."""

    address: str
    path: str
    query: str = ""
    slider: str = ""
    least: float = 0.0
    most: float = 1.0

    def somewhere(self) -> float:
        """A place of the slider that nobody has asked for before."""
        return random.uniform(self.least, self.most)


def p95(waits: Sequence[float]) -> float:
    """Of seconds, in milliseconds."""
    return 1000 * statistics.quantiles(waits, n=20)[-1]


@asynccontextmanager
async def visitors(page: Page, count: int) -> AsyncIterator[list[Session]]:
    """So many sessions on the page."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(visit(page.address, page.path, page.query))
            for _ in range(count)
        ]


async def moves(page: Page, session: Session, seconds: float, every: float) -> list[float]:
    """The waits of a visitor who moves the slider again and again."""
    clock, waits = asyncio.get_running_loop().time, []
    end = clock() + seconds
    await asyncio.sleep(random.uniform(0, every))
    while clock() < end:
        waits.append(await session.move(page.slider, page.somewhere()))
        await asyncio.sleep(max(0.0, every - waits[-1]))
    return waits


async def all_moves(
    page: Page, sessions: Sequence[Session], seconds: float, every: float = EVERY
) -> list[float]:
    """The waits of all who move their sliders at the same time."""
    each = await asyncio.gather(*(moves(page, one, seconds, every) for one in sessions))
    return [wait for waits in each for wait in waits]


async def moving(
    page: Page, process: psutil.Process, count: int, seconds: float
) -> dict[str, float]:
    """One visitor, then `count`, then ten as fast as they can."""
    async with visitors(page, count) as sessions:
        await asyncio.sleep(WARM)
        await all_moves(page, sessions[:1], 3)
        begun = sum(process.cpu_times()[:2])
        alone = await all_moves(page, sessions[:1], seconds / 2, 0.2)
        cpu = (sum(process.cpu_times()[:2]) - begun) / len(alone)
        together = await all_moves(page, sessions, seconds)
        fast = await all_moves(page, sessions[:10], seconds / 2, 0)
    return _waited(alone, together, f"{count} visitors, each moving once a second") | {
        "CPU of a rerun, ms": 1000 * cpu,
        f"reruns a second, {min(count, 10)} visitors without a pause": len(fast) / (seconds / 2),
    }


def _waited(alone: Sequence[float], together: Sequence[float], who: str) -> dict[str, float]:
    return {
        "p95 of one visitor, ms": p95(alone),
        f"p95 of {who}, ms": p95(together),
        "their p95 / that of one": p95(together) / p95(alone),
    }


async def busy(
    page: Page, process: psutil.Process, count: int, browsers: int, seconds: float
) -> dict[str, float]:
    """The same beside two trainings, a sweep and idle visitors; `browsers` of them in Chromium."""
    async with AsyncExitStack() as stack:
        chromium = await _chromium(page, browsers, seconds)
        workers = []
        for work, at_once in ((_fitness(page.address), 2), (_sweep(page.address), 1)):
            workers += await stack.enter_async_context(visitors(work, at_once))
        for each in workers:
            await each.click("launch")
        sessions = await stack.enter_async_context(visitors(page, count - browsers))
        alone = await all_moves(page, sessions[:1], seconds / 2, 0.2)
        idle_before = process.memory_info().rss
        await stack.enter_async_context(visitors(page, IDLE))
        idle = process.memory_info().rss - idle_before
        shown, together = await asyncio.gather(_waits(chromium), all_moves(page, sessions, seconds))
        for each in workers:
            await each.click("stop")
    who = f"{count} visitors, beside {IDLE} idle ones"
    told = _waited(alone, together, who) | {"memory of an idle visitor, MB": idle / IDLE / 1e6}
    if shown:
        told[f"p95 of {browsers} of them in Chromium, key to repaint, ms"] = p95(shown)
    return told


async def _chromium(page: Page, count: int, seconds: float) -> asyncio.subprocess.Process:
    command = ["-m", "tools.load.chromium", page.address, str(count), str(seconds)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=ROOT, stdin=pipe, stdout=pipe
    )
    assert process.stdout is not None
    await process.stdout.readline()  # its pages are there
    return process


async def _waits(chromium: asyncio.subprocess.Process) -> list[float]:
    printed, _ = await chromium.communicate(b"go\n")
    if chromium.returncode:
        raise RuntimeError("a page in Chromium was lost")
    return [float(line) for line in printed.split()]


def _fitness(address: str) -> Page:
    return Page(address, "fitness", LONG)


def _sweep(address: str) -> Page:
    return Page(address, "sweep", LONG_SWEEP)


async def launches(address: str) -> dict[str, float]:
    """Many who launch a training at once, and how long Stop takes."""
    async with visitors(_fitness(address), LAUNCHES) as sessions:

        async def launch(each: Session, after: float) -> float:
            await asyncio.sleep(after)
            return await each.click("launch")

        gaps = (WITHIN * index / LAUNCHES for index in range(LAUNCHES))
        waits = await asyncio.gather(*map(launch, sessions, gaps))
        stops = [await each.click("stop") for each in sessions]
    return {
        f"p95 of {LAUNCHES} launches in {WITHIN:g} s, click to answer, ms": p95(waits),
        "p95 of Stop, click to answer, ms": p95(stops),
    }
