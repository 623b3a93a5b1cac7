"""``python -m tools.scaling``: what a class, a department and a public site need, simulated.

Visitors release sliders and launch trainings, both as a Poisson process. A visitor stays with one
server process (sticky sessions), which answers one rerun after the other; trainings wait in
one line for the workers of all. Prints the table of docs/scaling.md, the same at every call.
"""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]

#: Measured, see docs/reliability.md and docs/scaling.md: seconds of CPU of a rerun, MB of a
#: server process, of an idle visitor and of a worker process.
RERUN, SERVER, VISITOR, WORKER = 0.0126, 543.0, 0.09, 400.0
#: Of the code: seconds between two looks at a training that is on screen, each a rerun.
LOOK = 0.5
#: Assumed: seconds between two releases of a visitor, and between two launches; the median
#: length of a training in seconds, and the deviation of its logarithm.
BETWEEN_RELEASES, BETWEEN_LAUNCHES, TRAINING, SPREAD = 4.0, 600.0, 4.0, 1.0
#: Wanted: 95 % of all answers, and of all starts of a training, within so many seconds.
ANSWER, START = 0.15, 5.0
#: Simulated: so many seconds, after a start that does not count.
LASTS, WARM_UP = 3600.0, 300.0


#: Seconds that the mean training takes, and reruns a second of one visitor.
MEAN = TRAINING * float(np.exp(SPREAD**2 / 2))
RERUNS = 1 / BETWEEN_RELEASES + MEAN / LOOK / BETWEEN_LAUNCHES


@dataclass(frozen=True)
class Site:
    """Who may come, and how many of them are there at once (assumed)."""

    name: str
    people: int
    at_once: int


SITES = (
    Site("class", 30, 30),
    Site("department", 1_000, 150),
    Site("public site", 100_000, 2_000),
)


def waits_of_one(arrivals: Times, services: Times) -> Times:
    """(N,) seconds from each arrival until its service begins; one at a time, in order."""
    work = np.cumsum(services)
    before = work - services
    begins: Times = before + np.maximum.accumulate(arrivals - before)
    return begins - arrivals


def waits_of_many(arrivals: Times, services: Times, count: int) -> Times:
    """The same where so many are served at once."""
    free = [0.0] * count
    waits = np.empty(len(arrivals))
    for index, (arrival, service) in enumerate(zip(arrivals, services, strict=True)):
        begins = max(arrival, heapq.heappop(free))
        heapq.heappush(free, begins + service)
        waits[index] = begins - arrival
    return waits


def poisson(rng: np.random.Generator, rate: float) -> Times:
    """The times of events, `rate` a second, until the simulation ends."""
    gaps = rng.exponential(1 / rate, int(rate * LASTS + 6 * np.sqrt(rate * LASTS) + 10))
    times = np.cumsum(gaps)
    return times[times < LASTS]


def answers(site: Site, servers: int) -> Times:
    """Seconds from release to answer, looks too, of all visitors, who are dealt out evenly."""
    rng = np.random.default_rng([site.at_once, servers])
    seconds = []
    for server in range(servers):
        visitors = len(range(server, site.at_once, servers))
        arrivals = poisson(rng, visitors * RERUNS)
        # A quarter of a rerun's time is the same for all, the rest as it comes.
        services = RERUN * (0.25 + rng.exponential(0.75, len(arrivals)))
        waits = waits_of_one(arrivals, services)
        seconds.append((waits + services)[arrivals > WARM_UP])
    return np.concatenate(seconds)


def starts(site: Site, workers: int) -> Times:
    """Seconds from each launch until a worker begins."""
    rng = np.random.default_rng([site.at_once, workers])
    arrivals = poisson(rng, site.at_once / BETWEEN_LAUNCHES)
    services = TRAINING * np.exp(SPREAD * rng.standard_normal(len(arrivals)))
    return waits_of_many(arrivals, services, workers)[arrivals > WARM_UP]


def fewest(seconds: Callable[[int], Times], least: int, limit: float) -> int:
    """The smallest number from `least` on with which 95 % take at most `limit`."""
    count = least
    while np.quantile(seconds(count), 0.95) > limit:
        count += 1
    return count


def needs(site: Site) -> Iterator[tuple[str, str]]:
    """What a site needs, a line each."""
    reruns, launches = site.at_once * RERUNS, site.at_once / BETWEEN_LAUNCHES
    work = launches * MEAN
    servers = fewest(lambda n: answers(site, n), int(reruns * RERUN) + 1, ANSWER)
    workers = fewest(lambda n: starts(site, n), int(work) + 1, START)
    answered, started = answers(site, servers), starts(site, workers)
    memory = servers * SERVER + site.at_once * VISITOR + workers * WORKER
    yield "people", f"{site.people:,}"
    yield "at once (assumed)", f"{site.at_once:,}"
    yield "reruns a second", f"{reruns:.1f}"
    yield "cores busy with pages", f"{reruns * RERUN:.2f}"
    yield "server processes", f"{servers}"
    yield "release to answer, median and p95", _pair(1000 * answered, "ms")
    yield "launches a minute", f"{60 * launches:.1f}"
    yield "cores busy with trainings", f"{work:.2f}"
    yield "workers", f"{workers}"
    yield "launch to start, median and p95", _pair(started, "s", 1)
    yield "memory of all processes", f"{memory / 1000:.1f} GB"


def _pair(values: Times, unit: str, digits: int = 0) -> str:
    middle, high = np.quantile(values, (0.5, 0.95))
    return f"{middle:.{digits}f} and {high:.{digits}f} {unit}"


def table() -> str:
    """The table, in Markdown."""
    columns = [list(needs(site)) for site in SITES]
    lines = [["need", *(site.name for site in SITES)], ["---"] * (1 + len(SITES))]
    lines += [[row[0][0], *(text for _, text in row)] for row in zip(*columns, strict=True)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


if __name__ == "__main__":
    print(table())
