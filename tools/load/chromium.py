"""``python -m tools.load.chromium ADDRESS COUNT SECONDS``: pages of One batch, keys on a slider.

Prints a line when all pages are there, begins once it hears one, and prints the seconds of every
key to its repaint.
"""

import os
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil

from bnviz.texts.catalogue import sentence
from tools.bench.screen import AFTER_CHART, chromium_browser
from tools.bench.stopwatch import seconds
from tools.page import PATIENCE, settle, slider


def main(address: str, count: int, limit: float) -> None:
    """Press an arrow key on each page in turn, until the time is over."""
    with chromium_browser() as browser:
        _step_back()
        pages = [browser.new_page(viewport={"width": 1280, "height": 720}) for _ in range(count)]
        for page in pages:
            page.set_default_timeout(1000 * PATIENCE)
            page.goto(f"{address}/one_batch?gamma=-4")
            settle(page)
        print("ready", flush=True)
        sys.stdin.readline()
        end = time.monotonic() + limit
        while time.monotonic() < end:
            for page in pages:
                thumb = slider(page, sentence("en", "controls.gamma"))
                page.bring_to_front()
                thumb.focus()
                press = partial(page.keyboard.press, "ArrowRight")
                print(seconds(page, press, chart=AFTER_CHART, timeout=PATIENCE))


def _step_back() -> None:
    """Let the server go first: other people's computers take none of its cores.

    Linux shares cores out among sessions of processes. Chromium is one of its own, which would get
    as much as the server with all its workers, however nice its processes are; now it gets a third.
    """
    for each in psutil.Process().children(recursive=True):
        with suppress(OSError):
            if os.getsid(each.pid) != os.getsid(0):
                Path(f"/proc/{each.pid}/autogroup").write_text("5", "ascii")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
