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
WARM = 10.0
LAUNCHES, WITHIN = 50, 2.0
#: A training that goes on until it is stopped.
LONG = "optimizer.epochs=2000&optimizer.batch_size=2"


@dataclass(frozen=True)
class Page:
    """A page of a server, with the key of a slider on it and its ends."""

    address: str
    path: str
    query: str
    slider: str
    least: float
    most: float

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
    """One visitor, then `count`, then as fast as they can."""
    async with visitors(page, count) as sessions:
        await asyncio.sleep(WARM)
        await all_moves(page, sessions[:1], 3)
        begun = sum(process.cpu_times()[:2])
        alone = await all_moves(page, sessions[:1], seconds, 0.2)
        cpu = (sum(process.cpu_times()[:2]) - begun) / len(alone)
        together = await all_moves(page, sessions, seconds)
        fast = await all_moves(page, sessions[:10], seconds, 0)
    return {
        "p95 of one visitor, ms": p95(alone),
        f"p95 of {count} visitors, each moving once a second, ms": p95(together),
        "their p95 / that of one": p95(together) / p95(alone),
        "CPU of a rerun, ms": 1000 * cpu,
        f"reruns a second, {min(count, 10)} visitors without a pause": len(fast) / seconds,
    }


async def busy(
    page: Page, process: psutil.Process, count: int, browsers: int, seconds: float
) -> dict[str, float]:
    """The same beside two trainings, 200 idle visitors and pages in Chromium."""
    async with AsyncExitStack() as stack:
        trainers = await stack.enter_async_context(visitors(_fitness(page.address, LONG), 2))
        for each in trainers:
            await each.click("launch")
        sessions = await stack.enter_async_context(visitors(page, count))
        alone = await all_moves(page, sessions[:1], seconds, 0.2)
        idle_before = process.memory_info().rss
        await stack.enter_async_context(visitors(page, 200))
        idle = process.memory_info().rss - idle_before
        chromium = await _chromium(page, browsers, seconds)
        together = await all_moves(page, sessions, seconds)
        shown = await _waits(chromium)
        for each in trainers:
            await each.click("stop")
    found = {
        "p95 of one visitor, ms": p95(alone),
        f"p95 of {count} visitors and 200 idle ones, ms": p95(together),
        "their p95 / that of one": p95(together) / p95(alone),
        "memory of an idle visitor, MB": idle / 200 / 1e6,
    }
    if shown:
        found[f"p95 of {browsers} of them in Chromium, key to repaint, ms"] = p95(shown)
    return found


async def _chromium(page: Page, count: int, seconds: float) -> asyncio.subprocess.Process | None:
    if not count:
        return None
    command = ["-m", "tools.load.chromium", page.address, str(count), str(seconds)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()  # its pages are there
    return process


async def _waits(chromium: asyncio.subprocess.Process | None) -> list[float]:
    if chromium is None:
        return []
    printed, _ = await chromium.communicate()
    return [float(line) for line in printed.split()]


def _fitness(address: str, query: str) -> Page:
    return Page(address, "fitness", query, "", 0, 1)


async def launches(address: str) -> dict[str, float]:
    """Many who launch a training at once, and how long Stop takes."""
    async with visitors(_fitness(address, LONG), LAUNCHES) as sessions:

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
