"""``python -m tools.load [VISITORS [BROWSERS [SECONDS]]]``: a room of visitors on one server.

Visitors are sessions over real websockets, and BROWSERS of them pages in Chromium, on a server of
their own on this computer; each part lasts so many SECONDS. Prints a table, and writes it into
build/load.json. An error on a page and a session that is lost end it.
"""

import asyncio
import json
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from tools.bench import bare
from tools.load import memory, room
from tools.server import APP, ROOT, serve

VISITORS, BROWSERS, SECONDS = 30, 5, 20


@contextmanager
def served(script: Path = APP) -> Iterator[tuple[str, psutil.Process]]:
    """The address and the process of a server that forgets closed sessions at once.

    Two trainings and a sweep can be at work together.
    """
    before = set(psutil.Process().children())
    options = ("--server.disconnectedSessionTTL", "1", *bare.COLLECTION_OFF)
    with serve(script, options=options, BNVIZ_JOBS="3") as address:
        (process,) = set(psutil.Process().children()) - before
        yield address, process


def main(visitors: int, browsers: int, seconds: float) -> None:
    """Measure Streamlit's bare page, then ours, and say what came of it."""
    figures: dict[str, dict[str, float]] = {}

    def tell(name: str, measuring: Coroutine[Any, Any, dict[str, float]]) -> None:
        figures[name] = asyncio.run(measuring)
        print(f"\n{name}")
        for what, value in figures[name].items():
            print(f"  {what:58} {value:10.4g}", flush=True)

    with TemporaryDirectory() as folder:
        script = bare.write(Path(folder), "text", bare.TEXT)
        with served(script) as (address, process):
            page = room.Page(address, "", "", "value", 0, 1000)
            tell("Streamlit's bare page", room.moving(page, process, visitors, seconds))
    with served() as (address, process):
        page = room.Page(address, "one_batch", "", "gamma", -4, 4)
        tell("One batch", room.moving(page, process, visitors, seconds))
        busy = room.busy(page, process, visitors, browsers, seconds)
        tell("One batch, two trainings and a sweep at work", busy)
        tell("Fitness", room.launches(address))
        tell("Memory", memory.grown(address, process))
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "load.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    given = [int(each) for each in sys.argv[1:]]
    main(*(given + [VISITORS, BROWSERS, SECONDS][len(given) :]))
