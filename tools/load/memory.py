"""What visitors leave in a server's memory when they have gone."""

import asyncio
import statistics

import psutil

from tools.load.session import visit

#: An hour of use: so many visits, each of all pages with a few moves.
VISITS = 96
AT_ONCE = 4
PAGES = {
    "": [],
    "one_batch": [("gamma", 2.0), ("gamma", -1.0), ("beta", 1.0)],
    "train_vs_eval": [("shift", 2.0), ("shift", 0.0)],
    "pitfalls": [],
    "fitness": [],
    "smoothness": [],
    "glossary": [],
}


async def grown(address: str, process: psutil.Process) -> dict[str, float]:
    """Memory before and after an hour of scripted use, and the growth per closed session."""
    await _visits(address, VISITS // 4)  # what caches hold is no growth
    await asyncio.sleep(3)
    before, points = process.memory_info().rss, []
    for _ in range(6):
        await _visits(address, VISITS // 6)
        await asyncio.sleep(3)  # until the server has forgotten them
        points.append(process.memory_info().rss)
    sessions = len(PAGES) * (VISITS // 6)
    counts = [sessions * (index + 1) for index in range(len(points))]
    slope = statistics.linear_regression(counts, points).slope
    return {
        "of the server before an hour of use, MB": before / 1e6,
        "after it, MB": points[-1] / 1e6,
        f"growth a closed session, kB ({counts[-1]} sessions)": slope / 1e3,
    }


async def _visits(address: str, count: int) -> None:
    for _ in range(count // AT_ONCE):
        await asyncio.gather(*(_visit(address) for _ in range(AT_ONCE)))


async def _visit(address: str) -> None:
    for path, moves in PAGES.items():
        async with visit(address, path) as session:
            for key, value in moves:
                await session.move(key, value)
