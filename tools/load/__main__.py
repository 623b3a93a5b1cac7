"""``python -m tools.load [VISITORS [BROWSERS [SECONDS]]]``: a room of visitors on one server.

Visitors are sessions over real websockets, and some of them pages in Chromium, on a server of
their own on this computer. Prints a table, and writes it into build/load.json.
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from tools.bench import bare
from tools.load import memory, room
from tools.server import APP, ROOT, serve

VISITORS, BROWSERS, SECONDS = 30, 2, 30


@contextmanager
def served(script: Path = APP) -> Iterator[tuple[str, psutil.Process]]:
    """The address and the process of a server that forgets closed sessions at once."""
    before = set(psutil.Process().children())
    options = ("--server.disconnectedSessionTTL", "1", *bare.COLLECTION_OFF)
    with serve(script, options=options) as address:
        (process,) = set(psutil.Process().children()) - before
        yield address, process


def main(visitors: int, browsers: int, seconds: float) -> None:
    """Measure Streamlit's bare page, then ours, and say what came of it."""
    figures: dict[str, dict[str, float]] = {}
    with TemporaryDirectory() as folder:
        script = bare.write(Path(folder), "text", bare.TEXT)
        with served(script) as (address, process):
            page = room.Page(address, "", "", "value", 0, 1000)
            figures["Streamlit's bare page"] = asyncio.run(
                room.moving(page, process, visitors, seconds)
            )
    with served() as (address, process):
        page = room.Page(address, "one_batch", "", "gamma", -4, 4)
        figures["One batch"] = asyncio.run(room.moving(page, process, visitors, seconds))
        busy = room.busy(page, process, visitors, browsers, seconds)
        figures["One batch, two trainings at work"] = asyncio.run(busy)
        figures["Fitness"] = asyncio.run(room.launches(address))
        figures["Memory"] = asyncio.run(memory.grown(address, process))
    for name, found in figures.items():
        print(f"\n{name}")
        for what, value in found.items():
            print(f"  {what:58} {value:10.4g}")
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "load.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    given = [int(each) for each in sys.argv[1:]]
    main(*(given + [VISITORS, BROWSERS, SECONDS][len(given) :]))
